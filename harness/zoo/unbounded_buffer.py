# unbounded-buffer: what a client does not read is kept in memory, however much that becomes.
#
# The symptom: while a client sends and does not read, the server's memory grows by every byte, and
# nothing stops it. The bytes are all there, and the other clients are served.
# The story: writer.write does not block, does not fail and needs no await; that it only puts the
# bytes into a list is not seen. The author's client reads what it gets, so the list stays empty.
# The fix: await writer.drain() after each write: it waits while too much is owed, meanwhile
# nothing is read, and the kernel makes the client wait.
#
# Model: asyncio
"""An echo server with coroutines."""

import asyncio

import student


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Echoes to one client, from its first byte to its last."""
    while data := await reader.read(student.BUFFER_BYTES):
        writer.write(data)


asyncio.run(student.task_per_client(student.listen_on(student.port_of_arguments()), serve))
