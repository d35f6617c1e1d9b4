"""Lab 01: one client at a time."""

import signal

from listener import open_listener, rest_if_exhausted
from serve import serve

listener = open_listener()
while True:
    # BEGIN SOLUTION: accept the next client, serve it to its end, close it.
    try:
        client, _ = listener.accept()
    except OSError as error:
        rest_if_exhausted(error)
        continue
    with client:
        serve(client)
    # END SOLUTION, until then: signal.pause()
