"""Runs a client with pipes, as a script does, and looks at how it ended."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

PATIENCE_SECONDS = 60.0


@dataclass(frozen=True)
class Outcome:
    """What a client that has ended left behind."""

    stdout: bytes
    events: list[str]  # the lines of stderr
    status: int

    @property
    def answers(self) -> list[str]:
        """The responses, without what marks them."""
        lines = self.stdout.decode().splitlines()
        assert all(line.startswith("[RESPONSE] ") for line in lines), lines
        return [line.removeprefix("[RESPONSE] ") for line in lines]

    def event(self, name: str) -> str:
        """Returns the event of that name; fails where there is not just one."""
        found = [event for event in self.events if event.startswith(f"[{name}]")]
        assert len(found) == 1, self.events
        return found[0]


def run_client(program: Path, *arguments: object, typed: bytes = b"", **popen_options) -> Outcome:
    """Gives `typed` to a client by a pipe, and waits until it has ended.

    Whatever happened, its first event must be [CONNECTING], and its last [DISCONNECTED].
    """
    completed = subprocess.run(
        [program, *map(str, arguments)],
        input=typed,
        capture_output=True,
        timeout=PATIENCE_SECONDS,
        check=False,
        **popen_options,
    )
    return outcome_of(completed.stdout, completed.stderr, completed.returncode)


def start_client(program: Path, *arguments: object, **popen_options) -> subprocess.Popen:
    """Starts a client with a pipe at each of its three ends."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([program, *map(str, arguments)], **{**pipes, **popen_options})


def finish(client: subprocess.Popen) -> Outcome:
    """Ends the input of a client, and waits until it has ended."""
    stdout, stderr = client.communicate(timeout=PATIENCE_SECONDS)
    return outcome_of(stdout or b"", stderr, client.returncode)


def outcome_of(stdout: bytes, stderr: bytes, status: int) -> Outcome:
    """Checks what holds for every client, and returns the rest."""
    events = stderr.decode().splitlines()
    assert events and events[0].startswith("[CONNECTING] "), events
    assert events[-1] == "[DISCONNECTED]", events
    return Outcome(stdout, events, status)
