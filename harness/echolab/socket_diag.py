"""What the kernel tells about TCP sockets when it is asked: sock_diag(7).

/proc/net/tcp lists every socket of the machine whatever one wants to know, thousands in TIME_WAIT
among them. Here a question about one connection costs microseconds, so that it can be asked a
thousand times a second; and the answer holds how many bytes have ever arrived.
"""

import errno
import os
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from echolab.errors import CannotRun

# linux/netlink.h, linux/sock_diag.h, linux/inet_diag.h
NETLINK_SOCK_DIAG = 4
SOCK_DIAG_BY_FAMILY = 20
NLM_F_REQUEST, NLM_F_DUMP = 0x1, 0x300
NLMSG_ERROR, NLMSG_DONE = 2, 3
INET_DIAG_INFO = 2  # the attribute that holds a struct tcp_info
WITH_TCP_INFO = 1 << (INET_DIAG_INFO - 1)
ANY_COOKIE = (0xFFFFFFFF, 0xFFFFFFFF)
MESSAGE = struct.Struct("=IHHII")  # struct nlmsghdr
QUESTION = struct.Struct("=BBBxI")  # struct inet_diag_req_v2, up to the addresses
PORTS = struct.Struct(">HH")
COUNTS = struct.Struct("=IIII")  # of struct inet_diag_msg, behind the addresses
PORTS_AT, COUNTS_AT, ATTRIBUTES_AT = 4, 56, 72
ACKED_AND_RECEIVED_AT = 120  # tcpi_bytes_acked and tcpi_bytes_received in struct tcp_info
LARGEST_ANSWER = 1 << 16

# linux/tcp_states.h
ESTABLISHED, TIME_WAIT, CLOSE, CLOSE_WAIT, LISTEN = 1, 6, 7, 8, 10
HELD_STATES = (ESTABLISHED, CLOSE_WAIT)  # those of a connection that its program has not closed
EVERY_STATE = 0xFFF & ~(1 << TIME_WAIT | 1 << CLOSE)


@dataclass(frozen=True, slots=True)
class TcpSocket:
    """One end of a connection, or a listening socket. Bytes are those of its whole life."""

    state: int
    port: int
    peer_port: int
    inode: int  # 0 while no program has accepted it, and after its program has closed it
    receive_queue: int  # bytes that no program has read; of a listener: connections not accepted
    send_queue: int  # bytes that the peer has not acknowledged; of a listener: its backlog
    bytes_acknowledged: int
    bytes_received: int

    @property
    def bytes_read(self) -> int:
        """How many of the bytes that arrived the program has taken."""
        return self.bytes_received - self.receive_queue

    @property
    def is_held(self) -> bool:
        """Tells whether it is a connection that this end has not closed."""
        return self.state in HELD_STATES

    @property
    def is_accepted(self) -> bool:
        """Tells whether a program has the connection; the kernel completes it before that."""
        return self.is_held and self.inode != 0


class SocketDiagnostics:
    """A line to the kernel, as a context manager; raises CannotRun where the kernel is silent."""

    def __init__(self):
        try:
            self._line = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_SOCK_DIAG)
            list(self.sockets(0, 1 << LISTEN))
        except OSError as error:
            raise CannotRun(
                f"the kernel does not tell about its sockets: {os.strerror(error.errno)}"
                " (sock_diag(7); modprobe tcp_diag, or a kernel with CONFIG_INET_DIAG)"
            ) from None

    def __enter__(self) -> "SocketDiagnostics":
        return self

    def __exit__(self, *_exception) -> None:
        self._line.close()

    def connection(self, end: tuple[str, int], peer: tuple[str, int]) -> TcpSocket | None:
        """Returns one end of a connection over IPv4, named by both addresses; None without it."""
        self._ask(socket.AF_INET, EVERY_STATE, NLM_F_REQUEST, end, peer)
        kind, body = next(_messages(self._line.recv(LARGEST_ANSWER)))
        if kind == NLMSG_ERROR:
            return None
        found = _tcp_socket(body)
        return found if found.state != LISTEN else None  # what the kernel finds as second best

    def sockets(self, port: int, states: int = EVERY_STATE) -> Iterator[TcpSocket]:
        """Yields the sockets with local `port`, 0 for any, of IPv4 and IPv6.

        `states` is a mask; those in TIME_WAIT belong to no program and are left out.
        """
        for family in (socket.AF_INET, socket.AF_INET6):
            self._ask(family, states, NLM_F_REQUEST | NLM_F_DUMP, ("0.0.0.0", port))
            yield from map(_tcp_socket, self._answers())

    def _ask(
        self,
        family: socket.AddressFamily,
        states: int,
        flags: int,
        end: tuple[str, int],
        peer: tuple[str, int] = ("0.0.0.0", 0),
    ) -> None:
        question = (
            QUESTION.pack(family, socket.IPPROTO_TCP, WITH_TCP_INFO, states)
            + PORTS.pack(end[1], peer[1])
            + b"".join(socket.inet_aton(host).ljust(16, b"\0") for host, _ in (end, peer))
            + struct.pack("=III", 0, *ANY_COOKIE)
        )
        size = MESSAGE.size + len(question)
        self._line.send(MESSAGE.pack(size, SOCK_DIAG_BY_FAMILY, flags, 0, 0) + question)

    def _answers(self) -> Iterator[bytes]:
        while True:
            for kind, body in _messages(self._line.recv(LARGEST_ANSWER)):
                if kind == NLMSG_DONE:
                    return
                if kind == NLMSG_ERROR:
                    code = -struct.unpack_from("=i", body)[0] or errno.EPROTO
                    raise OSError(code, os.strerror(code))
                yield body


def _messages(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yields kind and body of each message: netlink(7)."""
    begin = 0
    while begin < len(data):
        size, kind, *_ = MESSAGE.unpack_from(data, begin)
        yield kind, data[begin + MESSAGE.size : begin + size]
        begin += (size + 3) & ~3


def _tcp_socket(body: bytes) -> TcpSocket:
    port, peer_port = PORTS.unpack_from(body, PORTS_AT)
    receive_queue, send_queue, _, inode = COUNTS.unpack_from(body, COUNTS_AT)
    acknowledged, received = _lifetime_bytes(body)
    return TcpSocket(
        body[1], port, peer_port, inode, receive_queue, send_queue, acknowledged, received
    )


def _lifetime_bytes(body: bytes) -> tuple[int, int]:
    """Returns the bytes acknowledged and received, which stand in an attribute: rtnetlink(3)."""
    begin = ATTRIBUTES_AT
    while begin < len(body):
        size, kind = struct.unpack_from("=HH", body, begin)
        if kind == INET_DIAG_INFO:
            return struct.unpack_from("=QQ", body, begin + 4 + ACKED_AND_RECEIVED_AT)
        begin += (size + 3) & ~3
    return 0, 0  # an end of a connection that is being set up or torn down
