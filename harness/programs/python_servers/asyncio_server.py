"""A server with Python's asyncio streams: a coroutine for each client."""

import asyncio

from answers import announce, answer, parse_arguments

RECEIVE_BYTES = 1024
ARGUMENTS = parse_arguments()


async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers each message of one client until it has finished."""
    in_lines = ARGUMENTS.framing == "line"
    while message := await (reader.readline() if in_lines else reader.read(RECEIVE_BYTES)):
        if (reply := answer(message)) is None:
            break
        writer.write(reply + b"\n" if in_lines else reply)
        await writer.drain()
    writer.close()
    await writer.wait_closed()


async def serve() -> None:
    """Listens on a free port for ever."""
    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    announce("asyncio", server.sockets[0].getsockname())
    await server.serve_forever()


asyncio.run(serve())
