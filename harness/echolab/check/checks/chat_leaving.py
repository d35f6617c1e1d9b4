"""CHAT: members that leave a room, in good order or not."""

from collections.abc import Sequence

from echolab.check.chat_room import Member, Room
from echolab.check.company import DEATH_SECONDS
from echolab.check.fault_injection import ANY_SEND
from echolab.check.outcomes import Failed, Skipped
from echolab.check.registry import check
from echolab.check.specimen import Holdings, Specimen
from echolab.check.trial import Trial

CHAT = ("chat",)
ROUNDS = 3
LEAVERS = 6
AUDIENCE = 10  # of whom three die: two live behind each of these
FEWEST = 4  # of whom one dies
SEND_DELAY_MICROSECONDS = 20_000
SPARE_SOCKETS = 2  # that a runtime may have made for itself meanwhile
SHOWN = 400  # bytes of last words that are kept


@check("CHAT-16", "members that die while others talk harm nobody", services=CHAT)
def death_in_mid_broadcast(trial: Trial) -> None:
    """Stops the server. A member says a line, and three of those who are to hear it reset their
    connections. When the server goes on, all others must hear that line, and the next ones.
    """
    is_race = trial.known["growth"] in ("thread", "fork")
    for _ in range(ROUNDS if is_race else 1):
        _let_three_die(trial)


def _let_three_die(trial: Trial) -> None:
    specimen = trial.start()
    room = Room(specimen)
    speaker, *others = room.gather(1 + AUDIENCE)
    if len(others) < FEWEST:
        raise Skipped(f"it admits {1 + len(others)} members only")
    dead, living = others[1::3], [m for m in others if m not in others[1::3]]
    room.settle()
    words = speaker.words()
    with specimen.frozen():
        speaker.say(words)
        for number, member in enumerate(dead):
            if number % 2 == 0:
                member.client.finish_sending()  # a RST after a FIN: sending then raises SIGPIPE
            member.client.reset()
    missed = room.who_misses([words], living)
    doubled = [member for member in living if bytes(member.heard).count(words) > 1]
    later = [speaker.words() for _ in range(2)]
    for line in later:
        room.settle()
        speaker.say(line)
    missed_later = room.who_misses(later, living)
    if missed or missed_later or doubled:
        place = room.members.index
        trial.state(
            killed_members=[place(member) for member in dead],
            missed_at_death=[place(member) for member in missed],
            missed_later=[place(member) for member in missed_later],
            doubled_at_death=[place(member) for member in doubled],
            living_members=[place(member) for member in living],
            speaker_was_cut=speaker.is_gone(),
        )
    _require_harmless(trial, specimen, "mid_broadcast", "members had died in mid-broadcast")
    what = "hear a line twice" if doubled else "miss a line"
    trial.require(not missed and not doubled, f"when three members die, others {what}")
    trial.require(not missed_later, "since three members have died, others hear nothing")


def _require_harmless(trial: Trial, specimen: Specimen, fact: str, after: str) -> None:
    """Fails if the server has died, and states how, and with which last words."""
    is_silent = not specimen.process.stderr
    if specimen.dies_within(0.0 if is_silent else DEATH_SECONDS):
        end = specimen.how_it_ended()
        trial.state(**{f"{fact}_death": end, f"{fact}_words": specimen.process.stderr[-SHOWN:]})
        trial.state(death_by_sending=end)
        raise Failed(f"the server died ({end}) after {after}")
    trial.state(**{f"{fact}_words": specimen.process.stderr[-SHOWN:]})


