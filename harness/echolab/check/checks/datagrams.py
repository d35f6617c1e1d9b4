"""UDP: datagrams come back, each by itself."""

import contextlib
import random

from echolab.check import process_state
from echolab.check.checks.stream import MESSAGES
from echolab.check.company import DEATH_SECONDS
from echolab.check.datagram_client import LONGEST, Answer, DatagramClient
from echolab.check.outcomes import Failed, Info, Skipped
from echolab.check.payloads import assert_same, numbered_blocks
from echolab.check.registry import check
from echolab.check.specimen import Specimen
from echolab.check.transcript import describe
from echolab.check.trial import DATAGRAM_SERVICES, Trial

SIZES = (1, 1024, 8192, LONGEST)  # bytes; 8192 is what Python's socketserver takes at most
GONE = 5  # clients that do not wait for their answer
FLOOD = 500  # datagrams, from each of three clients
MOST_OF_FLOOD = 2000  # bytes in one of them
ANOTHER_HOST = "127.0.0.2"  # loopback, too
SHOWN = 200  # bytes of a wrong answer, or of last words, that are kept


@check("UDP-1", "a datagram comes back", basic=True, services=DATAGRAM_SERVICES)
def datagram_comes_back(trial: Trial) -> None:
    """Sends five bytes, and then two; expects each back, and nothing else."""
    specimen = trial.start()
    client = DatagramClient("client 1", specimen)
    hello = client.ask(b"hello")
    trial.state(hello_data=hello.datagram)
    _require_answer(trial, specimen, hello, b"hello")
    if hello.datagram != b"hello":
        trial.state(
            surplus=hello.datagram[5:][:SHOWN],
            answer_to_5=len(hello.datagram),
            answer_to_9=len(client.ask(b"good bye!").datagram or b""),
        )
        assert_same(hello.datagram, b"hello")
    second = client.ask(b"ab")
    trial.state(second_answer=(second.datagram or b"")[:SHOWN])
    _require_answer(trial, specimen, second, b"ab")
    assert_same(second.datagram, b"ab")
    surplus = client.receive().datagram
    trial.require(surplus is None, "two answers came to one datagram")


def _require_answer(trial: Trial, specimen: Specimen, answer: Answer, datagram: bytes) -> None:
    if answer.datagram is not None:
        return
    trial.require_alive(specimen, after=f"the datagram {datagram!r}", seconds=DEATH_SECONDS)
    raise Failed(f"the datagram {datagram!r} {_what_came(answer)}")


def _what_came(answer: Answer) -> str:
    if answer.datagram is None:
        return "was refused" if answer.is_refused else "got no answer"
    return f"came back as {describe(answer.datagram)}"


@check("UDP-1b", "every byte value comes back unchanged", services=DATAGRAM_SERVICES)
def every_byte(trial: Trial) -> None:
    """Sends format characters, a NUL, bytes above 127, line ends, then all 256 values."""
    specimen = trial.start()
    client = DatagramClient("client 1", specimen)
    plain = client.ask(b"plain")
    trial.state(wrong_plain=plain.datagram if plain.datagram != b"plain" else None)
    failures: list[Failed] = []
    for message in MESSAGES:
        answer = client.ask(message.data)
        if answer.datagram == message.data:
            continue
        trial.state(**{f"wrong_{message.name}": answer.datagram or b""})
        failures.append(Failed(f"{message.words} {_what_came(answer)}"))
        if answer.datagram is None and specimen.dies_within(DEATH_SECONDS):
            trial.state(**{f"died_of_{message.name}": specimen.how_it_ended()})
        trial.state(last_words_about_bytes=specimen.process.stderr[-SHOWN:])
        if not specimen.is_running():
            specimen = trial.start()
            client = DatagramClient("client 1", specimen)
    if failures:
        raise failures[0]


@check("UDP-2", "datagrams of every length come back whole", services=DATAGRAM_SERVICES)
def every_length(trial: Trial) -> None:
    """Sends datagrams of 1, 1024, 8192 and 65507 bytes, which is the most that IPv4 takes."""
    specimen = trial.start()
    client = DatagramClient("client 1", specimen)
    for size in SIZES:
        datagram = numbered_blocks(size)
        answer = client.ask(datagram).datagram
        if answer is None:
            trial.state(unanswered_length=size)
            trial.require_alive(specimen, f"a datagram of {size} bytes", DEATH_SECONDS)
            raise Failed(f"a datagram of {size} bytes got no answer")
        if answer != datagram and datagram.startswith(answer):
            trial.state(datagram_length=size, datagram_cut_to=len(answer))
        assert_same(answer, datagram)


