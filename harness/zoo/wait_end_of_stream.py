# wait-end-of-stream: it reads all there is, to the end of the stream, before it answers.
#
# The symptom: no answer, however much is sent, until the client says that it has finished. A client
# that waits for an answer before it goes on waits for ever.
# The story: read() without a number is the easy way to have it all, and right for files. The
# author's client was `echo hello | nc -N`, which sends its end at once.
# The fix: a stream that stays open has no "all": send back what each recv brings.
#
# Model: threads

import socket

import student


def serve(client: socket.socket) -> None:
    with client.makefile("rb") as stream:
        client.sendall(stream.read())


student.thread_per_client(student.listen_on(student.port_of_arguments()), serve)