@check("CHAT-12", "a member that has left is forgotten", services=CHAT)
def leavers_are_forgotten(trial: Trial) -> None:
    """Has six members leave, half of them by a reset; after each, a line must reach the others.

    Then a newcomer must hear each line once, and the sockets, threads and processes of those who
    left must be back. Whenever nobody speaks, no processor may be used.
    """
    specimen = trial.start()
    _require_rest(trial, specimen, "no client")
    room = Room(specimen)
    speaker, early = room.gather(2)
    _require_rest(trial, specimen, "an idle client")
    warm = room.enter()
    _leave(trial, room, warm, by_reset=False)
    _require_heard_after_leave(trial, room, speaker, [early], by_reset=False)
    before = specimen.holdings()
    leavers = room.gather(LEAVERS)
    late = room.gather(1)[0]
    for number, leaver in enumerate(leavers):
        by_reset = number >= len(leavers) // 2
        _leave(trial, room, leaver, by_reset)
        if number in (0, len(leavers) // 2):  # the first of its kind
            _require_rest(trial, specimen, f"a client that has {'reset' if by_reset else 'left'}")
        _require_heard_after_leave(trial, room, speaker, [early, late], by_reset)
    # Two: a server that waits in accept has taken a descriptor for the first already.
    newcomers = room.gather(2)
    words = speaker.words()
    speaker.say(words)
    newcomers[-1].hears([words])
    newcomers[-1].listen()
    times = bytes(newcomers[-1].heard).count(words)
    trial.state(newcomer_hears_times=times)
    trial.require(times == 1, f"a member that came later hears each line {times} times")
    for member in (late, *newcomers):
        member.drain()
        member.client.close()
    _require_given_back(trial, specimen, before, len(leavers) + 3)


def _leave(trial: Trial, room: Room, leaver: Member, by_reset: bool) -> None:
    """Has a member leave; fails if that, before anybody has spoken, has ended the server."""
    leaver.drain()  # a close with data unread is a reset, too
    if by_reset:
        leaver.client.reset()
    else:
        leaver.client.close()
    room.settle()
    if room.specimen.is_running():
        return
    end = room.specimen.how_it_ended()
    if by_reset:
        trial.state(death_by_reset=end, reset_moment="while idle")
    raise Failed(f"the server died ({end}) when a member {'reset' if by_reset else 'left'}")


def _require_rest(trial: Trial, specimen: Specimen, with_: str) -> None:
    """Fails if the server is busy, though nobody speaks."""
    if specimen.spins():
        trial.state(spins_with=with_)
        raise Failed(f"it keeps a processor busy with {with_}")


def _require_heard_after_leave(
    trial: Trial, room: Room, speaker: Member, listeners: Sequence[Member], by_reset: bool
) -> None:
    for attempt in range(2):  # a second send finds what the first one was answered with
        words = speaker.words()
        speaker.say(words)
        deaf = room.who_misses([words], listeners)
        if not deaf and room.specimen.is_running():
            continue
        how = "reset its connection" if by_reset else "left"
        trial.state(
            deaf_since_one_left=[room.members.index(member) for member in deaf],
            left_by="RST" if by_reset else "FIN",
            lines_since_left=attempt + 1,
            speaker_cut_since_left=speaker.is_gone(),
        )
        _require_harmless(trial, room.specimen, "leave", f"a member had {how}")
        raise Failed(f"since a member has {how}, {deaf[0].client.name} hears nothing")


def _kept(specimen: Specimen, before: Holdings) -> dict[str, int]:
    """Returns what the server holds beyond what it held before."""
    now = specimen.holdings()
    return {
        "sockets": now.sockets - before.sockets,
        "threads": now.tasks - before.tasks,
        "processes": now.processes - before.processes,
    }


def _require_given_back(trial: Trial, specimen: Specimen, before: Holdings, count: int) -> None:
    specimen.comes_to(lambda: max(_kept(specimen, before).values()) <= 0)
    left = _kept(specimen, before)
    trial.state(
        came_and_left=count,
        sockets_kept=left["sockets"],
        tasks_kept=left["threads"],
        processes_kept=left["processes"],
    )
    for what, number in left.items():
        is_leak = number > (SPARE_SOCKETS if what == "sockets" else count / 2)
        trial.require(not is_leak, f"{count} members have left, and {number} {what} are kept")


@check("CHAT-12b", "one who leaves while a line is told costs nobody that line", services=CHAT)
def leaving_in_mid_broadcast(trial: Trial) -> None:
    """Has one member speak, and strace delay each send of the server; so there is time for another
    one, who has heard the line already, to leave before all have. All others must hear it.
    """
    if trial.known["growth"] != "thread":
        return  # one thread tells the line to all, and then looks who has left
    for _ in range(2):
        _leave_while_told(trial)


def _leave_while_told(trial: Trial) -> None:
    specimen = trial.start()
    room = Room(specimen)
    speaker, leaver, *others = room.gather(2 + AUDIENCE)
    if len(others) < FEWEST:
        raise Skipped(f"it admits {2 + len(others)} members only")
    room.settle()
    room.forget()
    words = speaker.words()
    with trial.faults(specimen, f"{ANY_SEND}:delay_enter={SEND_DELAY_MICROSECONDS}"):
        speaker.say(words)
        leaver.hears([words])
        leaver.client.close()
        missed = room.who_misses([words], others)
    again = speaker.words()
    speaker.say(again)
    missed_later = room.who_misses([again], others)
    end = specimen.how_it_ended() if specimen.dies_within(0.0) else ""
    if missed or missed_later or end:
        trial.state(
            missed_beside_leaver=[room.members.index(member) for member in missed],
            missed_since_leaver=[room.members.index(member) for member in missed_later],
            death_beside_leaver=end,
            words_beside_leaver=specimen.process.stderr[-SHOWN:],
        )
    trial.require(not end, f"the server died ({end}) when a member left while a line was told")
    trial.require(not missed, "a member left while a line was told, and others miss the line")
    trial.require(not missed_later, "a member left while a line was told; others hear no more")
