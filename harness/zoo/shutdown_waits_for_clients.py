# shutdown-waits-for-clients: on SIGTERM it stops accepting, and ends when its last client leaves.
#
# The symptom: kill, or Ctrl-C, ends it at once while nobody is connected. With a single client,
# even a silent one, it stays until that leaves; a service manager gives up and sends SIGKILL.
# The story: sys.exit ends the main thread only. Python then waits for all other threads, and each
# of them sits in recv, for ever. Node's server.close() and Go's Shutdown wait for clients, too.
# The fix: end the clients' connections, and give them a second or two; or make the threads daemons,
# if what is under way may be lost.
#
# Model: threads

import contextlib
import signal
import socket
import sys
import threading

import student


def serve(client: socket.socket) -> None:
    with client, contextlib.suppress(OSError):  # the client has gone
        while data := client.recv(student.BUFFER_BYTES):
            client.sendall(data)


signal.signal(signal.SIGTERM, lambda *_: sys.exit())
with student.listen_on(student.port_of_arguments()) as listener:
    while True:
        client = student.next_client(listener)
        try:
            threading.Thread(target=serve, args=(client,)).start()
        except RuntimeError:  # no more threads: this client is turned away
            client.close()
