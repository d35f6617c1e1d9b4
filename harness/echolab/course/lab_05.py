"""What lab 05 asks, measured: loops that are blocked and loops that are not, and completions."""

import asyncio
import contextlib
import select
import socket
import time

from echolab.course.answers import Measured, quantity
from echolab.course.experiment import (
    HELLO,
    PATIENCE_SECONDS,
    connect,
    five_slow_requests,
    is_answered,
    run_server,
)
from echolab.course.registry import measurement

PAUSE_SECONDS = 0.1
WRITTEN_BYTES = 10_000_000
HEAD_START_SECONDS = 0.03  # within the first request's 100 ms, and long enough that it is alone


@measurement("five-slow-requests-of-callbacks", quantity("time", "100 ms"))
def five_slow_requests_of_callbacks() -> Measured:
    """Five clients of an asynchronous server whose every answer takes 100 ms of sleep."""
    return five_slow_requests("asio-callbacks")


@measurement("five-coroutines-that-await", quantity("time", "100 ms"))
def five_coroutines_that_await() -> Measured:
    """Runs five coroutines, each of which awaits a timer."""

    async def all_five() -> None:
        await asyncio.gather(*(asyncio.sleep(PAUSE_SECONDS) for _ in range(5)))

    started = time.perf_counter()
    asyncio.run(all_five())
    taken = time.perf_counter() - started
    return Measured(taken, f"all five were done after {taken * 1000:.0f} ms")


@measurement("what-write-keeps", quantity("bytes", "64 kB"))
def what_write_keeps() -> Measured:
    """Writes to a client that does not read, and asks the transport what it keeps."""
    kept = asyncio.run(_bytes_kept())
    taken = WRITTEN_BYTES - kept
    return Measured(
        kept, f"the kernel took {taken:,} of the bytes, and the program keeps the other {kept:,}"
    )


async def _bytes_kept() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        with socket.create_connection(listener.getsockname()):
            connection, _ = listener.accept()
            loop = asyncio.get_running_loop()
            transport, _ = await loop.create_connection(asyncio.Protocol, sock=connection)
            transport.write(bytes(WRITTEN_BYTES))
            kept = transport.get_write_buffer_size()
            transport.abort()
    return kept


@measurement("second-answer-of-io-uring", quantity("time", "100 ms"))
def second_answer_of_io_uring() -> Measured:
    """Lets four clients ask while the request of a first one is served."""
    of_epoll, of_io_uring = (_wait_for_second_answer(model) for model in ("epoll", "io-uring"))
    return Measured(
        of_io_uring, f"the second answer came {of_io_uring * 1000:.0f} ms after the first; epoll's"
        f" came after {of_epoll * 1000:.0f} ms"
    )  # fmt: skip


def _wait_for_second_answer(model: str) -> float:
    """Returns the seconds between the answers to the first client and to the next."""
    with run_server(model, "--service-time", "100ms") as server, contextlib.ExitStack() as stack:
        first, *others = [stack.enter_context(connect(server)) for _ in range(5)]
        first.sendall(HELLO)
        time.sleep(HEAD_START_SECONDS)
        for client in others:
            client.sendall(HELLO)
        is_answered(first, PATIENCE_SECONDS)
        answered = time.perf_counter()
        select.select(others, [], [], PATIENCE_SECONDS)
        return time.perf_counter() - answered
