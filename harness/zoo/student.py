"""What is right in every Python server of the zoo: its page shows little but the mistake."""

import asyncio
import errno
import os
import selectors
import socket
import sys
import threading
import time
from collections.abc import Awaitable, Callable

BUFFER_BYTES = 16 * 1024
MOST_OWED_BYTES = 64 * 1024  # then the client is not read from
BACKLOG = 4096
REST_SECONDS = 0.1
SHORTAGES = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)

# Held from the start, for the day when descriptors run out.
reserve = os.open(os.devnull, os.O_RDONLY)


def port_of_arguments() -> int:
    """The port, which is the program's only argument."""
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} PORT")
    return int(sys.argv[1])


def listen_on(port: int) -> socket.socket:
    """A socket that listens on 127.0.0.1. create_server sets SO_REUSEADDR."""
    return socket.create_server(("127.0.0.1", port), backlog=BACKLOG)


def is_shortage(error: OSError) -> bool:
    """True where asking again at once would not help."""
    return error.errno in SHORTAGES


def reopen_reserve() -> bool:
    """Takes the reserve again. False if there is still no room for it."""
    global reserve
    try:
        reserve = os.open(os.devnull, os.O_RDONLY)
    except OSError:
        reserve = -1
    return reserve >= 0


def turn_newcomer_away(listener: socket.socket) -> socket.socket | None:
    """Out of descriptors: gives up the reserve, to take a newcomer and to close it.

    The newcomer is kept, and returned, if there is room again when it comes. Raises what accept
    raises if nobody waits, or if even this does not help.
    """
    if reserve >= 0:
        os.close(reserve)
    try:
        newcomer, _ = listener.accept()
    except OSError:
        reopen_reserve()
        raise
    if reopen_reserve():
        return newcomer
    newcomer.close()
    reopen_reserve()
    return None


def accept_client(listener: socket.socket) -> socket.socket | None:
    """The next client; None if it has gone, or was turned away.

    Raises BlockingIOError if nobody waits (at a non-blocking listener), and OSError in a shortage
    which the reserve does not help.
    """
    try:
        return listener.accept()[0]
    except BlockingIOError:
        raise
    except OSError as error:
        return turn_newcomer_away(listener) if is_shortage(error) else None


def next_client(listener: socket.socket) -> socket.socket:
    """The next client, at a blocking listener. In a shortage, rests rather than asks at once."""
    while True:
        try:
            client = accept_client(listener)
        except OSError:
            time.sleep(REST_SECONDS)
            continue
        if client is not None:
            return client


def thread_per_client(listener: socket.socket, serve: Callable[[socket.socket], None]) -> None:
    """Gives each client a thread of its own, which ends with its client."""

    def serve_and_close(client: socket.socket) -> None:
        with client:
            try:
                serve(client)
            except OSError:
                pass  # the client has gone

    while True:
        client = next_client(listener)
        try:
            threading.Thread(target=serve_and_close, args=(client,), daemon=True).start()
        except RuntimeError:  # no more threads: this client is turned away
            client.close()


class Client:
    """A client of an event loop, on a non-blocking socket."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self.owed = b""  # received, and not yet sent back
        self.has_ended = False  # it will send no more

    def events(self) -> int:
        """What the client waits for."""
        reads = not self.has_ended and len(self.owed) + BUFFER_BYTES <= MOST_OWED_BYTES
        return (selectors.EVENT_READ if reads else 0) | (selectors.EVENT_WRITE if self.owed else 0)

    def receive(self, answer: Callable[[bytes], bytes]) -> None:
        """Receives what is there, at most a buffer's worth, and owes the answer to it."""
        data = self.socket.recv(BUFFER_BYTES)
        self.has_ended = not data
        self.owed += answer(data)

    def flush(self) -> None:
        """Sends what is owed, as far as there is room."""
        if self.owed:
            self.owed = self.owed[self.socket.send(self.owed) :]


def serve_turn(client: Client, events: int, answer: Callable[[bytes], bytes]) -> bool:
    """Does what a client is ready for. False if it is to be closed."""
    try:
        if events & selectors.EVENT_READ:
            client.receive(answer)
        client.flush()
    except BlockingIOError:
        pass
    except OSError:
        return False
    return bool(client.owed) or not client.has_ended


class EventLoop:
    """Serves all clients in one thread, by poll; `answer` makes the answer to what came."""

    welcome = Client  # makes a client of a newcomer's connection

    def __init__(self, listener: socket.socket, answer: Callable[[bytes], bytes]) -> None:
        listener.setblocking(False)
        self.listener = listener
        self.answer = answer
        self.selector = selectors.PollSelector()
        self.selector.register(listener, selectors.EVENT_READ)

    def run(self) -> None:
        """Serves for ever."""
        rests = False  # the listener, in a shortage
        while True:
            ready = self.selector.select(REST_SECONDS if rests else self.patience())
            if rests:
                self.selector.register(self.listener, selectors.EVENT_READ)
                rests = False
            for key, events in ready:
                if key.data is None:
                    rests = not self.accept_waiting()
                else:
                    self.serve(key.data, events)
            if rests:
                self.selector.unregister(self.listener)

    def patience(self) -> float | None:
        """For how long to wait for events; None: as long as it takes."""
        return None

    def accept_waiting(self) -> bool:
        """Takes the newcomers that wait, at most 64 a turn. False in a shortage."""
        for _ in range(64):
            try:
                connection = accept_client(self.listener)
            except BlockingIOError:
                return True
            except OSError:
                return False
            if connection is not None:
                connection.setblocking(False)
                client = self.welcome(connection)
                self.selector.register(connection, client.events(), client)
        return True

    def serve(self, client: Client, events: int) -> None:
        """One turn of a client."""
        if not serve_turn(client, events, self.answer):
            self.selector.unregister(client.socket)
            client.socket.close()
        else:
            self.selector.modify(client.socket, client.events(), client)


async def accept_in_turn(listener: socket.socket) -> socket.socket | None:
    """The next client, as accept_client; in a shortage it rests, and returns None."""
    try:
        return (await asyncio.get_running_loop().sock_accept(listener))[0]
    except OSError as error:
        if not is_shortage(error):
            return None
    try:
        return turn_newcomer_away(listener)
    except OSError:
        await asyncio.sleep(REST_SECONDS)
        return None


async def task_per_client(
    listener: socket.socket,
    serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> None:
    """Gives each client an asyncio task of its own, which ends with its client."""

    async def serve_and_close(client: socket.socket) -> None:
        reader, writer = await asyncio.open_connection(sock=client)
        try:
            await serve(reader, writer)
        except OSError:
            pass  # the client has gone
        finally:
            writer.close()

    listener.setblocking(False)
    tasks = set()  # the loop itself keeps weak references only
    while True:
        client = await accept_in_turn(listener)
        if client is not None:
            task = asyncio.create_task(serve_and_close(client))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        await asyncio.sleep(0)
