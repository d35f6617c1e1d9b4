# executor-server: nothing is wrong here. An executor has up to 300 threads, and starts them as
# clients come.
#
# What it takes care of: a client that breaks off ends its own task; out of descriptors, newcomers
# are turned away, or the listener rests. A thread that was started stays: who counts them after many
# visitors finds as many as there were at the same moment.
# Compare with: thread-not-joined, pool-exhausted-by-idle, spawn-fail-fatal.
#
# Model: threads
"""An echo server with concurrent.futures."""

import contextlib
import pathlib
import socket
import sys
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import student  # noqa: E402  (it lies one directory above)

THREADS = 300  # more than there will be clients


def serve(client: socket.socket) -> None:
    """Echoes to one client, from its first byte to its last."""
    with client, contextlib.suppress(OSError):  # the client has gone
        while data := client.recv(student.BUFFER_BYTES):
            client.sendall(data)


def main() -> None:
    """Serves for ever."""
    listener = student.listen_on(student.port_of_arguments())
    executor = ThreadPoolExecutor(THREADS)
    while True:
        client = student.next_client(listener)
        try:
            executor.submit(serve, client)
        except RuntimeError:  # no more threads: this client is turned away
            client.close()


main()
