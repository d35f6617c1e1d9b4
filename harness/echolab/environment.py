"""Where a comparison was taken: a figure without its machine is no figure."""

import datetime
import platform
import resource
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil

from echolab.build import build_info
from echolab.measurement import Cores
from echolab.models import ROOT


def environment(programs: Path, cores: Cores, passed_on: Sequence[str] = ()) -> dict[str, Any]:
    """Returns the machine, its state, how the programs in `programs` were built and are run."""
    return {
        "date": datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
        "command_line": shlex.join(["./lab", *sys.argv[1:]]),
        "kernel": platform.release(),
        "cpu": cpu_model(),
        "cores": psutil.cpu_count(),
        "server_options": list(passed_on),
        "pinning": vars(cores) if cores != Cores() else None,
        "virtualization": detect_virtualization("--vm"),
        "container": detect_virtualization("--container"),
        "cpu_governor": cpu_governor(),
        "turbo": turbo(),
        "smt": smt(),
        "clocksource": clocksource(),
        "load_average": [round(load, 2) for load in psutil.getloadavg()],
        "memory_bytes": psutil.virtual_memory().total,
        "descriptor_limit": resource.getrlimit(resource.RLIMIT_NOFILE)[0],
        "congestion_control": kernel_setting("net/ipv4/tcp_congestion_control"),
        "python": platform.python_version(),
        "build": build_info(programs) or None,
        "commit": commit(),
    }


def cpu_model() -> str:
    """Returns the processor's name as the kernel gives it."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def cpu_governor() -> str | None:
    """Returns how the kernel chooses the clock of the first core; None where it does not."""
    path = Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
    return path.read_text().strip() if path.exists() else None


def detect_virtualization(kind: str) -> str | None:
    """Returns the hypervisor (`--vm`) or the container (`--container`) around this machine.

    None if there is none. Without systemd-detect-virt(1) the processor's own word has to do, which
    names no hypervisor and knows of no container.
    """
    try:
        result = subprocess.run(
            ["systemd-detect-virt", kind], capture_output=True, text=True, timeout=10
        )
        found = result.stdout.strip()
    except (FileNotFoundError, subprocess.TimeoutExpired):
        flags = Path("/proc/cpuinfo").read_text()
        found = "unknown" if kind == "--vm" and " hypervisor" in flags else "none"
    return None if found in ("", "none") else found


def turbo() -> bool | None:
    """Returns whether the clock may rise above its nominal rate; None where nothing says so."""
    intel = _of_sys("devices/system/cpu/intel_pstate/no_turbo")
    if intel is not None:
        return intel == "0"
    boost = _of_sys("devices/system/cpu/cpufreq/boost")
    return None if boost is None else boost == "1"


def smt() -> bool | None:
    """Returns whether two processors may be the two threads of one core; None if unknown."""
    active = _of_sys("devices/system/cpu/smt/active")
    return None if active is None else active == "1"


def clocksource() -> str | None:
    """Returns what the kernel reads the time from: with any but tsc a reading is slow."""
    return _of_sys("devices/system/clocksource/clocksource0/current_clocksource")


def _of_sys(name: str) -> str | None:
    try:
        return (Path("/sys") / name).read_text().strip()
    except OSError:
        return None


def kernel_setting(name: str) -> str | None:
    """Returns a setting of sysctl(8), by its path below /proc/sys; None if there is none."""
    path = Path("/proc/sys") / name
    return path.read_text().strip() if path.exists() else None


def commit() -> str | None:
    """Returns the commit of the sources, with "+dirty" if they differ from it."""
    head = _git("rev-parse", "HEAD")
    if not head:
        return None
    return head + ("+dirty" if _git("status", "--porcelain") else "")


def _git(*arguments: str) -> str | None:
    try:
        result = subprocess.run(
            ["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, timeout=10
        )
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return None
    return result.stdout.strip() if result.returncode == 0 else None


