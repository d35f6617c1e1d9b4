"""Where a page is walked through: its programs use port 7007, and are left running."""

import fcntl
import os
import shutil
import socket
import struct
import subprocess

SIOCSIFFLAGS = 0x8914  # linux/sockios.h
IFF_UP = 0x1


def isolating_command() -> list[str]:
    """Returns the words before a command that has a network and process ids of its own.

    There every port is free, pgrep(1) finds nobody else's programs, and all ends with the command:
    network_namespaces(7), pid_namespaces(7). Empty where unshare(1) may not do that.
    """
    unshare = ["unshare", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"]
    if os.getuid() != 0:
        unshare += ["--user", "--map-current-user"]
    if not shutil.which("unshare"):
        return []
    tried = subprocess.run([*unshare, "true"], capture_output=True, check=False)
    return unshare if tried.returncode == 0 else []


def start_loopback() -> None:
    """Switches the loopback device on, which a new network has switched off: netdevice(7)."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))
