"""Lab 02: a thread for each client. How one is served is lab 01's, and lies in serve.py."""

import threading

from listener import open_listener, rest_if_exhausted
from serve import serve


def serve_and_close(client):
    """What is done for one client."""
    with client:
        serve(client)


listener = open_listener()
while True:
    try:
        client, _ = listener.accept()
    except OSError as error:
        rest_if_exhausted(error)
        continue
    # BEGIN SOLUTION: start a thread for the client, and go on; out of threads, close it.
    try:
        threading.Thread(target=serve_and_close, args=(client,), daemon=True).start()
    except RuntimeError:  # no thread is to be had
        client.close()
    # END SOLUTION, until then: serve_and_close(client)
