"""How far a submission can be kept apart from the grader on this machine, and by which commands.

Namespaces (namespaces(7)) give it file systems, processes and a network of its own; another user
keeps it from killing or tracing whoever checks it; limits (setrlimit(2)) bound the rest.
"""

import contextlib
import enum
import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from echolab.grading.limits import Limits

# --keep-caps: until its users are mapped, a process in a new user namespace is nobody, and would
# lose at the next execve(2) what it may do there.
NAMESPACES = (
    "unshare", "--user", "--keep-caps", "--mount", "--net", "--pid", "--ipc", "--uts", "--fork",
    "--kill-child",
)  # fmt: skip
FIRST_USER, USERS = 61184, 4336  # of systemd's dynamic users: nobody's files are theirs
NO_PRIVILEGES = ("--ambient-caps=-all", "--inh-caps=-all", "--bounding-set=-all", "--no-new-privs")
NEARLY = 0.9
SUBORDINATE_USERS = Path("/etc/subuid")


class Level(enum.StrEnum):
    """How far. Each is safer than the next."""

    FULL = "namespaces and other users"
    ONE_USER = "namespaces, one user"
    OTHER_USER = "another user, no namespaces"
    LIMITS = "limits only"

    @property
    def has_namespaces(self) -> bool:
        """Whether a submission has a file system, processes and a network of its own."""
        return self in (Level.FULL, Level.ONE_USER)


WHAT_IS_MISSING = {
    Level.FULL: "",
    Level.ONE_USER: (
        "submissions are the same user as their checker, whom they could kill (a check is then"
        " inconclusive): run this as root, or install uidmap and have a line in /etc/subuid"
    ),
    Level.OTHER_USER: (
        "this kernel, or container, gives no namespaces: submissions can see other processes, use"
        " the network, and read what every user can: let nobody else read what they must not see"
    ),
    Level.LIMITS: (
        "neither root nor namespaces here: submissions can read and write what you can:"
        " grade your own only, or run this as root"
    ),
}


def best_level() -> Level:
    """Returns what this machine allows."""
    if not (shutil.which("unshare") and _succeeds([*NAMESPACES, "true"])):
        return Level.OTHER_USER if os.geteuid() == 0 else Level.LIMITS
    return Level.FULL if os.geteuid() == 0 or _has_subordinate_users() else Level.ONE_USER


def _succeeds(command: list[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _has_subordinate_users() -> bool:
    return bool(shutil.which("newuidmap")) and _first_subordinate_user() is not None


def _first_subordinate_user() -> int | None:
    """Returns the first of the users that /etc/subuid lends to this one, if it lends enough."""
    names = {str(os.getuid())}
    with contextlib.suppress(KeyError):
        names.add(pwd.getpwuid(os.getuid()).pw_name)
    with contextlib.suppress(OSError):
        for line in SUBORDINATE_USERS.read_text().splitlines():
            name, first, count = (line.split(":") + ["0", "0"])[:3]
            if name in names and int(count) >= USERS:
                return int(first)
    return None


def map_users(pid: int, level: Level) -> None:
    """Says who the users of the namespace of process `pid` are outside: user_namespaces(7)."""
    if os.geteuid() == 0:
        for name in ("uid_map", "gid_map"):
            extents = [line.split() for line in Path(f"/proc/self/{name}").read_text().splitlines()]
            lines = (f"{inside} {inside} {count}\n" for inside, _, count in extents)
            Path(f"/proc/{pid}/{name}").write_text("".join(lines))
        return
    if level is Level.FULL:
        lent = [FIRST_USER, _first_subordinate_user(), USERS]
        for program, own in (("newuidmap", os.getuid()), ("newgidmap", os.getgid())):
            words = [program, *map(str, (pid, 0, own, 1, *lent))]
            subprocess.run(words, check=True, capture_output=True)
        return
    Path(f"/proc/{pid}/setgroups").write_text("deny")
    Path(f"/proc/{pid}/uid_map").write_text(f"0 {os.getuid()} 1\n")
    Path(f"/proc/{pid}/gid_map").write_text(f"0 {os.getgid()} 1\n")


@dataclass(frozen=True)
class Confinement:
    """What is written before a command of the submission."""

    level: Level
    limits: Limits
    is_memory_limited: bool  # by a control group, all processes together

    def user(self, number: int) -> int | None:
        """Returns a user for the part of the work with this number, or None: it stays the same."""
        return FIRST_USER + number % USERS if self.level is Level.FULL else None

    def words(self, user: int | None, file_bytes: int | None = None) -> list[str]:
        """Returns what is written before a command that `user` runs."""
        dropped = NO_PRIVILEGES if self.level.has_namespaces else ("--no-new-privs",)
        privileges = ["setpriv", *dropped]
        if user is not None:
            privileges += [f"--reuid={user}", f"--regid={user}", "--clear-groups"]
        # Another setpriv, since the kernel forgets the signal when a process becomes another user.
        with_parent = ["setpriv", "--pdeathsig=KILL", "--"]
        # The kernel that runs out of memory ends these first: proc(5), oom_score_adj.
        first_to_go = ["choom", "-n", "1000", "--"]
        limited = self._prlimit(file_bytes or self.limits.file_bytes)
        return [*privileges, "--", *with_parent, *first_to_go, *limited]

    def _prlimit(self, file_bytes: int) -> list[str]:
        limits = {
            "nproc": self.limits.processes + self._processes_of_mine(),
            "fsize": file_bytes,
            "cpu": self.limits.processor_seconds,
            "core": 0,
        }
        if not self.is_memory_limited:
            limits["data"] = self.limits.memory_bytes
        return ["prlimit", *(f"--{name}={limit}:{limit}" for name, limit in limits.items()), "--"]

    def _processes_of_mine(self) -> int:
        """Returns how many threads count although they are not the submission's."""
        if self.level is Level.FULL:
            return 0
        return _threads_of(os.getuid())

    def is_at_limit(self, user: int | None) -> bool:
        """Tells whether `user` runs nearly as many threads as it may."""
        return user is not None and _threads_of(user) >= NEARLY * self.limits.processes

    def sweep(self, user: int | None) -> None:
        """Kills all that `user` runs, daemons included; returns when nobody is left."""
        if user is not None:
            end_all_of(user)


def _threads_of(user: int) -> int:
    found = (_fields(status) for status in _statuses())
    return sum(int(fields["Threads"]) for fields in found if _runs(fields, user))


def _runs(fields: dict[str, str], user: int) -> bool:
    """Tells whether `user` runs this process, and it has not ended."""
    return bool(fields) and int(fields["Uid"].split()[0]) == user and fields["State"][0] not in "ZX"


def _fields(status: Path) -> dict[str, str]:
    try:
        return dict(line.split(":\t", 1) for line in status.read_text().splitlines())
    except OSError:  # it has ended meanwhile
        return {}


def _statuses() -> Iterator[Path]:
    return (path / "status" for path in Path("/proc").iterdir() if path.name.isdigit())


def end_all_of(user: int) -> None:
    """Kills all that `user` runs; returns when nobody is left. Whoever calls this is root."""
    while True:
        _kill_all_of(user)
        if not any(_runs(_fields(status), user) for status in _statuses()):
            return


def _kill_all_of(user: int) -> None:
    """Makes one call of kill(2) to everybody whom `user` may kill: no fork slips through it."""
    child = os.fork()
    if child == 0:
        try:
            become(user)
            os.kill(-1, signal.SIGKILL)
        finally:
            os._exit(0)
    os.waitpid(child, 0)


def become(user: int) -> None:
    """Gives up being root, for good."""
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
