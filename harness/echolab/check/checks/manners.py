"""SERV: echo with manners, which the course varies: greeting, terminator and limit."""

from echolab.check.client import Client
from echolab.check.outcomes import Failed
from echolab.check.payloads import assert_same
from echolab.check.registry import check
from echolab.check.trial import Trial
from echolab.variants import SERVICE, THE_KITS

POLITE = (SERVICE,)
ENDLESS = 3  # times the limit, in what is no line, since it has no end


# Before all others, in whose answers the clients pass over what they take for a greeting.
@check("SERV-11", "a newcomer is greeted", basic=True, alone=True, services=POLITE)
def greets(trial: Trial) -> None:
    """Connects and says nothing: a line must come, whatever it says."""
    client = trial.start().connect()
    unasked = client.read(1)
    if unasked.data or not client.greeting.endswith(b"\n"):
        heard = repr(client.greeting) if client.greeting else "nothing"
        raise Failed(f"a line was due to a client that has connected, and {heard} came")


@check("SERV-11b", "the greeting is the one agreed upon", services=POLITE)
def greets_in_these_words(trial: Trial) -> None:
    """Connects twice, and compares what comes with the greeting."""
    specimen = trial.start()
    for _ in range(2):
        with specimen.connect() as client:
            client.read(1)
        assert_same(client.greeting, trial.variant.greeting.encode() + b"\n")


@check("SERV-12", "a line that is the farewell ends the conversation", services=POLITE)
def says_farewell(trial: Trial) -> None:
    """Says what is none, among that words in which it occurs, and then the farewell, in two pieces:
    all comes back, and behind it the end. Another client ends its farewell with CRLF.
    """
    farewell = trial.variant.terminator.encode()
    specimen = trial.start()
    with specimen.connect() as client:
        for word in (b"hello", b"", farewell + b"!", b"no " + farewell, *_others(farewell)):
            _expect_back(client, word + b"\n")
        _expect_back(client, farewell[:2])
        _expect_last(client, farewell[2:] + b"\n")
    with specimen.connect() as client:
        _expect_last(client, farewell + b"\r\n")


def _others(farewell: bytes) -> list[bytes]:
    """Returns the word that would be the farewell without a variant, if it is another one."""
    usual = THE_KITS.terminator.encode()
    return [] if usual == farewell else [usual]


@check("SERV-13", "a line that is too long ends the conversation", services=POLITE)
def bounds_lines(trial: Trial) -> None:
    """Sends a line of as many bytes as may be, ended by LF and by CRLF, and more bytes without any
    end: all comes back. Another client sends a line of one byte more: that comes back, and the end.
    """
    limit = trial.variant.limit_bytes
    specimen = trial.start()
    with specimen.connect() as client:
        _expect_back(client, b"x" * limit + b"\n")
        _expect_back(client, b"y" * limit + b"\r\n")
        _expect_back(client, b"z" * limit * ENDLESS)
    with specimen.connect() as client:
        _expect_back(client, b"short\n")
        _expect_last(client, b"x" * (limit + 1) + b"\n")


def _expect_back(client: Client, data: bytes) -> None:
    reply = client.ask(data)
    if reply.is_disconnection:
        raise Failed(f"the conversation ended with a line that is none of the last: {data[:40]!r}")
    assert_same(reply.data, data)


def _expect_last(client: Client, data: bytes) -> None:
    assert_same(client.ask(data).data, data)
    client.expect_end()
