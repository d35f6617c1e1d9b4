"""The TCP sockets of this machine, as the kernel tells of them by netlink (sock_diag(7)).

/proc/net/tcp tells the same, but goes through a table as large as all the connections that the
machine may ever have: a millisecond a look, where a look is taken hundreds of times in a check.
It is read where the kernel does not know sock_diag, as some sandboxes' kernels do not.
"""

import contextlib
import itertools
import socket
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

NETLINK_SOCK_DIAG = 4
SOCK_DIAG_BY_FAMILY = 20  # linux/sock_diag.h
NLM_F_REQUEST, NLM_F_DUMP = 0x1, 0x300  # linux/netlink.h
NLMSG_ERROR, NLMSG_DONE = 2, 3
HEADER = struct.Struct("=IHHII")  # struct nlmsghdr: length, type, flags, sequence, sender
SOCKET_ID = struct.Struct("=2s2s16s16sIII")  # struct inet_diag_sockid: ports, addresses, ...
REQUEST = struct.Struct(f"=BBBxI{SOCKET_ID.size}s")  # struct inet_diag_req_v2
ANSWER = struct.Struct(f"=BBxx{SOCKET_ID.size}sIIIII")  # struct inet_diag_msg
ANY_COOKIE = 0xFFFFFFFF
ANSWER_BYTES = 1 << 16

# enum in net/tcp_states.h; the state column of /proc/net/tcp
FIN_WAIT_1, TIME_WAIT, LISTEN, CLOSING = 4, 6, 10, 11
ANY_STATE = (1 << 12) - 1
TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
LOOPBACK = {socket.AF_INET: "127.0.0.1", socket.AF_INET6: "::1"}
OPEN_STATES = (1, 8)  # TCP_ESTABLISHED and, when only the peer has closed, TCP_CLOSE_WAIT
INET_DIAG_INFO = 2  # the attribute of an answer that is a struct tcp_info: linux/inet_diag.h
WITH_TCP_INFO = 1 << (INET_DIAG_INFO - 1)
ATTRIBUTE = struct.Struct("=HH")  # struct rtattr: length, type
LIFETIME_BYTES = struct.Struct("=120xQQ")  # tcpi_bytes_acked, tcpi_bytes_received: linux/tcp.h


@dataclass(frozen=True, slots=True)
class TcpSocket:
    """One end of a connection, or a socket that listens."""

    state: int
    address: str  # its own, in the hexadecimal digits of /proc/net/tcp
    port: int
    peer_port: int
    waiting: int  # bytes that nobody has received; of a listener, connections not yet accepted
    unsent: int  # bytes that the peer's kernel has not acknowledged
    inode: str  # "0": it belongs to no process, as before it is accepted and after it is closed
    # Of its whole life, where the kernel tells: bytes that the peer's kernel has acknowledged, and
    # bytes that have come.
    acknowledged: int | None = None
    received: int | None = None

    @property
    def is_open(self) -> bool:
        """Tells whether it is a connection that this end has not closed, accepted or not."""
        return self.state in OPEN_STATES

    @property
    def is_accepted(self) -> bool:
        """Tells whether it is a connection that a process has."""
        return self.is_open and self.inode != "0"

    def has_read(self, count: int) -> bool:
        """Tells whether a process has taken the first `count` bytes that came."""
        if self.received is None:
            return self.waiting == 0
        return self.received - self.waiting >= count


def of_port(port: int) -> list[TcpSocket]:
    """Returns the sockets with that local port, of both versions of IP, none in TIME_WAIT."""
    try:
        states = ANY_STATE & ~(1 << TIME_WAIT)
        return [found for family in LOOPBACK for found in _dump(family, states, port)]
    except OSError:
        return [found for found in _rows() if found.port == port and found.state != TIME_WAIT]


def listening() -> list[TcpSocket]:
    """Returns all sockets that listen, of both versions of IP."""
    try:
        return [found for family in LOOPBACK for found in _dump(family, 1 << LISTEN)]
    except OSError:
        return [found for found in _rows() if found.state == LISTEN]


