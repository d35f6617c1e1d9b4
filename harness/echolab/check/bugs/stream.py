"""Bugs in the stream of one client."""

import re

from echolab.check.checks.stream import (
    BURST_BYTES,
    HIGH_BYTES,
    LINE_ENDS,
    MOST_OF_ONE_RECEIVE,
    PROMPT_ANSWERS,
)
from echolab.check.client import Ending
from echolab.check.diagnosis import Finding, Tier, bug, certain, likely, possible
from echolab.check.trial import Facts

MSG_WAITALL = 0x100  # linux/socket.h; only this process's own calls need socket.MSG_WAITALL
STDIO_BUFFER = 4096  # the smallest in which a C library keeps output
A_PAUSE = 0.4  # seconds, in which no answer is owed
DISCONNECTED = (Ending.END, Ending.RESET)
REPLACEMENT = b"\xef\xbf\xbd"  # U+FFFD in UTF-8


@bug(
    "wait-newline",
    "waits for a newline before it echoes",
    tier=Tier.NOTHING_WORKS,
    question="What does your server do with bytes that do not end in a newline?",
    pointer="recv(2) returns what is there; ECHO-3 in docs/protocol.md; 01_iterative",
    remedy="Send back what recv returned, at once: an echo needs no lines.",
    hides=("newline-mangled", "line-length-limit"),
)
def wait_newline(facts: Facts) -> Finding | None:
    """The newline, and nothing else, releases the message."""
    if facts["released_by"] == "newline":
        return certain("'hello' came back only when a newline had been sent after it")
    return None


@bug(
    "wait-full-buffer",
    "waits until its buffer is full before it echoes",
    tier=Tier.NOTHING_WORKS,
    question="How many bytes must arrive before your read call returns?",
    pointer="recv(2), MSG_WAITALL; fread(3) returns only when all is there",
    remedy="Use recv (or read) and take what it returns: it may be less than you asked for.",
)
def wait_full_buffer(facts: Facts) -> Finding | None:
    """A number of bytes releases the message, and the server has not taken fewer before."""
    released_by = facts["released_by"] or ""
    if released_by.endswith("bytes") and not _keeps_output(facts):
        return certain(f"'hello' came back only when {released_by} had been sent after it")
    return None


@bug(
    "stdio-not-flushed",
    "keeps its answers in an output buffer, and does not flush it",
    tier=Tier.NOTHING_WORKS,
    question="When does what you have written leave your program's own buffer?",
    pointer="setvbuf(3): a stream that is no terminal is fully buffered; fflush(3)",
    remedy="Flush after each answer, or write with send, which keeps nothing back.",
)
def stdio_not_flushed(facts: Facts) -> Finding | None:
    """A large number of bytes releases the message, though single pieces were received."""
    released_by = facts["released_by"] or ""
    if released_by.endswith("bytes") and _keeps_output(facts):
        return likely(
            f"'hello' came back only when {released_by} had been sent after it:"
            " as many as fill an output buffer"
        )
    return None


def _keeps_output(facts: Facts) -> bool:
    """Tells a server that keeps its output from one that waits for input.

    Who waits for input asks for all of it (MSG_WAITALL), or each time for what is still missing;
    and waits for fewer bytes than the buffers of output have, mostly.
    """
    before = facts["receives_before_nudge"] or []
    after = facts["receives_after_nudge"] or []
    waits_for_all = any(flags & MSG_WAITALL for _, flags in before)
    asks_for_the_rest = bool(before and after) and sum(s for s, _ in after) < sum(
        s for s, _ in before
    )
    count = int(facts["released_by"].split()[0])
    return count >= STDIO_BUFFER and not waits_for_all and not asks_for_the_rest


@bug(
    "wait-end-of-stream",
    "reads to the end of the stream before it answers",
    tier=Tier.NOTHING_WORKS,
    question="What if your client waits for an answer before it goes on?",
    pointer="ECHO-3 in docs/protocol.md: answer what has arrived; recv(2)",
    remedy="Send back what each recv returns, inside the loop that receives.",
)
def wait_end_of_stream(facts: Facts) -> Finding | None:
    """No number of bytes releases the message, and the client's FIN does."""
    if facts["released_by"] == "end of stream":
        return likely("'hello' came back only when the client had ended its stream")
    return None


