"""Looks at the machine: what would spoil a comparison, and how to mend it."""

import dataclasses
import platform
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import psutil

from echolab import proc
from echolab.environment import cpu_governor, cpu_model, kernel_setting
from echolab.models import ROOT
from echolab.peers import by_packages

DESCRIPTORS_WANTED = 4096
BACKLOG_WANTED = 1024
PORTS_WANTED = 20_000
BUSY_LOAD_PER_CORE = 0.5
OPTIONAL_PACKAGES = {
    "strace": "shows and counts a server's system calls",
    "linux-perf": "counts them without stopping the server, as root",
    "libfltk1.3-dev": "builds the windows",
    "xvfb": "tests the windows without a screen, with xdotool, xclip and imagemagick",
    "clang-format": "checks the layout of the C++ sources",
    "clang-tidy": "checks the C++ sources for mistakes",
    "shellcheck": "checks the shell scripts for mistakes",
    "apt-utils": "makes bundles for machines without a network",
    "git": "notes the commit beside the results",
    "chromium-driver": "tests the reports in a browser, with python3-selenium",
    "parallel": "grades a class on several machines: docs/grading-at-scale.md",
    "libbenchmark-tools": "Google's tool that compares benchmarks, with python3-scipy",
}


@dataclass(frozen=True)
class Finding:
    """One thing looked at. `status` is "ok", "warning" or "missing" (required, not there)."""

    name: str
    status: str
    value: str
    remedy: str | None = None


def examine() -> list[Finding]:
    """Returns all findings."""
    checks: tuple[Callable[[], Iterator[Finding]], ...] = (
        _machine,
        _load,
        _governor,
        _descriptors,
        _backlog,
        _ports,
        _time_wait,
        _packages,
        _peers,
    )
    return [finding for check in checks for finding in check()]


def as_dictionaries(findings: list[Finding]) -> list[dict]:
    """Returns the findings in the form for JSON."""
    return [dataclasses.asdict(finding) for finding in findings]


def required_packages() -> list[str]:
    """Returns the packages that packages.txt names."""
    lines = (ROOT / "packages.txt").read_text().splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def _finding(good: bool, name: str, value: str, remedy: str) -> Finding:
    return Finding(name, "ok", value) if good else Finding(name, "warning", value, remedy)


def _machine() -> Iterator[Finding]:
    yield Finding("kernel", "ok", f"Linux {platform.release()}")
    cores = psutil.cpu_count()
    yield _finding(
        cores >= 2,
        "cores",
        f"{cores} ({cpu_model()})",
        "with one core the server waits for its client: compare CPU s/M, not echoes/s",
    )


def _load() -> Iterator[Finding]:
    load = psutil.getloadavg()[0]
    yield _finding(
        load <= BUSY_LOAD_PER_CORE * psutil.cpu_count(),
        "load",
        f"{load:.2f} in the last minute",
        "end other programs before a comparison, or use more --rounds",
    )


def _governor() -> Iterator[Finding]:
    governor = cpu_governor()
    yield _finding(
        governor in (None, "performance"),
        "CPU governor",
        governor or "none: the kernel does not change the clock",
        "sudo cpupower frequency-set -g performance",
    )


def _descriptors() -> Iterator[Finding]:
    soft, hard = psutil.Process().rlimit(psutil.RLIMIT_NOFILE)
    yield _finding(
        hard >= DESCRIPTORS_WANTED,
        "descriptor limit",
        f"{soft} soft, {hard} hard",
        f"raise it in /etc/security/limits.conf: '* hard nofile {DESCRIPTORS_WANTED}'",
    )


def _backlog() -> Iterator[Finding]:
    backlog = int(kernel_setting("net/core/somaxconn") or 0)
    yield _finding(
        backlog >= BACKLOG_WANTED,
        "listen backlog",
        f"at most {backlog} (net.core.somaxconn)",
        f"sudo sysctl -w net.core.somaxconn={BACKLOG_WANTED}",
    )


def _ports() -> Iterator[Finding]:
    first, last = proc.ephemeral_ports()
    yield _finding(
        last - first + 1 >= PORTS_WANTED,
        "ephemeral ports",
        f"{first}–{last}, {last - first + 1} for each pair of addresses",
        "sudo sysctl -w net.ipv4.ip_local_port_range='32768 60999'",
    )


def _time_wait() -> Iterator[Finding]:
    reuse = kernel_setting("net/ipv4/tcp_tw_reuse")
    yield _finding(
        reuse in (None, "1", "2"),
        "ports in TIME_WAIT",
        "reused" if reuse in ("1", "2") else "not reused (net.ipv4.tcp_tw_reuse)",
        "sudo sysctl -w net.ipv4.tcp_tw_reuse=2",
    )


def _packages() -> Iterator[Finding]:
    if not shutil.which("dpkg-query"):
        yield Finding("packages", "warning", "no dpkg here", "install what packages.txt names")
        return
    for package in required_packages():
        if not _is_installed(package):
            remedy = f"sudo apt-get install -y --no-install-recommends {package}"
            yield Finding(f"package {package}", "missing", "not installed", remedy)
    for package, use in OPTIONAL_PACKAGES.items():
        yield _finding(
            _is_installed(package) or shutil.which(package) is not None,
            f"package {package}",
            f"optional: {use}",
            f"sudo apt-get install -y --no-install-recommends {package}",
        )


def _peers() -> Iterator[Finding]:
    for packages, group in by_packages().items():
        missing = [package for package in packages if not _is_installed(package)]
        if group[0].is_provided():
            missing = []
        yield _finding(
            not missing,
            f"peer {' and '.join(peer.name for peer in group)}",
            f"optional: needs {' and '.join(missing or packages)}",
            f"sudo apt-get install -y --no-install-recommends {' '.join(missing)}",
        )


def _is_installed(package: str) -> bool:
    command = ["dpkg-query", "--show", "--showformat=${db:Status-Status}", package]
    return subprocess.run(command, capture_output=True, text=True).stdout == "installed"
