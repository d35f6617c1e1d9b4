# epipe-fatal: a client that leaves before it has read its echo ends the server by BrokenPipeError.
#
# The symptom: the server ends with a traceback, "BrokenPipeError: [Errno 32] Broken pipe", and all
# other clients are cut off. It takes a client that sends much and leaves without reading.
# The story: whenever the server fell over, the author looked at the traceback, and added its errno
# to the list of those that mean no more than that a client is lost. EPIPE comes only when one sends
# to somebody who has already hung up, and the desk's clients wait for their answer.
# The fix: any OSError from recv or send concerns that client alone: close it, whatever the errno.
#
# Model: poll

import errno
import selectors

import student

LOST = (
    errno.ECONNRESET,
    errno.EHOSTUNREACH,
    errno.ENETUNREACH,
    errno.ENOBUFS,
    errno.ENOMEM,
    errno.ETIMEDOUT,
)


class EchoLoop(student.EventLoop):
    """Echoes to everybody."""

    def serve(self, client: student.Client, events: int) -> None:
        """One turn of a client."""
        try:
            if events & selectors.EVENT_READ:
                client.receive(self.answer)
            client.flush()
        except BlockingIOError:
            pass
        except OSError as error:
            if error.errno not in LOST:
                raise
            self.drop(client)
            return
        if client.has_ended and not client.owed:
            self.drop(client)
        else:
            self.selector.modify(client.socket, client.events(), client)

    def drop(self, client: student.Client) -> None:
        """Parts from a client."""
        self.selector.unregister(client.socket)
        client.socket.close()


if __name__ == "__main__":
    EchoLoop(student.listen_on(student.port_of_arguments()), lambda data: data).run()
