"""What the clients send, and how it is said where an answer went wrong."""

import functools

from echolab.check.outcomes import Mismatch

PAGE = 64 * 1024
EVERY_BYTE = bytes(range(256))
AROUND = 24  # bytes shown on either side of the first difference


def numbered_blocks(count: int, start: int = 0) -> bytes:
    """Returns `count` bytes in which every block of eight names its own offset.

    So the first wrong block of an answer tells which bytes are missing, doubled or a stranger's.
    """
    end = start + count
    pages = b"".join(_page(number) for number in range(start // PAGE, (end - 1) // PAGE + 1))
    return pages[start % PAGE :][:count]


# The blocks of a page differ from those of others in their first three digits alone: to put these
# in takes a twentieth of the time of formatting them.
_OF_EVERY_PAGE = b"".join(b"___%04x " % offset for offset in range(0, PAGE, 8))


@functools.cache
def _page(number: int) -> bytes:
    return _OF_EVERY_PAGE.replace(b"___", b"%03x" % number)


def first_difference(received: bytes, expected: bytes) -> int:
    """Returns the offset of the first byte in which two strings differ."""
    shorter = min(len(received), len(expected))
    if received[:shorter] == expected[:shorter]:
        return shorter
    low, high = 0, shorter  # the first `low` bytes are the same; within `high` there is another
    while high - low > 1:
        middle = (low + high) // 2
        if received[low:middle] == expected[low:middle]:
            low = middle
        else:
            high = middle
    return low


def assert_same(received: bytes, expected: bytes) -> None:
    """Raises Mismatch, with the bytes around the first difference, unless both are the same."""
    if received == expected:
        return
    offset = first_difference(received, expected)
    near = slice(max(0, offset - AROUND), offset + AROUND)
    raise Mismatch(
        f"the answer differs from byte {offset} on"
        f" ({len(received)} bytes received, {len(expected)} expected)\n"
        f"  received: ...{received[near]!r}...\n"
        f"  expected: ...{expected[near]!r}...",
        received[near],
        expected[near],
        offset,
    )
