"""A process that may do what a page says: use port 7007, and leave programs running."""

import ctypes
import fcntl
import os
import socket
import struct
from pathlib import Path

import psutil

CLONE_NEWUSER = 0x10000000  # linux/sched.h
CLONE_NEWNET = 0x40000000
SIOCSIFFLAGS = 0x8914  # linux/sockios.h
IFF_UP = 0x1

_libc = ctypes.CDLL(None, use_errno=True)


def enter_own_network() -> bool:
    """Gives this process a network of its own, with a loopback device; tells whether it could.

    There every port is free, and nobody else's programs are disturbed: network_namespaces(7).
    Where the system does not allow it, the process stays in the common one.
    """
    user, group = os.getuid(), os.getgid()
    if _libc.unshare(CLONE_NEWNET if user == 0 else CLONE_NEWUSER | CLONE_NEWNET) != 0:
        return False
    if user != 0:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))
    return True


def end_descendants() -> None:
    """Kills all that was started since, daemons included: they are this process's children."""
    while descendants := psutil.Process().children(recursive=True):
        for process in descendants:
            process.kill()
        psutil.wait_procs(descendants, timeout=5)
