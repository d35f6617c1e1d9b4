"""Python's asyncio: a protocol a client, as its documentation's "TCP Echo Server".

Added to it: the connection stays after the first echo, and a client that does not read is not read
from (pause_writing). asyncio itself sets TCP_NODELAY.

usage: python3 asyncio_echo.py PORT
"""

import asyncio
import sys


class Echo(asyncio.Protocol):
    """Sends back what one client sends."""

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Is called when the client has connected."""
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Echoes; after the client's end of stream, asyncio writes what is left and closes."""
        self.transport.write(data)

    def pause_writing(self) -> None:
        """Too much is waiting to be sent to this client."""
        self.transport.pause_reading()

    def resume_writing(self) -> None:
        """Most of it has been sent."""
        self.transport.resume_reading()


async def serve(port: int) -> None:
    """Serves for ever."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Echo, "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
