# exits-after-first-client: it accepts once; when that client has left, the server ends.
#
# The symptom: the first client is served well. A second one connects, and hears nothing. When the
# first leaves, the process ends, with exit status 0, and nobody listens any more.
# The story: so do the shortest examples, which show the calls in their order. The author starts the
# server afresh for each trial, and so does not miss what is not there.
# The fix: accept in a loop, and serve each client in a thread of its own (or in an event loop).
#
# Model: iterative

import socket

import student


def serve(client: socket.socket) -> None:
    while data := client.recv(4096):
        client.sendall(data)


listener = student.listen_on(student.port_of_arguments())
with student.next_client(listener) as only_client:
    try:
        serve(only_client)
    except OSError:
        pass  # the client has gone
