"""Bugs that use up what the machine has: descriptors, threads, processes, memory, processors."""

from echolab.check.diagnosis import Finding, Tier, bug, certain, likely, possible
from echolab.check.trial import Facts

MEBIBYTE = 1024 * 1024


def _kept(facts: Facts, name: str) -> int:
    """Returns how many of something are kept, if that is one for nearly every client; else 0."""
    kept, clients = facts[name] or 0, facts["came_and_left"] or 0
    return kept if clients and kept > clients / 2 else 0


def _first_process_keeps_them(facts: Facts) -> bool:
    return facts["growth"] == "fork" and _kept(facts, "sockets_kept_by_first_process") > 0


@bug(
    "no-close",
    "does not close the socket of a client that has left",
    tier=Tier.DIES_OR_LEAKS,
    question="When recv returns 0, what happens to the descriptor of that client?",
    pointer="close(2); recv(2): 0 is the end of the stream; RES-3 in docs/protocol.md",
    remedy="Close the client's socket on every way out of its loop.",
    hides=("memory-growth", "emfile-wedged"),
)
def no_close(facts: Facts) -> Finding | None:
    """Nearly every client leaves an open socket, and it is not a parent's copy."""
    sockets = _kept(facts, "sockets_kept")
    if sockets and not _first_process_keeps_them(facts):
        return certain(
            f"{facts['came_and_left']} clients have left, and {sockets} sockets are still open"
        )
    return None


@bug(
    "parent-fd-leak",
    "keeps the parent's copy of each client's socket open",
    tier=Tier.DIES_OR_LEAKS,
    question="After fork there are two descriptors for the client. Who closes the parent's?",
    pointer="fork(2): the child gets copies of all descriptors; 06_multiprocess",
    remedy="In the parent, close the client's socket right after fork.",
    hides=("no-close", "memory-growth", "emfile-wedged"),
)
def parent_fd_leak(facts: Facts) -> Finding | None:
    """The children are gone, and their clients' sockets are in the first process."""
    if _first_process_keeps_them(facts):
        sockets = facts["sockets_kept_by_first_process"]
        clients = facts["came_and_left"]
        return certain(
            f"{clients} clients have left, and the first process holds {sockets} of their sockets:"
            " so the connections never end"
        )
    return None


@bug(
    "zombies",
    "never waits for its children, which stay as zombies",
    tier=Tier.DIES_OR_LEAKS,
    question="Who asks for the exit status of a child that has ended?",
    pointer="wait(2), NOTES, zombies; signal(7), SIGCHLD",
    remedy="Handle SIGCHLD by waitpid(-1, NULL, WNOHANG) in a loop (or ignore SIGCHLD).",
    hides=("sigchld-once",),
)
def zombies(facts: Facts) -> Finding | None:
    """Children that ended one by one are still there."""
    left, children = facts["zombies_after_turns"] or 0, facts["children"] or 0
    if children and left > children / 2:
        return certain(f"{children} clients have left in turn, and {left} zombies are still there")
    return None


@bug(
    "sigchld-once",
    "waits for one child for each SIGCHLD",
    tier=Tier.DIES_OR_LEAKS,
    question="If twelve children end at the same moment, how many signals arrive?",
    pointer="signal(7): standard signals do not queue; waitpid(2), WNOHANG",
    remedy="In the handler: while (waitpid(-1, NULL, WNOHANG) > 0) {}",
)
def sigchld_once(facts: Facts) -> Finding | None:
    """Only those that ended at one moment are still there."""
    left, children = facts["zombies_after_crowd"] or 0, facts["children"] or 0
    if (facts["zombies_after_turns"] or 0) <= children / 2 < left:
        return certain(
            f"of {children} children that ended at one moment, {left} are still there as zombies;"
            " those that ended one by one are not"
        )
    return None


@bug(
    "thread-not-joined",
    "neither joins nor detaches its threads",
    tier=Tier.DIES_OR_LEAKS,
    question="Who gives back the stack of a thread that has ended?",
    pointer="pthread_join(3), NOTES, zombie threads; pthread_detach(3)",
    remedy="Detach each thread when it is created, or join it when it has ended.",
    hides=("memory-growth",),
)
def thread_not_joined(facts: Facts) -> Finding | None:
    """The threads are gone, and the address space has grown by a stack for each."""
    each = facts["address_space_per_client"] or 0
    if facts["growth"] == "thread" and each > MEBIBYTE // 2 and not _kept(facts, "tasks_kept"):
        return certain(
            f"every client leaves {each // 1024} KiB of address space behind, the size of a stack,"
            " although its thread has ended"
        )
    return None


@bug(
    "memory-growth",
    "keeps memory for every client that it has ever served",
    tier=Tier.DIES_OR_LEAKS,
    question="What do you store for a client, and who removes it when the client has left?",
    pointer="RES-6 in docs/protocol.md; valgrind(1) or -fsanitize=leak name the place",
    remedy="Remove all that belongs to a client at the place where its socket is closed.",
)
def memory_growth(facts: Facts) -> Finding | None:
    """The memory grows by as much, again and again, for each further client."""
    each = facts["bytes_per_client"] or 0
    if each >= 1024:
        return likely(f"each of hundreds of clients left {each} bytes that stay in use")
    return None


