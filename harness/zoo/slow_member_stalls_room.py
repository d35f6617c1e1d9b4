# slow-member-stalls-room: the members' sockets block, and one that does not read blocks the room.
#
# The symptom: one member presses Ctrl-S, or its laptop goes to sleep, and after a while nobody
# hears anybody any more. When it reads again, all goes on.
# The story: poll says who has something to say, so that recv never blocks. Nobody asks poll whether
# there is room to send: sendall has always returned at once.
# The fix: non-blocking sockets, what send does not take kept in a queue for each member, and
# POLLOUT to know when to go on; and a member whose queue grows too long is dropped.
#
# Model: poll
# Service: chat

import student
import student_chat


class Room(student_chat.Room):
    def send(self, member: student_chat.Member, data: bytes) -> None:
        member.socket.setblocking(True)
        member.socket.sendall(data)
        member.socket.setblocking(False)


Room(student.listen_on(student.port_of_arguments())).run()