@bug(
    "closes-unanswered",
    "ends a client's connection before it has answered",
    tier=Tier.NOTHING_WORKS,
    question="Who closes the client's socket, and has its thread or handler finished by then?",
    pointer="pthreads(7): threads share descriptors; fork(2): a child has copies; 02_threads",
    remedy="Close the client's socket where its service ends, and there only: not after starting "
    "its thread, nor by an object or a `with` that goes out of scope. If the handler failed, "
    "the server's stderr may say how.",
)
def closes_unanswered(facts: Facts) -> Finding | None:
    """The server lives on, and the connection has ended instead of an answer."""
    is_ended = facts["hello_ending"] in DISCONNECTED and not facts["hello_data"]
    if not is_ended or facts["died_after"]:
        return None
    evidence = "'hello' was answered by the end of the connection, and the server lives on"
    if facts["silent_is_ended"]:
        return certain(f"{evidence}; a client that says nothing is disconnected, too")
    last_words = facts["unanswered_stderr"]
    return likely(f"{evidence}; it said: {last_words}" if last_words else evidence)


@bug(
    "answers-once",
    "answers a client's first message, and no further one",
    tier=Tier.NOTHING_WORKS,
    question="After the first answer, who waits for what the client sends next?",
    pointer="epoll_ctl(2), EPOLLONESHOT; an asynchronous receive is one request; 05_async",
    remedy="Receive in a loop; where one request or one event is for one receive, make the next "
    "one after each answer: EPOLL_CTL_MOD, async_read_some, io_uring_prep_recv.",
)
def answers_once(facts: Facts) -> Finding | None:
    """The second message lies unread, and the server sleeps."""
    is_deaf = facts["second_ending"] is Ending.STUCK and facts["second_answer"] == b""
    if not is_deaf or not facts["second_unread"]:
        return None
    calls = " and ".join(call for call in facts["second_sits_in"] if call) or "no call"
    return certain(
        f"'hello' came back; 'ab', sent after it, lay unread while the server slept, in {calls}"
    )


@bug(
    "one-shot",
    "receives once, answers, and closes",
    tier=Tier.NOTHING_WORKS,
    question="After the first answer, who calls recv again?",
    pointer="recv(2): 0 is the end of the stream; 01_iterative/serve_client.cpp",
    remedy="Receive and send in a loop, until recv returns 0.",
)
def one_shot(facts: Facts) -> Finding | None:
    """The stream ends after one buffer, however much is there."""
    if not _ends_after_an_answer(facts):
        return None
    if (echoed := facts["echoed_of_20000"] or 0) < 20_000:
        return certain(
            f"it closed after one message; of 20000 bytes that came at once it echoed {echoed}"
        )
    echoed = facts["echoed_of_180000"] or 0
    if echoed <= MOST_OF_ONE_RECEIVE or facts["clients_are_non_blocking"] is False:
        return likely(
            "it closed after one message, though its client had not finished;"
            f" when 180000 bytes were there at once, it echoed {echoed} before it closed"
        )
    return None


@bug(
    "eagain-is-eof",
    "takes 'nothing there at the moment' for the end of the stream",
    tier=Tier.NOTHING_WORKS,
    question="Which values below one can recv return, and what does each of them mean?",
    pointer="recv(2): EAGAIN is no end, 0 is; 03_select/connection.cpp",
    remedy="On EAGAIN go back to waiting; close only when recv returns 0, or fails otherwise.",
)
def eagain_is_eof(facts: Facts) -> Finding | None:
    """The stream ends when nothing more is there, after everything that was there."""
    echoed = facts["echoed_of_180000"] or 0
    if not _ends_after_an_answer(facts) or echoed <= MOST_OF_ONE_RECEIVE:
        return None
    evidence = (
        f"it closed after 'hello', but echoed {echoed} bytes when 180000 were there at once:"
        " it closes when nothing more is there"
    )
    # A blocking socket says EAGAIN only to who asks for it, by MSG_DONTWAIT.
    is_certain = facts["clients_are_non_blocking"] is not False
    return certain(evidence) if is_certain else possible(evidence)


