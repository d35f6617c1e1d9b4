"""Python's socketserver: a thread a client, as its documentation's "Asynchronous Mixins".

Added to it: the connection stays after the first echo, the queue of the listener holds more than
five, and answers leave at once (disable_nagle_algorithm).

usage: python3 socketserver_echo.py PORT
"""

import socketserver
import sys

RECEIVE_BYTES = 32 * 1024


class Echo(socketserver.StreamRequestHandler):
    """Serves one client."""

    disable_nagle_algorithm = True

    def handle(self) -> None:
        """Echoes from the client's first byte to its last."""
        try:
            while data := self.request.recv(RECEIVE_BYTES):
                self.request.sendall(data)
        except ConnectionError:
            pass  # the client has gone


class Server(socketserver.ThreadingTCPServer):
    """Gives each client a thread."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 1024


with Server(("127.0.0.1", int(sys.argv[1])), Echo) as server:
    server.serve_forever()
