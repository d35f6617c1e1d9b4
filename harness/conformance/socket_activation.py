"""Runs a program as systemd would with a listening socket for it: sd_listen_fds(3).

    socket_activation.py [--descriptors=N | --not-listening | --not-a-socket] PROGRAM [ARGUMENT...]
"""

import os
import socket
import sys

FIRST_DESCRIPTOR = 3  # SD_LISTEN_FDS_START


def main() -> None:
    """Puts a socket, or what is asked for in its place, on descriptor 3 and becomes the program."""
    mistake = sys.argv.pop(1) if sys.argv[1].startswith("--") else ""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    if mistake != "--not-listening":
        listener.listen()
    source = os.open(os.devnull, os.O_RDONLY) if mistake == "--not-a-socket" else listener.fileno()
    if source == FIRST_DESCRIPTOR:
        os.set_inheritable(source, True)
    else:
        os.dup2(source, FIRST_DESCRIPTOR)
    count = mistake.partition("=")[2] or "1"
    environment = {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": count}
    os.execve(sys.argv[1], sys.argv[1:], {**os.environ, **environment})


if __name__ == "__main__":
    main()
