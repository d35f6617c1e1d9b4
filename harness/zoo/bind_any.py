# bind-any: it listens at all addresses of the machine, instead of 127.0.0.1.
#
# The symptom: /proc/net/tcp and `ss -tln` show the listener at 0.0.0.0. To a client on the same
# machine all is well; but anyone in the same network may use the server, too.
# The story: most examples have INADDR_ANY, or an empty host, so that a client on a second machine
# can be tried. Here nobody needs that. The author sees no difference; a stranger in the café does.
# The fix: listen on 127.0.0.1, and on other addresses only where somebody asks for them.
#
# Model: threads

import socket

import student


def serve(client: socket.socket) -> None:
    while data := client.recv(4096):
        client.sendall(data)


listener = socket.create_server(("", student.port_of_arguments()), backlog=student.BACKLOG)
student.thread_per_client(listener, serve)
