# broadcast-stops-at-dead: when a line cannot be sent to one member, those behind it do not get it.
#
# The symptom: a member's machine crashes in the middle of a talk, and some of the others miss a
# line: always those who came after it.
# The story: sending can fail, so there is a try. That it stands around the loop, and not inside it,
# makes no difference while nobody dies.
# The fix: put the try inside the loop; each member's trouble is its own.
#
# Model: poll
# Service: chat

import student
import student_chat


class Room(student_chat.Room):
    def tell_others(self, author: student_chat.Member, line: bytes) -> None:
        try:
            for member in list(self.members):
                if member is not author:
                    self.send(member, line)
        except OSError:
            self.drop(member)


Room(student.listen_on(student.port_of_arguments())).run()
