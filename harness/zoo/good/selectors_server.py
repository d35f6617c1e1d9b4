# selectors-server: nothing is wrong here. One thread serves all clients, by selectors.
#
# What it takes care of: sockets do not block; what send did not take is kept, and sent when there
# is room, which is watched for only then; a client that is owed 64 KiB is not read from; an end of
# stream closes the client when all is sent; a broken client ends alone; out of descriptors,
# newcomers are turned away, and where nothing helps the listener rests.
# Compare with: eagain-fatal, slow-reader-blocks-others, short-write-ignored, pollout-always.
#
# Model: epoll
"""An echo server with an event loop."""

import pathlib
import selectors
import socket
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import student  # noqa: E402  (it lies one directory above)


class Client:
    """A client, and what is owed to it."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self.owed = bytearray()
        self.has_ended = False

    def events(self) -> int:
        """What to watch it for."""
        has_room = len(self.owed) + student.BUFFER_BYTES <= student.MOST_OWED_BYTES
        reads = selectors.EVENT_READ if has_room and not self.has_ended else 0
        return reads | (selectors.EVENT_WRITE if self.owed else 0)

    def serve(self, events: int) -> bool:
        """One turn. False if the client is to be closed."""
        try:
            if events & selectors.EVENT_READ:
                data = self.socket.recv(student.BUFFER_BYTES)
                self.has_ended = not data
                self.owed += data
            if self.owed:
                del self.owed[: self.socket.send(self.owed)]
        except BlockingIOError:
            pass
        except OSError:
            return False
        return bool(self.owed) or not self.has_ended


class Server:
    """The listener, and the selector with all clients."""

    def __init__(self, port: int) -> None:
        self.listener = student.listen_on(port)
        self.listener.setblocking(False)
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.listener, selectors.EVENT_READ)

    def run(self) -> None:
        """Serves for ever."""
        rests = False  # the listener, in a shortage of descriptors
        while True:
            ready = self.selector.select(student.REST_SECONDS if rests else None)
            if rests:
                self.selector.register(self.listener, selectors.EVENT_READ)
                rests = False
            for key, events in ready:
                if key.data is None:
                    rests = not self.take_newcomers()
                elif key.data.serve(events):
                    self.selector.modify(key.fileobj, key.data.events(), key.data)
                else:
                    self.selector.unregister(key.fileobj)
                    key.fileobj.close()
            if rests:
                self.selector.unregister(self.listener)

    def take_newcomers(self) -> bool:
        """Takes those who wait, at most 64 a turn. False if the listener is to rest."""
        for _ in range(64):
            try:
                connection = student.accept_client(self.listener)
            except BlockingIOError:
                return True
            except OSError:
                return False
            if connection is not None:
                self.admit(connection)
        return True

    def admit(self, connection: socket.socket) -> None:
        """Watches a newcomer, or closes it if the kernel refuses to."""
        connection.setblocking(False)
        client = Client(connection)
        try:
            self.selector.register(connection, client.events(), client)
        except OSError:
            connection.close()


Server(student.port_of_arguments()).run()
