# log-injection: what clients send goes into the log as it is.
#
# The symptom: the echo is right. But a client that sends ESC [ 31 m turns the reader's terminal
# red, and one that sends "\r\n127.0.0.1 left" writes a line which the server never wrote.
# The story: a line for each message, as help in testing, and then kept. The author sends words, and
# reads them again. The log's reader trusts its lines, and the terminal obeys whatever it is shown.
# The fix: escape what others have sent before it is written: repr(data), or data!r in an f-string.
#
# Model: threads

import socket
import sys

import student


def serve(client: socket.socket) -> None:
    peer = client.getpeername()[0]
    while data := client.recv(4096):
        text = data[:80].decode("latin-1")
        print(f"{peer} says {text}", file=sys.stderr)
        client.sendall(data)


student.thread_per_client(student.listen_on(student.port_of_arguments()), serve)
