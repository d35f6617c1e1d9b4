# one-shot: it receives once and sends once, then closes the connection.
#
# The symptom: the first message comes back, then the stream ends. Of a large message, one buffer's
# worth comes back, and a reset may follow, since the rest was never read.
# The story: a request and its answer, as in the first example of every tutorial. The author's own
# client sends "hello", prints what comes back, and leaves: it cannot see what is missing.
# The fix: a stream has no messages. Receive and send in turn, until recv returns nothing.
#
# Model: threads

import socket

import student


def serve(client: socket.socket) -> None:
    data = client.recv(4096)
    client.sendall(data)


student.thread_per_client(student.listen_on(student.port_of_arguments()), serve)