def connection(port: int, peer_port: int) -> TcpSocket | None:
    """Returns the end at `port` of a connection within this machine; None if there is none."""
    try:
        found = itertools.chain.from_iterable(_lookup(f, port, peer_port) for f in LOOPBACK)
        return next((end for end in found if end.state != LISTEN), None)
    except OSError:
        ends = (row for row in _rows() if (row.port, row.peer_port) == (port, peer_port))
        return next(ends, None)


def _dump(family: int, states: int, port: int = 0) -> Iterator[TcpSocket]:
    wanted = SOCKET_ID.pack(port.to_bytes(2, "big"), b"", b"", b"", 0, ANY_COOKIE, ANY_COOKIE)
    request = REQUEST.pack(family, socket.IPPROTO_TCP, WITH_TCP_INFO, states, wanted)
    return _ask(request, NLM_F_REQUEST | NLM_F_DUMP)


def _lookup(family: int, port: int, peer_port: int) -> Iterator[TcpSocket]:
    address = socket.inet_pton(family, LOOPBACK[family])
    ports = (number.to_bytes(2, "big") for number in (port, peer_port))
    wanted = SOCKET_ID.pack(*ports, address, address, 0, ANY_COOKIE, ANY_COOKIE)
    request = REQUEST.pack(family, socket.IPPROTO_TCP, WITH_TCP_INFO, ANY_STATE, wanted)
    with contextlib.suppress(FileNotFoundError):  # ENOENT: there is no such connection
        yield from _ask(request, NLM_F_REQUEST)


def _ask(request: bytes, flags: int) -> Iterator[TcpSocket]:
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_SOCK_DIAG) as kernel:
        length = HEADER.size + len(request)
        kernel.send(HEADER.pack(length, SOCK_DIAG_BY_FAMILY, flags, 0, 0) + request)
        is_over = False
        while not is_over:
            for kind, body in _messages(kernel.recv(ANSWER_BYTES)):
                is_over = is_over or kind == NLMSG_DONE
                if kind == SOCK_DIAG_BY_FAMILY:
                    yield _socket_of(body)
            is_over = is_over or not flags & NLM_F_DUMP


def _messages(answer: bytes) -> Iterator[tuple[int, bytes]]:
    while answer:
        length, kind, *_ = HEADER.unpack_from(answer)
        body = answer[HEADER.size : length]
        if kind == NLMSG_ERROR and (error := -struct.unpack_from("=i", body)[0]):
            raise OSError(error, "sock_diag")
        yield kind, body
        answer = answer[(length + 3) & ~3 :]


def _socket_of(body: bytes) -> TcpSocket:
    family, state, name, _, waiting, unsent, _, inode = ANSWER.unpack_from(body)
    port, peer_port, address, *_ = SOCKET_ID.unpack(name)
    acknowledged, received = _lifetime_bytes(body[ANSWER.size :])
    words = struct.unpack("=4I", address)[: 1 if family == socket.AF_INET else 4]
    return TcpSocket(
        state=state,
        address="".join(f"{word:08X}" for word in words),
        port=int.from_bytes(port, "big"),
        peer_port=int.from_bytes(peer_port, "big"),
        waiting=waiting,
        unsent=0 if state == LISTEN else unsent,  # of a listener it is how many may wait
        inode=str(inode),
        acknowledged=acknowledged,
        received=received,
    )


def _lifetime_bytes(attributes: bytes) -> tuple[int, int] | tuple[None, None]:
    while attributes:
        length, kind = ATTRIBUTE.unpack_from(attributes)
        if kind == INET_DIAG_INFO:
            return LIFETIME_BYTES.unpack_from(attributes, ATTRIBUTE.size)
        attributes = attributes[(length + 3) & ~3 :]
    return None, None


def _rows() -> Iterable[TcpSocket]:
    for table in TABLES:
        if table.exists():  # a kernel may be without IPv6
            rows = table.read_text().splitlines()[1:]
            yield from map(_socket_of_row, rows)


def _socket_of_row(row: str) -> TcpSocket:
    _, local, peer, state, queues, _, _, _, _, inode, *_ = row.split()
    address, _, port = local.partition(":")
    unsent, _, waiting = queues.partition(":")
    return TcpSocket(
        state=int(state, 16),
        address=address,
        port=int(port, 16),
        peer_port=int(peer.partition(":")[2], 16),
        waiting=int(waiting, 16),
        unsent=int(unsent, 16),
        inode=inode,
    )
