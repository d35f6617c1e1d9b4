"""Bugs in how a server ends, and starts again."""

from echolab.check.diagnosis import Finding, Tier, bug, certain, likely
from echolab.check.trial import Facts


@bug(
    "sigterm-ignored",
    "does not end on SIGTERM",
    tier=Tier.LIMITS_AND_LIFE,
    question="How does a service manager, or kill, ask your server to end?",
    pointer="signal(7), SIGTERM; systemd.kill(5); common/shutdown.h",
    remedy="Leave SIGTERM its default action, or let its handler make the server end.",
    hides=("listener-survives-parent",),
)
def sigterm_ignored(facts: Facts) -> Finding | None:
    """Neither the signal ends it, nor a connection afterwards."""
    if facts["ended_only_by"] == "":
        return certain("three seconds after SIGTERM, and one connection later, it was still there")
    return None


@bug(
    "sigterm-flag-restart",
    "looks at its end flag only when the call in which it waits returns",
    tier=Tier.LIMITS_AND_LIFE,
    question="Your handler sets a flag. What makes accept return, so that somebody looks at it?",
    pointer="sigaction(2), SA_RESTART; signal(7); pselect(2) tells of the race that remains",
    remedy="Let the handler wake the loop: write to a pipe that it polls, or close the listener.",
)
def sigterm_flag_restart(facts: Facts) -> Finding | None:
    """The signal is not enough, and one more connection is."""
    if facts["ended_only_by"]:
        return certain(
            f"SIGTERM alone did not end it; {facts['ended_only_by']} after it did: it had gone on"
            " waiting"
        )
    return None


@bug(
    "shutdown-waits-for-clients",
    "does not end on SIGTERM while a client is connected",
    tier=Tier.LIMITS_AND_LIFE,
    question="Your server stops accepting. Who ends the connections that there are?",
    pointer="LIFE-6 in docs/protocol.md; systemd.kill(5), TimeoutStopSec; common/shutdown.h",
    remedy="Answer what has arrived, end the clients' connections, and set a limit of a second or "
    "two, after which those that are left are closed.",
)
def shutdown_waits_for_clients(facts: Facts) -> Finding | None:
    """The signal ends it when its silent client has left, and not before."""
    if facts["ended_only_without_clients"]:
        return certain("SIGTERM alone did not end it; when its only client had left, it ended")
    return None


@bug(
    "listener-survives-parent",
    "leaves a process behind that still listens",
    tier=Tier.LIMITS_AND_LIFE,
    question="Which of your processes have the listening socket open, and who ends them?",
    pointer="fork(2): descriptors are copied; close(2); prctl(2), PR_SET_PDEATHSIG; LIFE-9",
    remedy="Close the listening socket in each child, and end the children with their parent.",
)
def listener_survives_parent(facts: Facts) -> Finding | None:
    """The first process has ended, and the port is still listened on."""
    if facts["listens_after_its_end"]:
        return certain("it had ended, and another process of it still listened on the port")
    return None


@bug(
    "no-reuseaddr",
    "cannot start again while old connections linger in TIME_WAIT",
    tier=Tier.LIMITS_AND_LIFE,
    question="Who still uses the port when your server has ended?",
    pointer="socket(7), SO_REUSEADDR; tcp(7); RFC 9293, 3.6.1, TIME-WAIT",
    remedy="Set SO_REUSEADDR on the listening socket, before bind.",
)
def no_reuseaddr(facts: Facts) -> Finding | None:
    """It does not start on a port on which nobody listens, but a connection lingers."""
    if facts["restart_end"] and facts["restart_while_time_wait"]:
        return certain(
            f"started again at once, it did not listen ({facts['restart_end']}), while an old"
            " connection lingered in TIME_WAIT"
        )
    return None


@bug(
    "inflight-loss-at-shutdown",
    "ends on SIGTERM without answering what it has received",
    tier=Tier.ADVISORY,
    question="Your server catches SIGTERM. What about bytes that have arrived before it?",
    pointer="LIFE-5 in docs/protocol.md; RFC 2525, 2.17; common/shutdown.h",
    remedy="Stop accepting, receive and answer until nothing is there, then end.",
)
def inflight_loss_at_shutdown(facts: Facts) -> Finding | None:
    """It ends by itself, rather than by the signal, and bytes are lost."""
    if facts["lost_at_shutdown"]:
        return likely(
            f"{facts['lost_at_shutdown']} bytes had arrived before SIGTERM; it caught that signal,"
            f" ended ({facts['shutdown_end']}), and never answered them"
        )
    return None
