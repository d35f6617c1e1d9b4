# answers-everybody: what one client says is sent to all clients, the silent ones included.
#
# The symptom: with a single client all is well. With two, each finds the other's words in its
# stream, between its own answers.
# The story: it began as a chat room, where everybody is to hear everybody, and became an echo
# server by taking the names out. Its author tried it with one client at a time. A server that keeps
# "the" client in a global variable does the same to the one that came last.
# The fix: send the answer to the client that has spoken.
#
# Model: threads

import contextlib
import socket
import threading

import student

clients: set[socket.socket] = set()
lock = threading.Lock()


def send_to_all(data: bytes) -> None:
    with lock:
        members = list(clients)
    for client in members:
        with contextlib.suppress(OSError):  # it has gone: its own thread sees to that
            client.sendall(data)


def serve(client: socket.socket) -> None:
    with lock:
        clients.add(client)
    try:
        while data := client.recv(student.BUFFER_BYTES):
            send_to_all(data)
    finally:
        with lock:
            clients.remove(client)


student.thread_per_client(student.listen_on(student.port_of_arguments()), serve)