@bug(
    "unbounded-buffer",
    "receives for a client that does not read, without limit",
    tier=Tier.DIES_OR_LEAKS,
    question="How much does your server store for a client that sends and never reads?",
    pointer="poll(2): watch for POLLIN only while there is room; 03_select/connection.cpp; RES-1",
    remedy="While more than some 64 KiB wait to be sent, do not receive from that client.",
)
def unbounded_buffer(facts: Facts) -> Finding | None:
    """Its memory grows with what a client sends that never reads."""
    hoarded = facts["hoarded_bytes"] or 0
    if hoarded > 16 * MEBIBYTE:
        without_end = "; it would have taken still more" if facts["took_without_end"] else ""
        return certain(
            f"its memory grew by {hoarded // MEBIBYTE} MiB for a client that sent and did not read"
            + without_end
        )
    return None


@bug(
    "busy-poll",
    "asks again and again instead of waiting",
    tier=Tier.LIMITS_AND_LIFE,
    question="Where does your server wait while nothing happens?",
    pointer="poll(2), timeout -1; select(2), timeout NULL; 03_select/busy_poll_server.cpp",
    remedy="Block in poll, select or epoll_wait (or in accept and recv) until there is something.",
    hides=("pollout-always", "eof-spin", "hup-ignored", "emfile-spin", "eagain-spin"),
)
def busy_poll(facts: Facts) -> Finding | None:
    """It is busy without any client, or each client's own thread or process is."""
    if facts["spins_with"] == "no client":
        return certain("it keeps a processor busy before any client has come")
    if facts["spins_with"] == "an idle client" and facts["growth"] in ("thread", "fork"):
        return likely(f"the {facts['growth']} of an idle client keeps a processor busy")
    return None


@bug(
    "pollout-always",
    "asks for room to send when it has nothing to send",
    tier=Tier.LIMITS_AND_LIFE,
    question="When is a socket that nobody fills ready for sending?",
    pointer="poll(2), POLLOUT; epoll(7), level-triggered; 03_select/connection.cpp",
    remedy="Ask for POLLOUT (EPOLLOUT, the write set) only while something waits to be sent.",
    hides=("eof-spin", "hup-ignored", "emfile-spin"),
)
def pollout_always(facts: Facts) -> Finding | None:
    """One silent client suffices to keep it busy, and none does not."""
    if facts["spins_with"] == "an idle client" and facts["growth"] not in ("thread", "fork"):
        return likely("it rests without clients, and one silent client keeps a processor busy")
    return None


@bug(
    "eof-spin",
    "does not take the end of the stream for the end",
    tier=Tier.DIES_OR_LEAKS,
    question="What does recv return when the client has closed, and how often?",
    pointer="recv(2), RETURN VALUE: 0 is the end of the stream, each time it is asked for",
    remedy="When recv returns 0, send what is still owed, then close; never go on receiving.",
    hides=("no-close", "hup-ignored", "memory-growth", "emfile-wedged", "parent-fd-leak"),
)
def eof_spin(facts: Facts) -> Finding | None:
    """It is busy from the moment in which a client closes."""
    if facts["spins_with"] == "a client that has left":
        return certain("after a client had closed its connection, a processor was kept busy")
    if facts["spins_with_stalled"] == "a client that does not read and sends no more":
        return possible(
            "while it owed bytes to a client that had finished sending, a processor was kept busy"
        )
    return None


@bug(
    "hup-ignored",
    "ignores POLLHUP and POLLERR, which are then reported for ever",
    tier=Tier.DIES_OR_LEAKS,
    question="Which events does poll report that you have not asked for?",
    pointer="poll(2), POLLERR and POLLHUP; epoll_ctl(2), EPOLLHUP",
    remedy="Treat POLLHUP and POLLERR like readiness to read: recv then says what happened.",
    hides=("fd-leak-on-reset",),
)
def hup_ignored(facts: Facts) -> Finding | None:
    """It is busy after a reset, and not after an orderly end."""
    if facts["spins_with"] == "a client that has reset":
        return certain("after a client had reset its connection, a processor was kept busy")
    return None


@bug(
    "eagain-spin",
    "tries again and again to send to a client that has no room",
    tier=Tier.HARMS_OTHERS,
    question="What does your server do when send answers EAGAIN?",
    pointer="send(2), EAGAIN; poll(2), POLLOUT; 03_select/connection.cpp",
    remedy="Keep what could not be sent, and wait for POLLOUT before trying again.",
    hides=("slow-reader-blocks-others",),
)
def eagain_spin(facts: Facts) -> Finding | None:
    """It rests with all other clients, and not with one that does not read."""
    if facts["spins_with_stalled"] == "a client that does not read":
        return likely("while a client did not read its answers, a processor was kept busy")
    return None
