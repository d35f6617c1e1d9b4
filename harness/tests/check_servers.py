"""Servers of a few lines for the tests of the checker: one good, the others with one fault each."""

GOOD = """
    import socketserver, sys

    class Echo(socketserver.BaseRequestHandler):
        def handle(self):
            try:
                while data := self.request.recv(65536):
                    self.request.sendall(data)
            except OSError:
                pass

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True
        request_queue_size = 128

    Server(("127.0.0.1", int(sys.argv[1])), Echo).serve_forever()
"""

WAITS_FOR_A_NEWLINE = """
    import socket, sys

    listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
    while True:
        client, _ = listener.accept()
        with client, client.makefile("rwb") as stream:
            for line in stream:
                stream.write(line)
                stream.flush()
"""

DIES_AT_ONCE = """
    import sys
    print("\\x1b[31mno config", file=sys.stderr)
    sys.exit(7)
"""

LISTENS_ELSEWHERE = """
    import signal, socket
    listener = socket.create_server(("127.0.0.1", 0))
    signal.pause()
"""
