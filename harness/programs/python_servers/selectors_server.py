"""A server with Python's selectors: one thread asks which sockets are ready."""

import selectors
import socket

from answers import announce, answer, parse_arguments

RECEIVE_BYTES = 1024
ARGUMENTS = parse_arguments()
SELECTOR = selectors.DefaultSelector()


class Client:
    """One client, with the beginning of its next line and the rest of its last answer."""

    def __init__(self, connection: socket.socket):
        self.connection = connection
        self.connection.setblocking(False)
        self.received = b""
        self.pending = b""
        self.finished = False
        SELECTOR.register(connection, selectors.EVENT_READ, self)

    def on_ready(self, events: int) -> None:
        """Receives or sends what it can, and waits for the other where that is due."""
        if events & selectors.EVENT_READ:
            self._receive()
        elif events & selectors.EVENT_WRITE:
            self._send()
        if self.finished and not self.pending:
            SELECTOR.unregister(self.connection)
            self.connection.close()
        else:
            event = selectors.EVENT_WRITE if self.pending else selectors.EVENT_READ
            SELECTOR.modify(self.connection, event, self)

    def _receive(self) -> None:
        data = self.connection.recv(RECEIVE_BYTES)
        self.received += data
        for message in self._take_messages():
            if (reply := answer(message)) is None:
                self.finished = True
                return
            self.pending += reply + b"\n" if ARGUMENTS.framing == "line" else reply
        self.finished = not data

    def _take_messages(self) -> list[bytes]:
        if ARGUMENTS.framing == "chunk":
            messages, self.received = [self.received], b""
            return [message for message in messages if message]
        *lines, self.received = self.received.split(b"\n")
        return lines

    def _send(self) -> None:
        self.pending = self.pending[self.connection.send(self.pending) :]


def serve() -> None:
    """Listens on a free port for ever."""
    listener = socket.create_server(("127.0.0.1", 0))
    SELECTOR.register(listener, selectors.EVENT_READ)
    announce("selectors", listener.getsockname())
    while True:
        for key, events in SELECTOR.select():
            if key.fileobj is listener:
                Client(listener.accept()[0])
            else:
                key.data.on_ready(events)


serve()
