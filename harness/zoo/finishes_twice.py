# finishes-twice: a client that finishes just when the server does ends it for everybody.
#
# The symptom: now and then the server ends with a traceback, "OSError: [Errno 9] Bad file
# descriptor", when a client says bye and hangs up without waiting for the answer.
# The story: there are two ways for a conversation to end. The client goes, or the server has said
# bye and finishes. Each was tried, and works; that both happen in one turn was not thought of, and
# so the second one finds a socket that the first has closed.
# The fix: one place where a client's end is decided, and nothing is done to it afterwards.
#
# Model: poll
# Service: bye

import socket
import time

import student

LONGEST_LINE = 4096
GRACE_SECONDS = 2.0  # for a client to hang up, too, after the server has finished


class Client(student.Client):
    """A client with the line that it has begun."""

    def __init__(self, connection: socket.socket) -> None:
        super().__init__(connection)
        self.line = b""
        self.has_said_bye = False
        self.deadline = 0.0  # by which it is to have hung up

    def receive_all(self) -> None:
        """Receives all that is there, and owes the answers."""
        while not self.has_ended:
            data = self.socket.recv(student.BUFFER_BYTES)
            self.has_ended = not data
            self.hear(data or (b"\n" if self.line else b""))

    def hear(self, data: bytes) -> None:
        """Owes the answer to each line that has come to its end."""
        *lines, self.line = (self.line + data).split(b"\n")
        for line in lines:
            self.answer(line.removesuffix(b"\r"))
        if len(self.line) > LONGEST_LINE:
            self.answer(self.line)

    def answer(self, line: bytes) -> None:
        """Owes the answer to one line; none after the last."""
        if self.has_said_bye:
            return
        is_too_long = len(line) > LONGEST_LINE
        self.owed += b"error: line too long\n" if is_too_long else line + b"\n"
        self.has_said_bye = is_too_long or line == b"bye"

    def is_to_be_finished(self) -> bool:
        """True when all was said, and the server's FIN has not been sent yet."""
        return self.has_said_bye and not self.owed and not self.deadline

    def finish(self) -> None:
        """Sends a FIN, and gives the client a while to do the same."""
        self.socket.shutdown(socket.SHUT_WR)
        self.deadline = time.monotonic() + GRACE_SECONDS


class ByeLoop(student.EventLoop):
    """Echoes lines to everybody, until they say bye."""

    welcome = Client

    def serve(self, client: Client, events: int) -> None:
        """One turn of a client."""
        try:
            client.receive_all()
        except BlockingIOError:
            pass
        except OSError:
            self.drop(client)
            return
        self.go_on(client)

    def go_on(self, client: Client) -> None:
        """Sends what is owed, and parts when either end has finished."""
        try:
            client.flush()
        except BlockingIOError:
            pass
        except OSError:
            self.drop(client)
            return
        if client.has_ended and not client.owed:
            self.drop(client)
        else:
            self.selector.modify(client.socket, client.events(), client)
        if client.is_to_be_finished():
            client.finish()

    def drop(self, client: Client) -> None:
        """Parts from a client."""
        self.selector.unregister(client.socket)
        client.socket.close()

    def patience(self) -> float | None:
        """Drops those who do not hang up, and looks again soon if there are others."""
        clients = [key.data for key in self.selector.get_map().values() if key.data]
        waiting = [client for client in clients if client.deadline]
        for client in waiting:
            if client.deadline < time.monotonic():
                self.drop(client)
        return student.REST_SECONDS if waiting else None


if __name__ == "__main__":
    ByeLoop(student.listen_on(student.port_of_arguments()), lambda data: data).run()
