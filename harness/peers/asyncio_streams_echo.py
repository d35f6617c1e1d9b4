"""Python's asyncio: a coroutine a client, as its documentation's "TCP echo server using streams".

Added to it: the connection stays after the first echo. asyncio itself sets TCP_NODELAY.

usage: python3 asyncio_streams_echo.py PORT
"""

import asyncio
import sys

READ_BYTES = 32 * 1024


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Echoes to one client, from its first byte to its last."""
    try:
        while data := await reader.read(READ_BYTES):
            writer.write(data)
            await writer.drain()
        writer.close()
        await writer.wait_closed()
    except ConnectionError:
        writer.close()  # the client has gone


async def serve(port: int) -> None:
    """Serves for ever."""
    server = await asyncio.start_server(echo, "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


asyncio.run(serve(int(sys.argv[1])))
