# econnreset-fatal: a client that resets its connection ends the server by ConnectionResetError.
#
# The symptom: the server ends with a traceback, "ConnectionResetError: [Errno 104] Connection reset
# by peer", and all other clients are cut off. One client that is killed, or crashes, is enough.
# The story: whenever the server fell over, the author looked at the traceback, and added its errno
# to the list of those that mean no more than that a client is lost. recv had never failed yet: the
# clients on the desk say good-bye, and the end of a stream is not an error.
# The fix: any OSError from recv or send concerns that client alone: close it, whatever the errno.
#
# Model: poll

import errno
import selectors

import student

LOST = (
    errno.EHOSTUNREACH,
    errno.ENETUNREACH,
    errno.ENOBUFS,
    errno.ENOMEM,
    errno.EPIPE,
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
