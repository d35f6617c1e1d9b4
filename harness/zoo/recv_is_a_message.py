# recv-is-a-message: what one recv returns is told to the others as one message.
#
# The symptom: when two members type at the same time over a slow line, their words come in pieces,
# one within the other's.
# The story: at the author's desk each recv returns one line, since each send was one line, and was
# alone on its way. TCP promises no such thing: it carries bytes, and where one message ends is for
# the receiver to find out.
# The fix: keep what has come of a line, for each member, until its end has come, too.
#
# Model: poll
# Service: chat

import student
import student_chat


class Room(student_chat.Room):
    def hear(self, member: student_chat.Member, data: bytes) -> None:
        self.tell_others(member, data)


Room(student.listen_on(student.port_of_arguments())).run()
