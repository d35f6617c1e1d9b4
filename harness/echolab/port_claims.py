"""Which free ports have been chosen for servers, so that no other program of the kit chooses them.

Between the choice of a port and the server's own bind(2) the port belongs to nobody, and on a
loaded machine that may take seconds. So whoever chooses one also binds a name to it in the kernel's
abstract namespace (unix(7)), which all processes share, and which forgets those that have ended.
"""

import socket
from collections import deque

CLAIMS_KEPT = 64  # the last ones of a process: the servers of those before have bound by now

_claims: deque[socket.socket] = deque()


def claim(port: int, kind: socket.SocketKind) -> bool:
    """Claims a port of TCP or UDP for this process; returns whether nobody else had done so."""
    holder = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        holder.bind(f"\0echolab/{socket.SocketKind(kind).name}/{port}")
    except OSError:
        holder.close()
        return False
    _claims.append(holder)
    if len(_claims) > CLAIMS_KEPT:
        _claims.popleft().close()
    return True