@check("UDP-2b", "an empty datagram ends nothing", services=DATAGRAM_SERVICES)
def empty_datagram(trial: Trial) -> None:
    """Sends a datagram of 0 bytes, and then hello, which must be answered.

    That the empty one is not answered is reported, and is no failure: some libraries cannot.
    """
    specimen = trial.start()
    client = DatagramClient("client 1", specimen)
    client.echo(b"hello")
    empty = client.ask(b"")
    if specimen.dies_within(0.0 if empty.datagram == b"" else DEATH_SECONDS):
        trial.state(died_of_empty=specimen.how_it_ended())
        raise Failed(f"the server ended ({specimen.how_it_ended()}) after an empty datagram")
    after = client.ask(b"hello").datagram
    if after is None:
        trial.state(deaf_after_empty=True)
        raise Failed("after an empty datagram, the server answers no other")
    assert_same(after, b"hello")
    if empty.datagram is None:
        raise Info("it does not answer empty datagrams")


@check("UDP-3", "clients get what is theirs", services=DATAGRAM_SERVICES)
def clients_kept_apart(trial: Trial) -> None:
    """Lets one client ask, then another, and then both at the same moment, twice."""
    specimen = trial.start()
    first, second = (DatagramClient(f"client {number}", specimen) for number in (1, 2))
    first.echo(b"first")
    answer = second.ask(b"second")
    if answer.datagram is None:
        sockets = process_state.datagram_sockets(specimen.port)
        trial.state(
            second_client_is="refused" if answer.is_refused else "not answered",
            is_connected_to_first=any(found.is_connected for found in sockets),
            first_is_still_served=first.ask(b"again").datagram == b"again",
        )
        raise Failed(f"the second client's datagram {_what_came(answer)}")
    assert_same(answer.datagram, b"second")
    with specimen.frozen():
        for word in (b"one", b"two"):
            first.send(b"first " + word)
            second.send(b"second " + word)
    for client, name in ((first, b"first "), (second, b"second ")):
        answers = {client.receive().datagram for _ in range(2)}
        due = {name + b"one", name + b"two"}
        trial.state(datagrams_mixed_up=not answers <= due and None not in answers)
        trial.require(answers == due, f"{client.name} got {answers}, and not {due}")


@check("UDP-4", "a client that has gone harms nobody", services=DATAGRAM_SERVICES)
def clients_that_have_gone(trial: Trial) -> None:
    """Stops the server; five clients send and close, so that their answers find nobody.

    Then the server goes on, and another client must be served.
    """
    specimen = trial.start()
    client = DatagramClient("client 1", specimen)
    client.echo(b"hello")
    with specimen.frozen():
        for number in range(GONE):
            with DatagramClient(f"client {number + 2}", specimen) as hasty:
                hasty.send(b"anybody here?")
    specimen.wait_until_quiet()
    answers = [client.ask(b"still there?").datagram for _ in range(2)]
    if answers[-1] is None:
        specimen.dies_within(DEATH_SECONDS)
        trial.state(
            end_by_gone_client=specimen.how_it_ended() or "it runs, and answers nobody",
            words_about_gone_client=specimen.process.last_words(),
        )
        end = specimen.how_it_ended()
        raise Failed(f"after clients had gone, the server {f'ended: {end}' if end else 'is deaf'}")
    trial.require(None not in answers, "after clients had gone, a datagram was lost")
    assert_same(answers[-1], b"still there?")


@check("UDP-5", "a flood of garbage harms nobody", services=DATAGRAM_SERVICES)
def flood(trial: Trial) -> None:
    """Has three clients send 500 datagrams of random bytes each, and not read the answers.

    Then the server must be at rest, and serve another client.
    """
    specimen = trial.start()
    chance = random.Random(862)
    with contextlib.ExitStack() as crowd:
        clients = [
            crowd.enter_context(DatagramClient(f"client {n}", specimen)) for n in (1, 2, 3)
        ]
        specimen.note(f"is flooded with {len(clients) * FLOOD} datagrams")
        for client in clients * FLOOD:
            with contextlib.suppress(ConnectionRefusedError):
                client.socket.send(chance.randbytes(chance.randrange(1, MOST_OF_FLOOD)))
        specimen.comes_to(lambda: False)
    trial.require_alive(specimen, after="a flood of datagrams")
    is_spinning = specimen.spins()
    trial.state(spins_after_flood=is_spinning)
    trial.require(not is_spinning, "it keeps a processor busy when the flood is over")
    DatagramClient("client 4", specimen).echo(b"hello")


@check("UDP-6", "it does not answer what comes from a server's port", services=DATAGRAM_SERVICES)
def answers_to_servers(trial: Trial) -> None:
    """Sends a datagram from another address, and from the port that the server itself has."""
    specimen = trial.start()
    try:
        other = DatagramClient("another server", specimen, (ANOTHER_HOST, specimen.port))
    except OSError as reason:
        raise Skipped(f"the server has its port at {ANOTHER_HOST}, too") from reason
    answer = other.ask(b"hello").datagram
    trial.state(answers_servers=answer is not None)
    if answer is not None:
        raise Info("it answers servers, too: two of its kind could answer each other for ever")
