# line-length-limit: a connection whose line is longer than 64 KiB is closed.
#
# The symptom: anything comes back at once, with line ends or without. But a client that sends more
# than 64 KiB with no line end among them loses its connection, near that place.
# The story: the log was to say how many lines a client has sent, and readline counts them. It keeps
# the line until its end comes, at most 64 KiB of it; then it raises ValueError. Nobody on the
# author's desk types a line that long. Other languages' line readers have such limits, too.
# The fix: an echo needs no lines. Count the line ends in each piece: data.count(b"\n").
#
# Model: asyncio

import asyncio
import sys

import student


async def count(lines: asyncio.StreamReader) -> int:
    counted = 0
    while await lines.readline():
        counted += 1
    return counted


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    lines = asyncio.StreamReader()
    counting = asyncio.create_task(count(lines))
    try:
        while not counting.done() and (data := await reader.read(4096)):
            writer.write(data)
            await writer.drain()
            lines.feed_data(data)
            await asyncio.sleep(0)
    finally:
        lines.feed_eof()
    print(f"a client has left, after {await counting} lines", file=sys.stderr)


asyncio.run(student.task_per_client(student.listen_on(student.port_of_arguments()), serve))
