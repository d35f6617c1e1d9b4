"""Variants of the course's task: what a seed yields, and that the checks know it."""

import pytest

from echolab.check.registry import chosen
from echolab.check.runner import outcome_of
from echolab.check.specimen import Command
from echolab.check.trial import Facts, Trial
from echolab.errors import BadUsage
from echolab.variants import GREETINGS, LINE_LIMITS, SERVICE, TERMINATORS, THE_KITS, Variant

NEIGHBOURS = 10
VARIANTS = len(GREETINGS) * len(TERMINATORS) * len(LINE_LIMITS)
# One client after the other, greeted by what the command line says, and served till it says bye.
POLITE_SERVER = """
    import socket, sys

    def line_is_the_last(line):
        line = line.removesuffix(b"\\n").removesuffix(b"\\r")
        return line == TERMINATOR or len(line) > LIMIT

    def serve(client):
        client.sendall(GREETING + b"\\n")
        line = b""
        while data := client.recv(65536):
            while data:
                piece, newline, data = data.partition(b"\\n")
                line += piece + newline
                client.sendall(piece + newline)
                if newline and line_is_the_last(line):
                    return
                line = b"" if newline else line

    GREETING, TERMINATOR = sys.argv[2].encode(), sys.argv[3].encode()
    LIMIT = int(sys.argv[4])
    with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as listener:
        while True:
            client, _ = listener.accept()
            with client:
                serve(client)
"""


def _words(variant: Variant) -> tuple[str, str, str]:
    return variant.greeting, variant.terminator, str(variant.limit_bytes)


def test_seeds_near_each_other_differ_in_everything():
    for seed in range(VARIANTS):
        for other in range(seed + 1, seed + 1 + NEIGHBOURS):
            pairs = zip(_words(Variant.of(seed)), _words(Variant.of(other)))
            assert all(one != another for one, another in pairs)


def test_no_two_seeds_below_2431_yield_the_same_and_none_the_kits_own_words():
    variants = {_words(Variant.of(seed)) for seed in range(VARIANTS)}
    assert len(variants) == VARIANTS == 2431
    for usual, used in zip(_words(THE_KITS), zip(*variants)):
        assert usual not in used


def test_a_negative_seed_is_bad_usage():
    with pytest.raises(BadUsage, match="-1 is negative"):
        Variant.of(-1)


def _verdicts(command: list[str], seed: int) -> dict[str, str]:
    known = Facts(variant=Variant.of(seed))
    checks = [check for check in chosen((), SERVICE) if "echo" not in check.services]
    trials = {check: Trial(Command(tuple(command)), known, SERVICE) for check in checks}
    return {check.id: outcome_of(check, trial).verdict.value for check, trial in trials.items()}


def test_the_right_variant_passes(script):
    command = [*script(POLITE_SERVER), "{port}", *_words(Variant.of(7))]
    assert set(_verdicts(command, seed=7).values()) == {"pass"}


def test_last_years_variant_fails_in_its_words_and_its_limit(script):
    command = [*script(POLITE_SERVER), "{port}", *_words(Variant.of(7))]
    assert _verdicts(command, seed=8) == {
        "SERV-11": "pass", "SERV-11b": "fail", "SERV-12": "fail", "SERV-13": "fail",
    }  # fmt: skip


def test_a_server_that_greets_nobody_is_accused_of_nothing_else(lab, script, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    silent = POLITE_SERVER.replace('client.sendall(GREETING + b"\\n")', "pass")
    command = [*script(silent), "{port}", *_words(Variant.of(7))]
    status, output, _ = lab("check", "--seed", "7", "--", *command)
    assert (status, "fail SERV-11 " in output, ": 1 pass, 1 fail" in output) == (1, True, True)
    assert "Diagnosis" not in output


def test_a_seed_makes_an_ordinary_check_one_of_the_variant(lab, script, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    command = [*script(POLITE_SERVER), "{port}", *_words(Variant.of(7))]
    status, output, _ = lab("check", "--seed", "7", "--only", "ECHO-3,SERV-13", "--", *command)
    assert (status, "2 pass" in output) == (0, True), output


def test_a_seed_goes_with_no_other_service(lab):
    status, _, complaint = lab("check", "--seed", "7", "--service", "chat", "--", "true")
    assert (status, complaint.strip()) == (
        2,
        "lab: --seed: makes variants of the service polite, not of chat",
    )
