# stale-member: a member that leaves is closed, and stays in the list of members.
#
# The symptom: somebody leaves in good order, and all is well; then somebody else speaks, and the
# room is gone, with an exception about a socket that is not registered, or closed.
# The story: closing the socket on every way out is what one remembers. The list is another matter,
# and the mistake shows elsewhere, and later: when a line is sent to all.
# The fix: take the member off the list where its socket is closed.
#
# Model: poll
# Service: chat

import student
import student_chat


class Room(student_chat.Room):
    def drop(self, member: student_chat.Member) -> None:
        self.selector.unregister(member.socket)
        member.socket.close()


Room(student.listen_on(student.port_of_arguments())).run()
