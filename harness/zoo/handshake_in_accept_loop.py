# handshake-in-accept-loop: a newcomer is asked for its name before it gets a thread.
#
# The symptom: somebody connects and says nothing, a port scanner for instance; all who come later
# wait for ever, though those in the room go on talking.
# The story: the name is needed to announce the newcomer, and so it is asked for right after accept.
# The author's client sends it at once.
# The fix: start the thread first, and ask for the name there.
#
# Model: threads
# Service: chat

import threading

import student
import student_chat

members: list[student_chat.Outbox] = []
lock = threading.Lock()


def tell_others(author: student_chat.Outbox | None, line: bytes) -> None:
    with lock:
        others = [member for member in members if member is not author]
    for member in others:
        member.put(line)


def serve(me: student_chat.Outbox, name: bytes) -> None:
    tell_others(me, b"* " + name + b" joined\n")
    try:
        for line in student_chat.lines_of(me.socket):
            tell_others(me, name + b": " + line)
    except OSError:
        pass  # it has gone
    finally:
        with lock:
            members.remove(me)
        me.end()
        me.socket.close()


def name_of_newcomer(me: student_chat.Outbox) -> bytes:
    me.put(b"what is your name?\n")
    try:
        return next(student_chat.lines_of(me.socket), b"").strip()
    except OSError:
        return b""  # it has gone


listener = student.listen_on(student.port_of_arguments())
while True:
    newcomer = student_chat.Outbox(student.next_client(listener))
    if name := name_of_newcomer(newcomer):
        with lock:
            members.append(newcomer)
        threading.Thread(target=serve, args=(newcomer, name), daemon=True).start()
    else:
        newcomer.end()
        newcomer.socket.close()
