# hasty-timeout: a client that pauses for a second is taken for one that has gone.
#
# The symptom: "the connection drops now and then", when a person thinks for a moment, or on a slow
# line. In tests, where one message follows the other at once, it never happens.
# The story: settimeout came from an example, against clients that hang; and a time-out of recv is
# an OSError like others, for which the client is dropped. On the author's desk a second is long.
# The fix: wait for as long as the client stays connected; or if silent clients must go, after
# minutes, and by a choice of whoever runs the server.
#
# Model: threads

import socket

import student

TIMEOUT_SECONDS = 1.0


def echo(client: socket.socket) -> None:
    client.settimeout(TIMEOUT_SECONDS)
    while data := client.recv(student.BUFFER_BYTES):
        client.settimeout(None)  # a client may take its time to read
        client.sendall(data)
        client.settimeout(TIMEOUT_SECONDS)


if __name__ == "__main__":
    student.thread_per_client(student.listen_on(student.port_of_arguments()), echo)
