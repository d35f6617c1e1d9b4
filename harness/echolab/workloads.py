"""Workloads: what the clients do, read from harness/workloads/*.toml.

Every key but `name`, `description` and `compared_with` is an option of the load generator, under
the same name.
"""

import dataclasses
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from echolab.errors import BadUsage, unknown
from echolab.models import ROOT

DIRECTORY = ROOT / "harness" / "workloads"
PLAIN_OPTIONS = (
    "bytes requests depth idle threads rate arrivals seed slow_readers dribble resets_per_second"
).split()
MAY_BE_ZERO = ("idle", "seed", "slow_readers", "dribble")
ARRIVALS = ("uniform", "poisson")
QUICK_DURATION = 0.25
QUICK_WARMUP = 0.05
QUICK_PATIENCE = 1.5  # longer than the second after which TCP asks again to connect
UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "": 1.0}


@dataclass(frozen=True)
class Workload:
    """What the clients do. Durations are in seconds."""

    name: str
    description: str = ""
    clients: tuple[int, ...] = (1,)  # one run for each number
    bytes: int = 64
    duration: float | None = 1.0  # None: until `requests` are answered
    requests: int | None = None
    depth: int = 1
    think: float = 0.0
    warmup: float = 0.2
    churn: bool = False
    idle: int = 0
    threads: int = 1
    patience: float = 2.0
    rate: float | None = None  # requests due a second: an open loop; None: a closed one
    arrivals: str = "uniform"
    seed: int = 1  # of poisson arrivals
    slow_readers: int = 0
    dribble: int = 0
    resets_per_second: float = 0.0
    compared_with: str | None = None  # the workload that isolation is relative to

    @property
    def has_rude_clients(self) -> bool:
        """Tells whether clients take part that behave badly, and are not measured."""
        return bool(self.slow_readers or self.dribble or self.resets_per_second)

    @property
    def holds_connections(self) -> bool:
        """Tells whether it asks how many clients are held at a time, rather than how fast."""
        return self.churn and self.think > 0

    def quick(self) -> "Workload":
        """Returns the same workload for a first look: shorter, and so less exact."""
        duration = None if self.duration is None else min(self.duration, QUICK_DURATION)
        return dataclasses.replace(
            self,
            duration=duration,
            warmup=min(self.warmup, QUICK_WARMUP),
            patience=min(self.patience, QUICK_PATIENCE),
        )

    def loadgen_options(self, clients: int) -> list[str]:
        """Returns the load generator's options for a run with so many clients."""
        options = [f"--clients={clients}"]
        # What is default is left out: the generator refuses some options beside others.
        for key in PLAIN_OPTIONS:
            if getattr(self, key) not in (None, getattr(DEFAULT, key)):
                options.append(f"--{key.replace('_', '-')}={getattr(self, key)}")
        for key in ("duration", "think", "warmup", "patience"):
            if getattr(self, key) is not None:
                options.append(f"--{key}={round(getattr(self, key) * 1e6)}us")
        return options + ["--churn"] * self.churn


DEFAULT = Workload("default")


def find_workload(name: str) -> Workload:
    """Returns the workload of that name, or the one in the file of that path."""
    if name.endswith(".toml") or "/" in name:
        return read_workload(Path(name))
    known = {path.stem: path for path in DIRECTORY.glob("*.toml")}
    if name not in known:
        raise unknown("workload", name, known)
    return read_workload(known[name])


def all_workloads() -> list[Workload]:
    """Returns the kit's workloads, in the order in which they are compared."""
    lesson = "busy bulk churn mostly-idle concurrency steady rude-company".split()
    others = sorted({path.stem for path in DIRECTORY.glob("*.toml")} - set(lesson))
    return [find_workload(name) for name in (*lesson, *others)]


def with_compared(workloads: Sequence[Workload]) -> list[Workload]:
    """Returns the workloads, each after the one that it is compared with."""
    named = {workload.name: workload for workload in workloads}
    complete: dict[str, Workload] = {}
    for workload in workloads:
        reference = workload.compared_with
        if reference:
            complete.setdefault(reference, named.get(reference) or find_workload(reference))
        complete.setdefault(workload.name, workload)
    return list(complete.values())


def read_workload(path: Path) -> Workload:
    """Reads one file; raises BadUsage that names the file and the key which is wrong."""
    try:
        table = tomllib.loads(path.read_text())
    except OSError as error:
        raise BadUsage(f"cannot read workload {path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadUsage(f"{path}: not valid TOML: {error}") from None
    try:
        return workload_of(table)
    except BadUsage as error:
        raise BadUsage(f"{path}: {error}") from None


def workload_of(table: dict[str, Any]) -> Workload:
    """Checks the keys of one workload; raises BadUsage that names the one which is wrong."""
    known = {field.name for field in dataclasses.fields(Workload)}
    for key in table:
        if key not in known:
            raise unknown("key", key, known)
    if "name" not in table:
        raise BadUsage("name: is missing")
    if "requests" in table and "duration" in table:
        raise BadUsage("requests: cannot stand beside duration, choose one")
    if table.get("churn") and table.get("depth", 1) != 1:
        raise BadUsage("depth: cannot stand beside churn, where a connection has one request")
    if "rate" in table and ("requests" in table or table.get("think")):
        raise BadUsage("rate: says when to ask, neither requests nor think can stand beside it")
    if "arrivals" in table and "rate" not in table:
        raise BadUsage("arrivals: needs a rate")
    values = {key: _checked(key, value) for key, value in table.items()}
    if "requests" in values:
        values["duration"] = None
    return Workload(**values)


def _checked(key: str, value: Any) -> Any:
    if key in ("name", "description", "compared_with"):
        return _text(key, value)
    if key == "arrivals":
        return _one_of(key, value, ARRIVALS)
    if key in ("rate", "resets_per_second"):
        return _rate(key, value)
    if key == "churn":
        return _boolean(key, value)
    if key == "clients":
        numbers = value if isinstance(value, list) else [value]
        if not numbers:
            raise BadUsage("clients: is empty")
        return tuple(_count(key, number) for number in numbers)
    if key in ("duration", "think", "warmup", "patience"):
        return _seconds(key, value)
    return _count(key, value, least=0 if key in MAY_BE_ZERO else 1)


def _text(key: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise BadUsage(f"{key}: {value!r} is not a text")
    return value


def _one_of(key: str, value: Any, choices: tuple[str, ...]) -> str:
    if value not in choices:
        raise BadUsage(f"{key}: {value!r} is neither {' nor '.join(choices)}")
    return value


def _rate(key: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value <= 0:
        raise BadUsage(f"{key}: {value!r} is not a number a second, more than 0")
    return float(value)


def _boolean(key: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise BadUsage(f"{key}: {value!r} is neither true nor false")
    return value


def _count(key: str, value: Any, least: int = 1) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise BadUsage(f"{key}: {value!r} is not a whole number from {least} on")
    return value


def _seconds(key: str, value: Any) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(us|ms|s|)", str(value))
    if isinstance(value, bool) or not match:
        raise BadUsage(f"{key}: {value!r} is not a duration such as 2, '500ms' or '100us'")
    seconds = float(match[1]) * UNITS[match[2]]
    if seconds == 0 and key in ("duration", "patience"):
        raise BadUsage(f"{key}: must be longer than 0")
    return seconds
