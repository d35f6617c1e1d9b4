"""What is right in every chat room of the zoo that is written in Python."""

import selectors
import socket
import threading
from collections.abc import Iterator

import student

LONGEST_LINE = 64 * 1024  # bytes; who says more without a line end is disconnected
MOST_OWED_BYTES = 1024 * 1024  # who has not read for so long is disconnected


class Member:
    """A client of a room that runs in an event loop, on a non-blocking socket."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self.received = b""  # the beginning of a line
        self.owed = b""

    def take_lines(self, data: bytes) -> list[bytes]:
        """Adds what was received; returns the lines that are whole now, with their line ends."""
        *lines, self.received = (self.received + data).split(b"\n")
        if len(self.received) > LONGEST_LINE:
            raise OSError("line too long")
        return [line + b"\n" for line in lines]

    def flush(self) -> None:
        """Sends what is owed, as far as there is room."""
        while self.owed:
            try:
                sent = self.socket.send(self.owed)
            except BlockingIOError:
                break
            self.owed = self.owed[sent:]
        if len(self.owed) > MOST_OWED_BYTES:
            raise OSError("reads too slowly")


class Room:
    """A chat room in one thread. What a member says goes to all others, line by line."""

    def __init__(self, listener: socket.socket) -> None:
        listener.setblocking(False)
        self.listener = listener
        self.members: list[Member] = []
        self.selector = selectors.PollSelector()
        self.selector.register(listener, selectors.EVENT_READ)

    def run(self) -> None:
        """Serves for ever."""
        while True:
            rests = False  # the listener, in a shortage
            for key, events in self.selector.select():
                if key.data is None:
                    rests = not self.admit_waiting()
                elif key.data in self.members:  # it may have been dropped a moment ago
                    self.serve(key.data, events)
            if rests:
                self.selector.unregister(self.listener)
                for key, events in self.selector.select(student.REST_SECONDS):
                    self.serve(key.data, events)
                self.selector.register(self.listener, selectors.EVENT_READ)

    def admit_waiting(self) -> bool:
        """Takes the newcomers that wait, at most 64 a turn. False in a shortage."""
        for _ in range(64):
            try:
                connection = student.accept_client(self.listener)
            except BlockingIOError:
                return True
            except OSError:
                return False
            if connection is not None:
                connection.setblocking(False)
                member = Member(connection)
                self.members.append(member)
                self.selector.register(connection, selectors.EVENT_READ, member)
        return True

    def serve(self, member: Member, events: int) -> None:
        """One turn of a member."""
        try:
            if events & selectors.EVENT_WRITE:
                self.send(member, b"")
            if events & selectors.EVENT_READ:
                data = member.socket.recv(student.BUFFER_BYTES)
                if not data:
                    raise EOFError
                self.hear(member, data)
        except BlockingIOError:
            pass
        except (OSError, EOFError):
            self.drop(member)

    def hear(self, member: Member, data: bytes) -> None:
        """Tells the others what a member has said."""
        for line in member.take_lines(data):
            self.tell_others(member, line)

    def tell_others(self, author: Member, line: bytes) -> None:
        """Sends a line to all but its author."""
        for member in list(self.members):
            if member is not author:
                try:
                    self.send(member, line)
                except OSError:
                    self.drop(member)

    def send(self, member: Member, data: bytes) -> None:
        """Sends, as far as there is room, and keeps the rest."""
        member.owed += data
        member.flush()
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if member.owed else 0)
        self.selector.modify(member.socket, wanted, member)

    def drop(self, member: Member) -> None:
        """Forgets a member, and closes its socket."""
        if member in self.members:
            self.members.remove(member)
            self.selector.unregister(member.socket)
            member.socket.close()


def lines_of(connection: socket.socket) -> Iterator[bytes]:
    """The lines that come from a blocking socket, to the end of the stream."""
    received = b""
    while data := connection.recv(student.BUFFER_BYTES):
        *lines, received = (received + data).split(b"\n")
        yield from (line + b"\n" for line in lines)
        if len(received) > LONGEST_LINE:
            return


class Outbox:
    """What is to be sent to a member of a room with threads; a thread of its own sends it."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self._owed = b""
        self._is_closed = False
        self._changed = threading.Condition()
        threading.Thread(target=self._send_what_is_owed, daemon=True).start()

    def put(self, data: bytes) -> None:
        """Adds to what is owed. Never waits; ends a connection that reads too slowly."""
        with self._changed:
            self._owed += data
            if len(self._owed) > MOST_OWED_BYTES:
                self._is_closed = True
            self._changed.notify()
        if self._is_closed:
            self.end()

    def end(self) -> None:
        """Ends the connection, and with it both of its threads."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # it has ended already

    def _send_what_is_owed(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._owed or self._is_closed)
                data, self._owed = self._owed, b""
            if self._is_closed:
                return
            try:
                self.socket.sendall(data)
            except OSError:
                return