def _ends_after_an_answer(facts: Facts) -> bool:
    return facts["after_hello"] in DISCONNECTED and not facts["died_after"]


@bug(
    "not-an-echo",
    "answers something else than it was sent",
    tier=Tier.NOTHING_WORKS,
    question="What is the whole of the answer to 'hello' that an echo service gives?",
    pointer="RFC 862; ECHO-5 in docs/protocol.md",
    remedy="Send the bytes that came, and no others: no greeting, no prefix, no upper case.",
    hides=("extra-bytes", "stale-bytes", "format-string", "strlen-nul", "newline-mangled"),
)
def not_an_echo(facts: Facts) -> Finding | None:
    """Other bytes come for 'hello', or some before anything was said."""
    if greeting := facts["greeting"]:
        return certain(f"a client that had not said anything got {greeting!r}")
    if answer := facts["hello_answer"]:
        return certain(f"'hello' was answered by {answer!r}")
    return None


@bug(
    "extra-bytes",
    "sends its whole buffer, however few bytes it has received",
    tier=Tier.STREAM,
    question="What tells send how many bytes to send, and what told recv?",
    pointer="recv(2), RETURN VALUE; sizeof is the size of the buffer, not of the message",
    remedy="Send as many bytes as recv returned.",
    hides=("strlen-nul", "stale-bytes"),
)
def extra_bytes(facts: Facts) -> Finding | None:
    """Surplus bytes on the very first message, as many as fill a buffer, or a terminating NUL."""
    total = facts["answer_to_5"]
    if total is None:
        return None
    if total == facts["answer_to_9"]:
        return certain(f"5 bytes were answered by {total}, and so were 9")
    if facts["surplus"].strip(b"\0") == b"":
        return certain(f"5 bytes were answered by {total}, the surplus being NULs")
    return None


@bug(
    "stale-bytes",
    "sends bytes of an earlier message after a shorter one",
    tier=Tier.STREAM,
    question="What lies in your buffer behind the bytes that recv has just put there?",
    pointer="recv(2) writes no NUL behind the message; strlen(3) needs one",
    remedy="Send as many bytes as recv returned, and nothing that was in the buffer before.",
    hides=("strlen-nul",),
)
def stale_bytes(facts: Facts) -> Finding | None:
    """The first message is answered well, a shorter one with something of the first."""
    answer = facts["second_answer"] or b""
    if answer[:5] == b"abllo":
        return certain("after 'hello', 'ab' was answered by 'abllo'")
    if answer.startswith(b"helloab"):
        return certain("after 'hello', 'ab' was answered by 'helloab'")
    if len(answer) > 2 and answer.startswith(b"ab"):
        return likely(f"after 'hello', 'ab' was answered by {len(answer)} bytes")
    return None


@bug(
    "strlen-nul",
    "takes the bytes for a C string, and stops at the first NUL",
    tier=Tier.STREAM,
    question="What does strlen return for bytes that contain a zero?",
    pointer="strlen(3), recv(2), RETURN VALUE",
    remedy="Send as many bytes as recv returned, whatever they are.",
)
def strlen_nul(facts: Facts) -> Finding | None:
    """All before the NUL comes back, and nothing after it."""
    if facts["wrong_nul"] == b"ab":
        return certain("of 'ab\\0cd' only 'ab' came back")
    return None


@bug(
    "fixed-truncate",
    "drops what does not fit its buffer",
    tier=Tier.STREAM,
    question="Where do the bytes go for which your buffer has no room?",
    pointer="recv(2): what is not received yet stays in the kernel; ECHO-7 in docs/protocol.md",
    remedy="Receive into the whole buffer, send all of it, and receive again: nothing need be cut.",
    hides=("short-write-ignored", "short-write-blocking", "eof-drops-pending"),
)
def fixed_truncate(facts: Facts) -> Finding | None:
    """Of a burst bytes are missing, and nothing that follows brings them."""
    if facts["burst_released_by_nudge"] is not False or facts["burst_ending"] is not Ending.STUCK:
        return None
    echoed = facts["burst_echoed"]
    if facts["burst_gap_at"] is not None:
        return certain(
            f"of 65536 bytes that came at once {echoed} came back, with a gap after"
            f" {facts['burst_gap_at']}; a further byte did not bring the others"
        )
    return certain(
        f"of 65536 bytes that came at once the first {echoed} came back;"
        " a further byte did not bring the others"
    )


