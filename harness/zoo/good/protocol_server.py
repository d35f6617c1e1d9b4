# protocol-server: nothing is wrong here. One thread serves all clients, by asyncio's callbacks.
#
# What it takes care of: while a client does not read, it is not read from; the end of what a client
# sends ends the connection when all has been sent back; on SIGTERM it stops. The rest is asyncio's:
# out of descriptors it rests for a second; out of memory it ends the connection for which there is
# none.
# Compare with: unbounded-buffer, eof-drops-pending, sigterm-ignored.
#
# Model: asyncio
"""An echo server with asyncio's protocols."""

import asyncio
import pathlib
import signal
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import student  # noqa: E402  (it lies one directory above)


class Echo(asyncio.Protocol):
    """One client."""

    def connection_made(self, transport: asyncio.Transport) -> None:
        """The client has come."""
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Some bytes have come."""
        self.transport.write(data)

    def pause_writing(self) -> None:
        """Much is owed."""
        self.transport.pause_reading()

    def resume_writing(self) -> None:
        """Little is owed."""
        self.transport.resume_reading()

    def eof_received(self) -> bool:
        """The client sends no more: the transport is closed when it has sent everything."""
        return False


async def main() -> None:
    """Serves until SIGTERM."""
    loop = asyncio.get_running_loop()
    stop = loop.create_future()
    loop.add_signal_handler(signal.SIGTERM, stop.set_result, None)
    await loop.create_server(Echo, sock=student.listen_on(student.port_of_arguments()))
    await stop


asyncio.run(main())
