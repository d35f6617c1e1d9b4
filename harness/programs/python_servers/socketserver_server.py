"""A server with Python's socketserver: a thread and a handler for each client."""

import socketserver

from answers import announce, answer, parse_arguments

ARGUMENTS = parse_arguments()


class Handler(socketserver.StreamRequestHandler):
    """One client."""

    def handle(self) -> None:
        """Answers each message until the client has finished."""
        in_lines = ARGUMENTS.framing == "line"
        receive = self.rfile.readline if in_lines else self.rfile.read1
        while (message := receive()) and (reply := answer(message)) is not None:
            self.wfile.write(reply + b"\n" if in_lines else reply)


class Server(socketserver.ThreadingTCPServer):
    """The listener; its threads end with the process."""

    daemon_threads = True


with Server(("127.0.0.1", 0), Handler) as server:
    announce("socketserver", server.server_address)
    server.serve_forever()
