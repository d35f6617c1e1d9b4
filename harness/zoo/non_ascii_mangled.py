# non-ascii-mangled: bytes that are not good UTF-8 come back as others.
#
# The symptom: the byte 0x80 comes back as three, EF BF BD: that is U+FFFD, the replacement
# character. ASCII passes, and so does UTF-8 that is not cut. The server lives.
# The story: the server used to end with a UnicodeDecodeError, and errors="replace" was the cure
# that a search found. It no longer ends; it damages instead, which the author's own text does not
# show.
# The fix: bytes are not text. Send back what came, and decode nothing.
#
# Model: threads

import socket

import student


def serve(client: socket.socket) -> None:
    while data := client.recv(4096):
        text = data.decode(errors="replace")
        client.sendall(text.encode())


student.thread_per_client(student.listen_on(student.port_of_arguments()), serve)
