# threading-server: nothing is wrong here. The standard library's socketserver, a thread a client.
#
# What it takes care of: recv until it brings nothing, sendall, bytes and not text; a client that
# breaks off ends its own thread, without a traceback; threads are not kept after their end; the
# queue of the listener is long, not socketserver's five; out of descriptors, a newcomer is turned
# away, and where nothing helps the server rests, while socketserver as it comes would spin.
# Compare with: one-shot, decode-crash, epipe-fatal, econnreset-fatal, emfile-spin, backlog-1.
#
# Model: threads
"""An echo server, a thread for each client."""

import pathlib
import socket
import socketserver
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import student  # noqa: E402  (it lies one directory above)


class Echo(socketserver.BaseRequestHandler):
    """Serves one client."""

    def handle(self) -> None:
        """Echoes from the client's first byte to its last."""
        try:
            while data := self.request.recv(student.BUFFER_BYTES):
                self.request.sendall(data)
        except OSError:
            pass  # the client has gone


class Server(socketserver.ThreadingTCPServer):
    """Gives each client a thread."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = student.BACKLOG

    def get_request(self) -> tuple[socket.socket, object]:
        """The next client. An OSError means to socketserver: nobody this time."""
        try:
            client = student.accept_client(self.socket)
        except BlockingIOError:
            raise
        except OSError:
            time.sleep(student.REST_SECONDS)
            raise
        if client is None:
            raise ConnectionAbortedError
        client.setblocking(True)
        return client, None

    def handle_error(self, request: object, client_address: object) -> None:
        """Says in one line that a client could not be served (no more threads, say)."""
        print(f"not served: {sys.exc_info()[1]!r}", file=sys.stderr)


def main() -> None:
    """Serves for ever."""
    with Server(("127.0.0.1", student.port_of_arguments()), Echo) as server:
        server.socket.setblocking(False)
        server.serve_forever()


main()
