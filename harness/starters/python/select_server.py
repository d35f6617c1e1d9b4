"""Lab 03: one thread that asks before it waits."""

import select

from listener import open_listener, rest_if_exhausted

# BEGIN VARIANT
from manners import GREETING, Line
# END VARIANT

FD_SETSIZE = 1024  # descriptors from here on do not fit into a set of select(2)
MOST_UNSENT = 64 * 1024


class Client:
    """A client: its socket, and what it has not got yet."""

    def __init__(self, socket):
        self.socket = socket
        self.unsent = b""  # received, and not yet sent back
        self.has_finished = False  # nothing more is received from it
        # BEGIN VARIANT
        self.line = Line()
        # BEGIN SOLUTION: put the greeting where what is unsent lies.
        self.unsent = GREETING
        # END SOLUTION
        # END VARIANT

    def fileno(self):
        """Its descriptor: so select takes a Client for its socket."""
        return self.socket.fileno()

    def receive_some(self):
        """Receives what there is. Must not wait; raises OSError if the client is gone."""
        # BEGIN SOLUTION: receive once, and add it to what is unsent; b"": the client has finished.
        data = self.socket.recv(16 * 1024)
        self.has_finished = not data
        # BEGIN VARIANT
        data = self.line.until_last(data)
        self.has_finished = self.has_finished or self.line.is_last
        # END VARIANT
        self.unsent += data
        # END SOLUTION

    def send_some(self):
        """Sends what there is room for. Must not wait; raises OSError if the client is gone."""
        # BEGIN SOLUTION: send once, and keep what was not taken.
        sent = self.socket.send(self.unsent)
        self.unsent = self.unsent[sent:]
        # END SOLUTION


def accept_client(listener, clients):
    """Takes a newcomer from the backlog."""
    try:
        socket, _ = listener.accept()
    except OSError as error:
        return rest_if_exhausted(error)
    socket.setblocking(False)
    # BEGIN SOLUTION: close a client whose descriptor does not fit into a set (FD_SETSIZE).
    if socket.fileno() >= FD_SETSIZE:
        return socket.close()
    # END SOLUTION
    clients.append(Client(socket))


def who_is_ready(listener, clients):
    """Waits until somebody is ready; returns who can be received from, and who can be sent to."""
    reading = [listener]
    writing = []
    # BEGIN SOLUTION: read from clients for whose bytes there is room; write if something is unsent.
    reading += [c for c in clients if not c.has_finished and len(c.unsent) < MOST_UNSENT]
    writing += [c for c in clients if c.unsent]
    # END SOLUTION
    readable, writable, _ = select.select(reading, writing, [])
    return readable, writable


def serve_ready(clients, readable, writable):
    """Serves who is ready; closes who is gone, and who has finished and has everything."""
    # BEGIN SOLUTION: receive_some, send_some; BlockingIOError is no failure, any other OSError is.
    for client in list(clients):
        try:
            if client in readable:
                client.receive_some()
            if client in writable:
                client.send_some()
            is_here = bool(client.unsent) or not client.has_finished
        except BlockingIOError:
            is_here = True  # readiness was a hint
        except OSError:
            is_here = False
        if not is_here:
            clients.remove(client)
            client.socket.close()
    # END SOLUTION


listener = open_listener()
listener.setblocking(False)
clients = []
while True:
    readable, writable = who_is_ready(listener, clients)
    serve_ready(clients, readable, writable)
    if listener in readable:
        accept_client(listener, clients)
