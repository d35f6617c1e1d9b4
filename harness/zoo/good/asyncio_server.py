# asyncio-server: nothing is wrong here. One thread serves all clients, by coroutines.
#
# What it takes care of: the next bytes are received when the last ones are sent, so little is owed
# to a client that does not read; the end of what a client sends does not end what it reads; a
# client that breaks off ends its own coroutine; a turn has an end, also if the client is so quick
# that neither call has to wait; out of descriptors, newcomers are turned away, or the listener
# rests. It does without asyncio's streams: those do not tell if the kernel refuses to watch a
# client (ENOSPC, ENOMEM), and start_server turns nobody away.
# Compare with: unbounded-buffer, line-length-limit, epoll-ctl-unchecked, starvation.
#
# Model: asyncio
"""An echo server with coroutines."""

import asyncio
import pathlib
import socket
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import student  # noqa: E402  (it lies one directory above)


async def serve(client: socket.socket) -> None:
    """Echoes to one client, from its first byte to its last."""
    loop = asyncio.get_running_loop()
    client.setblocking(False)
    with client:
        try:
            while data := await loop.sock_recv(client, student.BUFFER_BYTES):
                await loop.sock_sendall(client, data)
                await asyncio.sleep(0)
        except OSError:
            pass  # the client has gone, or cannot be watched


async def main() -> None:
    """Serves for ever."""
    listener = student.listen_on(student.port_of_arguments())
    listener.setblocking(False)
    tasks = set()  # asyncio itself keeps only weak references to them
    while True:
        client = await student.accept_in_turn(listener)
        if client is not None:
            task = asyncio.create_task(serve(client))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        await asyncio.sleep(0)  # between two newcomers, those who are here have a turn


asyncio.run(main())
