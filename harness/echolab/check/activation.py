"""Starts a program as systemd does with a listening socket for it: sd_listen_fds(3).

    activation.py PORT PROGRAM [ARGUMENT...]
"""

import os
import socket
import sys

FIRST_DESCRIPTOR = 3  # SD_LISTEN_FDS_START


def main() -> None:
    """Listens on 127.0.0.1:PORT, puts the socket on descriptor 3, and becomes the program."""
    port, *command = sys.argv[1:]
    listener = socket.create_server(("127.0.0.1", int(port)), backlog=socket.SOMAXCONN)
    if listener.fileno() == FIRST_DESCRIPTOR:
        os.set_inheritable(FIRST_DESCRIPTOR, True)
    else:
        os.dup2(listener.fileno(), FIRST_DESCRIPTOR)
    environment = {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}
    os.execvpe(command[0], command, {**os.environ, **environment})


if __name__ == "__main__":
    main()
