# eagain-fatal: sendall is called on a non-blocking socket, and its BlockingIOError ends the server.
#
# The symptom: as soon as one client sends for a while without reading, the whole server ends with
# a traceback, and all other clients with it.
# The story: sendall is known to send everything, so there seems to be nothing left to take care
# of. On a non-blocking socket it sends what fits and then raises, having forgotten how much that
# was. The author's client reads each answer, so all answers fit.
# The fix: send, keep what was not taken, watch for EVENT_WRITE, and go on there.
#
# Model: poll
"""An echo server with an event loop."""

import selectors
import socket

import student


def serve(client: socket.socket) -> bool:
    """Echoes what has come. False if the client has ended, or has gone."""
    try:
        data = client.recv(student.BUFFER_BYTES)
        client.sendall(data)
    except BlockingIOError:
        raise  # cannot be: there is something to receive, and sendall sends everything
    except OSError:
        return False
    return bool(data)


def take_newcomers(listener: socket.socket, selector: selectors.BaseSelector) -> bool:
    """Takes the newcomers that wait, at most 64 a turn. False in a shortage of descriptors."""
    for _ in range(64):
        try:
            client = student.accept_client(listener)
        except BlockingIOError:
            return True
        except OSError:
            return False
        if client is not None:
            client.setblocking(False)
            selector.register(client, selectors.EVENT_READ)
    return True


def main() -> None:
    """Serves for ever."""
    listener = student.listen_on(student.port_of_arguments())
    listener.setblocking(False)
    selector = selectors.PollSelector()
    selector.register(listener, selectors.EVENT_READ)
    rests = False  # the listener, in a shortage of descriptors
    while True:
        ready = selector.select(student.REST_SECONDS if rests else None)
        if rests:
            selector.register(listener, selectors.EVENT_READ)
            rests = False
        for key, _ in ready:
            if key.fileobj is listener:
                rests = not take_newcomers(listener, selector)
            elif not serve(key.fileobj):
                selector.unregister(key.fileobj)
                key.fileobj.close()
        if rests:
            selector.unregister(listener)


main()