@bug(
    "newline-mangled",
    "changes the line ends",
    tier=Tier.STREAM,
    question="Does your server think in lines, or in bytes?",
    pointer="ECHO-1 in docs/protocol.md: CR and LF are data; text mode, strip and readline are not",
    remedy="Receive bytes and send the same bytes: no text mode, no strip, no added newline.",
)
def newline_mangled(facts: Facts) -> Finding | None:
    """All but CR and LF comes back."""
    answer = facts["wrong_line_ends"]
    if answer and _without_line_ends(answer) == _without_line_ends(LINE_ENDS):
        return certain(f"{LINE_ENDS!r} came back as {answer!r}")
    surplus = facts["surplus"]
    if surplus and facts["hello_data"] == b"hello" and surplus.strip(b"\r\n") == b"":
        return certain(f"'hello' came back with {surplus!r} behind it")
    return None


def _without_line_ends(data: bytes) -> bytes:
    return data.translate(None, b"\r\n")


@bug(
    "decode-crash",
    "takes the bytes for text, and fails when they are not",
    tier=Tier.STREAM,
    question="Is every sequence of bytes text?",
    pointer="UnicodeDecodeError; RFC 3629: a byte 0x80 begins no character",
    remedy="Echo the bytes themselves; decode, where it must be, a copy, with errors='replace'.",
)
def decode_crash(facts: Facts) -> Finding | None:
    """No answer to bytes above 127, though there is one to a NUL and to per cent signs."""
    answer = facts["wrong_high"]
    if answer is None or answer.strip(b"<") or facts["wrong_plain"] is not None:
        return None
    words = facts["last_words_about_bytes"] or ""
    death = facts["died_of_high"]
    does = f"the server died ({death})" if death else "there was no answer"
    if re.search("utf-?8|decode|unicode|invalid byte", words, re.IGNORECASE):
        return certain(f"at bytes above 127 {does}, and its stderr speaks of decoding")
    is_gone = bool(death) or facts["wrong_high_ending"] in DISCONNECTED
    if is_gone and facts["wrong_format"] is None:
        return likely(f"at bytes above 127 {does}; other bytes came back")
    return None


@bug(
    "non-ascii-mangled",
    "changes bytes above 127, as if they were text",
    tier=Tier.STREAM,
    question="What happens to a byte that is no character in your encoding?",
    pointer="errors='replace', String(bytes) and toString() all lose bytes; RFC 3629",
    remedy="Keep the bytes as bytes from recv to send; decode only a copy, to show it.",
)
def non_ascii_mangled(facts: Facts) -> Finding | None:
    """Bytes above 127 come back as others, or not at all, and those around them do."""
    answer = facts["wrong_high"]
    if not answer or not answer.startswith(b"<") or HIGH_BYTES.startswith(answer):
        return None
    if REPLACEMENT in answer:
        return certain("bytes above 127 came back as EF BF BD, which means 'no character'")
    if answer == HIGH_BYTES.decode("latin-1").encode():
        return certain("bytes above 127 came back as two bytes each")
    if answer == b"<>":
        return certain("bytes above 127 were left out")
    return likely(f"bytes above 127 came back as {answer[1:9]!r}...")


@bug(
    "line-length-limit",
    "ends the connection when a line is too long for it",
    tier=Tier.STREAM,
    question="How long a line can your way of reading take, and what does it do with a longer one?",
    pointer="bufio.Scanner, asyncio's readline: 64 KiB; ECHO-7 in docs/protocol.md",
    remedy="Read bytes, not lines: recv, read(n). An echo needs no lines.",
    hides=("eagain-closes",),
)
def line_length_limit(facts: Facts) -> Finding | None:
    """A mebibyte without a newline fails, with newlines it does not."""
    if facts["mebibyte_failure"] and facts["mebibyte_in_lines_comes_back"]:
        return certain("a mebibyte without a newline did not come back, the same in lines did")
    return None


