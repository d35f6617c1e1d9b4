"""ECHO: one client's stream comes back, whole and unchanged."""

from echolab.check.client import Client, Ending
from echolab.check.outcomes import Failed
from echolab.check.payloads import EVERY_BYTE, assert_same, numbered_blocks
from echolab.check.registry import check
from echolab.check.specimen import Specimen
from echolab.check.trial import Trial

FITS_THE_WINDOW = 20_000  # bytes that a stopped server's kernel takes in at once
NUDGES = 40  # of 256 bytes: more than any buffer that a server may want to fill first
NUDGE_BYTES = 256


@check("ECHO-3", "a short message is answered at once", basic=True)
def short_message(trial: Trial) -> None:
    """Sends five bytes without a newline, and waits for them; then two more.

    If nothing comes back, it tries what the server may be waiting for: a newline, more bytes, the
    end of the stream.
    """
    specimen = trial.start()
    client = specimen.connect()
    reply = client.ask(b"hello")
    trial.state(hello_ending=reply.ending, hello_data=reply.data)
    if reply.ending is Ending.STUCK and not reply.data:
        trial.state(released_by=_what_releases(client))
    if reply.is_disconnection or not specimen.is_running():
        trial.require_alive(specimen, after="the first message", seconds=0.7)
    assert_same(reply.data, b"hello")
    _no_surplus(trial, specimen, client)
    second = client.ask(b"ab")
    trial.state(second_data=second.data, second_ending=second.ending)
    assert_same(second.data, b"ab")
    surplus = client.read(1)
    trial.state(stale=surplus.data != b"")
    trial.require(not surplus.data, "bytes of an earlier message came again")


def _no_surplus(trial: Trial, specimen: Specimen, client: Client) -> None:
    after = client.read(1 << 20)
    trial.state(surplus_bytes=len(after.data), after_hello=after.ending)
    trial.require(not after.data, f"{len(after.data)} more bytes came than were sent")
    if after.is_disconnection:
        trial.state(echoed_of_20000=_echoed_when_all_is_there(specimen))
        raise Failed(f"the server ended the connection after one message ({after.ending.value})")


def _echoed_when_all_is_there(specimen: Specimen) -> int:
    """Tells a server that receives once from one that stops when nothing is there at the moment."""
    if not specimen.is_running():
        return 0
    client = specimen.connect()
    with specimen.frozen():
        client.send(numbered_blocks(FITS_THE_WINDOW))
    return len(client.read(FITS_THE_WINDOW).data)


def _what_releases(client: Client) -> str:
    """Returns after what the server echoes at last: "newline", "256 bytes", "end of stream"."""
    if client.ask(b"\n", 1).data:
        return "newline"
    for count in range(1, NUDGES + 1):
        reply = client.ask(b"z" * NUDGE_BYTES, 1)
        if reply.data:
            return f"{count * NUDGE_BYTES} bytes"
        if reply.is_disconnection:
            return ""
    client.finish_sending()
    return "end of stream" if client.read_to_end().data else ""


@check("ECHO-1", "every byte value comes back unchanged", basic=True)
def every_byte(trial: Trial) -> None:
    """Sends format characters, a NUL, bytes above 127, line ends, then all 256 values."""
    specimen = trial.start()
    messages = {
        "format": b"%x.%x.%d %s",
        "nul": b"ab\0cd",
        "high": bytes(range(128, 256)),
        "line ends": b"a\r\nb\nc\rd\r\n",
        "all values": EVERY_BYTE,
    }
    for name, message in messages.items():
        client = specimen.connect()
        reply = client.ask(message)
        if reply.data != message:
            trial.state(mangled=name, mangled_into=reply.data, mangled_ending=reply.ending)
            trial.require_alive(specimen, after=f"a message with {name}", seconds=0.7)
        assert_same(reply.data, message)
        client.close()
