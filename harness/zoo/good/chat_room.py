# chat-room: nothing is wrong here. One thread keeps a chat room, by poll.
#
# What it takes care of: a line is told when it has come whole; what a member has no room for waits,
# up to a MiB, and then that member is dropped; whose socket fails is dropped, and the others get
# the line all the same; the list of members is never changed while somebody goes through it.
# Compare with: recv-is-a-message, slow-member-stalls-room, stale-member, broadcast-stops-at-dead.
#
# Model: poll
# Service: chat
"""A chat room with an event loop."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import student
import student_chat

student_chat.Room(student.listen_on(student.port_of_arguments())).run()