@bug(
    "short-write-ignored",
    "forgets what a send did not take",
    tier=Tier.STREAM,
    question="Your send was given 16384 bytes and returned 5000. Where are the others?",
    pointer="send(2), RETURN VALUE; poll(2), POLLOUT; 03_select/connection.cpp",
    remedy="Keep the rest, wait until the socket is writable, and send it then.",
    hides=("short-write-blocking", "eof-drops-pending"),
)
def short_write_ignored(facts: Facts) -> Finding | None:
    """A gap in what a client gets that reads late; its connection is still open."""
    place = facts["late_reader_gap_at"]
    if place is None and facts["late_fin_gap_at"] is not None:
        place = facts["late_fin_gap_at"]
    if place is None:
        return None
    return certain(f"a client that read late got {place} bytes, and then something of further on")


@bug(
    "short-write-blocking",
    "takes for granted that send takes everything",
    tier=Tier.LIMITS_AND_LIFE,
    question="May a blocking send return less than you gave it?",
    pointer="send(2), RETURN VALUE; signal(7) on calls that are interrupted; 01_iterative",
    remedy="Send in a loop, until all has been taken.",
)
def short_write_blocking(facts: Facts) -> Finding | None:
    """A gap, or an end, that only a library shows by which sends are short."""
    if facts["burst_echoed"] not in (None, BURST_BYTES):
        return None  # it loses bytes without that library, too
    if facts["short_transfer_gap_at"] is not None:
        return certain(
            f"with sends of 5 bytes at most, there was a gap after {facts['short_transfer_gap_at']}"
        )
    if facts["short_transfer_ending"] in DISCONNECTED:
        return likely("with sends of 5 bytes at most, the connection ended before all was there")
    return None


@bug(
    "eagain-closes",
    "ends the connection when a send finds no room",
    tier=Tier.STREAM,
    question="send says EAGAIN: has the client gone, or is it only slow?",
    pointer="send(2), EAGAIN; poll(2), POLLOUT; 03_select/connection.cpp",
    remedy="On EAGAIN keep what is owed, wait until the socket is writable, and go on there.",
)
def eagain_closes(facts: Facts) -> Finding | None:
    """Who does not read for a while is disconnected, and the server lives on."""
    if not facts["late_reader_cut"] or facts["late_reader_death"]:
        return None
    if facts["late_reader_gap_at"] is not None:
        return None
    return likely("a client that sent much before it read was disconnected; the server lives")


@bug(
    "eagain-fatal",
    "dies when a send finds no room",
    tier=Tier.HARMS_OTHERS,
    question="What does your send do on a non-blocking socket whose buffer is full?",
    pointer="send(2), EAGAIN; BlockingIOError; sendall is for blocking sockets",
    remedy="Use send, keep the rest, and go on when the socket is writable.",
    hides=("eagain-closes", "econnreset-fatal", "epipe-fatal"),
)
def eagain_fatal(facts: Facts) -> Finding | None:
    """A client that does not read for a while ends the process."""
    death = facts["late_reader_death"]
    if not death:
        return None
    if re.search("BlockingIOError|EAGAIN|temporarily unavailable", facts["late_reader_words"]):
        return certain(f"a client that sent much before it read ended the server: {death} (EAGAIN)")
    return likely(f"a client that sent much before it read ended the server: {death}")


@bug(
    "rdhup-drops-data",
    "closes at the sight of the client's FIN, with data still unread",
    tier=Tier.STREAM,
    question="Does EPOLLRDHUP mean that there is nothing left to read?",
    pointer="epoll_ctl(2), EPOLLRDHUP; poll(2), POLLHUP: there may be data before the end",
    remedy="Read until recv returns 0, answer all of it, and only then close.",
    hides=("eof-drops-pending", "close-rst"),
)
def rdhup_drops_data(facts: Facts) -> Finding | None:
    """Data and FIN in one event: the data is lost; a FIN after the answer does no harm."""
    echoed = facts["echoed_before_end"]
    if echoed is None or facts["ending_after_fin"] not in DISCONNECTED:
        return None
    if facts["ending_after_quiet_fin"] is Ending.RESET:
        return None  # all its ends are resets, with whatever that destroys
    if facts["dropped_by_continuing"]:
        return None  # to be stopped, and so to meet both at once, is what it does not survive
    if echoed == 0:
        return certain("20000 bytes and a FIN came at once; no byte came back, but the end did")
    if echoed < 20_000 and facts["burst_echoed"] in (None, BURST_BYTES):
        return likely(f"of 20000 bytes that came at once with a FIN {echoed} came back")
    return None


