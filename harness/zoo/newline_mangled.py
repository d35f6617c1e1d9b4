# newline-mangled: every carriage return with line feed comes back as a line feed alone.
#
# The symptom: "one\r\ntwo\r\n" comes back as "one\ntwo\n", shorter than it was. All other bytes are
# right; so is a carriage return alone.
# The story: lines from telnet ended otherwise than those from nc, and looked odd in the log. So
# they are made equal on arrival, as a file opened in text mode does it unasked. The author tests
# with nc.
# The fix: an echo returns bytes, not lines. Tidy a copy for the log, and send back what came.
#
# Model: threads

import socket

import student


def serve(client: socket.socket) -> None:
    while data := client.recv(4096):
        client.sendall(data.replace(b"\r\n", b"\n"))


student.thread_per_client(student.listen_on(student.port_of_arguments()), serve)
