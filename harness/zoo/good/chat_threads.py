# chat-threads: nothing is wrong here. Two threads for each member of a chat room.
#
# What it takes care of: nobody sends while holding the lock on the list, nor to another's member:
# each member has an outbox, and a thread that empties it; an outbox that grows to a MiB ends its
# member; who leaves is taken off the list before its socket is closed.
# Compare with: send-under-lock, interleaved-writes, handshake-in-accept-loop.
#
# Model: threads
# Service: chat
"""A chat room with threads."""

import socket
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import student
import student_chat

members: list[student_chat.Outbox] = []
lock = threading.Lock()


def serve(connection: socket.socket) -> None:
    """Tells the others what one member says, until it leaves."""
    me = student_chat.Outbox(connection)
    with lock:
        members.append(me)
    try:
        for line in student_chat.lines_of(connection):
            with lock:
                others = [member for member in members if member is not me]
            for member in others:
                member.put(line)
    finally:
        with lock:
            members.remove(me)
        me.end()


student.thread_per_client(student.listen_on(student.port_of_arguments()), serve)