@bug(
    "eof-drops-pending",
    "drops what it still owes when the client's FIN comes",
    tier=Tier.STREAM,
    question="Your recv returned 0. Does the client still wait for something?",
    pointer="shutdown(2): a FIN ends one direction; ECHO-4 in docs/protocol.md",
    remedy="Note the end, send what is owed, and close after that.",
)
def eof_drops_pending(facts: Facts) -> Finding | None:
    """What fits the kernel's buffers is delivered after a FIN, and what waits behind it is not."""
    echoed, owed = facts["echoed_after_late_fin"], facts["owed_at_late_fin"]
    is_cut = echoed is not None and echoed < owed and facts["late_fin_gap_at"] is None
    if not is_cut or facts["ending_after_late_fin"] not in DISCONNECTED:
        return None
    return certain(
        f"a client sent {owed} bytes and a FIN before it read; {echoed} came, and then the end"
    )


@bug(
    "close-rst",
    "ends connections by a reset",
    tier=Tier.STREAM,
    question="What does the kernel send at close if linger is on with a time of zero?",
    pointer="socket(7), SO_LINGER; RFC 2525, 2.17: a close with data unread resets, too",
    remedy="Leave SO_LINGER alone, read to the end, then close.",
    hides=("eof-drops-pending",),
)
def close_rst(facts: Facts) -> Finding | None:
    """A reset even where nothing is left to read: the client's FIN came after its answer."""
    if facts["ending_after_quiet_fin"] is Ending.RESET:
        return certain("to the FIN of a client that had its answer the server said RST, not FIN")
    if facts["ending_after_fin"] is Ending.RESET and facts["echoed_before_end"]:
        return possible("after a client's data and FIN the connection was reset")
    return None


@bug(
    "nagle-delayed-ack",
    "sends an answer in pieces, the second of which is held back for 40 ms",
    tier=Tier.ADVISORY,
    question="How many send calls make one answer?",
    pointer="tcp(7), TCP_NODELAY; RFC 9293, 3.7.4",
    remedy="Send each answer by one call; or set TCP_NODELAY, if there must be several.",
)
def nagle_delayed_ack(facts: Facts) -> Finding | None:
    """Most answers come in several segments, the second late."""
    if facts["answers_held_back"]:
        return certain(
            f"of {PROMPT_ANSWERS} answers of 8 bytes {facts['answers_in_pieces']} came in pieces,"
            " 40 ms after the question"
        )
    return None


@bug(
    "hasty-timeout",
    "takes a pause of its client for the end",
    tier=Tier.STREAM,
    question="For how long may a person think before they type on?",
    pointer="socket(7), SO_RCVTIMEO; recv(2); ECHO-6 and LIMIT-7 in docs/protocol.md",
    remedy="Let recv wait for as long as it takes. If silent clients must go, then after minutes,"
    " and as an option.",
)
def hasty_timeout(facts: Facts) -> Finding | None:
    """A hundred messages are answered, and a moment of silence ends it.

    Where the machine is so busy that already the look for surplus bytes takes that long, one is.
    """
    if (silence := facts["ended_after_silence"]) is not None:
        return certain(
            f"a client had a hundred answers, was silent, and was disconnected after {silence:g} s"
        )
    pause = facts["silence_after_hello"] or 0
    is_ended = facts["second_ending"] in DISCONNECTED and not facts["second_answer"]
    if is_ended and pause > A_PAUSE and not facts["died_after"]:
        return likely(f"a client had its answer, was silent for {pause} s, and was disconnected")
    return None
