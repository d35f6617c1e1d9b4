"""Serves each client by a program that talks on its stdin and stdout, as inetd(8) does.

    inetd.py PORT PROGRAM [ARGUMENT...]
"""

import os
import signal
import socket
import sys
import time

OUT_OF_RESOURCES_SECONDS = 0.1  # a rest, rather than to ask again at once


def main() -> None:
    """Listens on 127.0.0.1:PORT and starts the program for each client, for ever."""
    port, *command = sys.argv[1:]
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel buries the children: wait(2)
    listener = socket.create_server(("127.0.0.1", int(port)), backlog=socket.SOMAXCONN)
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            time.sleep(OUT_OF_RESOURCES_SECONDS)
            continue
        with client:
            _start(command, client)


def _start(command: list[str], client: socket.socket) -> None:
    try:
        child = os.fork()
    except OSError:
        time.sleep(OUT_OF_RESOURCES_SECONDS)
        return
    if child == 0:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.dup2(client.fileno(), 0)
        os.dup2(client.fileno(), 1)
        try:
            os.execvp(command[0], command)
        finally:
            os._exit(127)


if __name__ == "__main__":
    main()
