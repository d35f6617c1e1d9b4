"""The listening socket: the calls of lab 00. Nothing is missing here."""

import errno
import socket
import sys
import time

EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS)


def open_listener():
    """Returns a socket that can be called on 127.0.0.1, on the port named by the argument."""
    port = int(sys.argv[1]) if len(sys.argv) == 2 else 7007
    listener = socket.create_server(("127.0.0.1", port), backlog=128)
    print(f"listening on 127.0.0.1:{port}", flush=True)
    return listener


def rest_if_exhausted(error):
    """After accept has failed. Out of descriptors the listener stays ready, and accept would fail
    again at once, for ever: so this waits for a moment.
    """
    if error.errno in EXHAUSTED:
        time.sleep(0.1)
