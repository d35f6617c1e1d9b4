"""Serves one client with calls that block: what lab 01 is about."""

# BEGIN VARIANT
from manners import GREETING, Line
# END VARIANT


def serve(client):
    """Serves the client until it has finished, or is gone. The caller closes it."""
    # BEGIN SOLUTION: receive, and send all of it back, until the client has finished or is gone.
    try:
        # BEGIN VARIANT
        line = Line()
        client.sendall(GREETING)
        # END VARIANT
        while data := client.recv(16 * 1024):
            # BEGIN VARIANT
            data = line.until_last(data)
            # END VARIANT
            client.sendall(data)
            # BEGIN VARIANT
            if line.is_last:
                return
            # END VARIANT
    except OSError:
        pass  # it is gone, which harms nobody else
    # END SOLUTION
