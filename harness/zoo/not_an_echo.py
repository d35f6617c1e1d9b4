# not-an-echo: it answers in words of its own around what was sent.
#
# The symptom: to "hello" comes "Echo: hello". The bytes of the client are in the answer, and others
# are, too: a program that compares finds every answer wrong.
# The story: a bare echo on the terminal looks as if nothing had happened, so the answer says what
# it is. People like that; programs, for which the service is meant, count bytes.
# The fix: RFC 862: what was received is sent back, and nothing else. Prefixes belong into the log.
#
# Model: threads

import socket

import student


def serve(client: socket.socket) -> None:
    while data := client.recv(4096):
        client.sendall(b"Echo: " + data)


student.thread_per_client(student.listen_on(student.port_of_arguments()), serve)
