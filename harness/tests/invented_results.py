"""A comparison's JSON, invented: all models and a stranger, with all that a result may hold."""

import dataclasses
import random
import statistics
from collections.abc import Iterable, Sequence
from typing import Any

from echolab.models import MODELS
from echolab.runs import SUMMARIZED, Run
from echolab.workloads import all_workloads

CPU = "server_cpu_seconds_per_million_echoes"
HOSTILE = "<script>alert('mine')</script>"
PROCESSES = ("fork-per-client", "prefork")
LOOK_AT_EACH = ("select", "poll", "busy-poll")
OPEN_LOOP = {"rate": 20_000, "arrivals": "poisson"}
RUDE = {"slow_readers": 5, "dribble": 5, "resets_per_second": 50}
PERCENTILES = [100 * (1 - 0.5 ** (half / 5)) for half in range(70)]
SPREAD = (*SUMMARIZED, "isolation")


def document(
    servers: Sequence[str] = (*MODELS, HOSTILE), rounds: int = 3, names: Sequence[str] = ()
) -> dict[str, Any]:
    """Returns what `./lab compare` might have written, of the workloads with these `names`."""
    chance = random.Random(1)
    workloads = [one for one in invented_workloads() if not names or one["name"] in names]
    runs = [
        invented_run(chance, server, workload, clients, number)
        for number in range(1, rounds + 1)
        for workload in workloads
        for clients in workload["clients"]
        for server in servers
    ]
    summary = list(summarized(runs))
    return {
        "format": 1,
        "environment": environment(),
        "workloads": workloads,
        "runs": runs,
        "summary": summary,
        "rankings": [
            ranking(summary, workload, clients)
            for workload in workloads
            for clients in workload["clients"]
        ],
        "findings": findings(),
    }


def plain_document() -> dict[str, Any]:
    """Returns the same as it was before there were rankings, findings and percentiles."""
    plain = document(("select", "epoll"), rounds=1)
    del plain["rankings"], plain["findings"]
    for row in (*plain["runs"], *plain["summary"]):
        for later in ("latency_percentiles", "from_send_p99_us", "owed", "isolation", "disturbed"):
            row.pop(later, None)
    return plain


def scale_document() -> dict[str, Any]:
    """Returns what `./lab scale` might have written."""
    points = [
        {
            "server": server,
            "connections": connections,
            "busy": busy,
            "memory": {"user_pss_bytes": 900_000 + each * connections,
                       "page_table_bytes": 80_000, "kernel_stack_bytes": 16_384,
                       "kernel_slab_bytes": 9_000 * connections,
                       "kernel_slab_both_ends_bytes": 18_000 * connections,
                       "kernel_slab_unrest_bytes": 4_096, "kernel_slab_source": "slabinfo"},
            CPU: 3.0 + slope * connections,
            "void": False,
        }
        for server, each, slope in (("select", 40, 0.02), ("fork-per-client", 60_000, 0.0))
        for connections in (10, 100, 1000)
        for busy in sorted({10, connections})
    ]  # fmt: skip
    return {"format": 1, "environment": environment(), "points": points}


def environment() -> dict[str, Any]:
    return {
        "date": "2026-11-21T14:30:00+00:00",
        "command_line": "./lab compare --server 'mine=./mine {port} <fast>'",
        "kernel": "6.1.0",
        "cpu": "Example CPU",
        "cores": 2,
        "server_options": [],
        "pinning": None,
        "cpu_governor": None,
        "load_average": [0.12, 0.2, 0.3],
        "memory_bytes": 8 << 30,
        "descriptor_limit": 20_000,
        "build": {"version": "0.1", "compiler": "GNU 12.2.0", "flags": "-O2 -g",
                  "left_out": {"gui_chat": "FLTK is not installed"}},
        "commit": "0123456789abcdef0123456789abcdef01234567+dirty",
    }  # fmt: skip


def invented_workloads() -> list[dict[str, Any]]:
    known = {one.name: dataclasses.asdict(one) for one in all_workloads()}
    lesson = [known[name] for name in ("busy", "bulk", "churn", "mostly-idle", "concurrency")]
    steady = known["busy"] | {
        "name": "steady", "description": "requests by a schedule", "clients": [10], **OPEN_LOOP
    }  # fmt: skip
    rude = steady | {"name": "rude-company", "description": "the same, beside rude clients", **RUDE}
    return [*lesson, steady, rude]


def invented_run(
    chance: random.Random, server: str, workload: dict[str, Any], clients: int, number: int
) -> dict[str, Any]:
    name = workload["name"]
    run = dataclasses.asdict(Run(server, name, number, clients))
    run |= {"disturbed": False, "disturbed_reason": None, "calibration_ratio": 1.01, "attempt": 1}
    if server == "iterative" and clients > 1 and not workload["churn"]:
        return run | {"void": True, "void_reason": "one client at a time"}
    if server == HOSTILE and name == "churn":
        return run | {"void": True, "failed": True, "void_reason": f"{HOSTILE} died under load"}
    cost = _cost(server, workload, clients) * chance.gauss(1, 0.03)
    latency = _latency(server, workload, clients) * chance.gauss(1, 0.05)
    curve = [[p, round(latency * _slowness(p), 1)] for p in PERCENTILES]
    at = dict(zip(("p50_us", "p90_us", "p99_us", "p999_us"), (5, 17, 33, 50)))
    rude = bool(workload.get("slow_readers"))
    return run | {
        "seconds": 1.0,
        "echoes": 200_000,
        "echoes_per_second": 1e6 / cost / 1.7,
        "mean_us": latency * 1.2,
        **{field: curve[index][1] for field, index in at.items()},
        "max_us": curve[-1][1] * 1.3,
        "latency_percentiles": curve,
        "from_send_p99_us": curve[33][1] * 0.7 if workload.get("rate") else None,
        "owed": 12 if workload.get("rate") else None,
        "effective_concurrency": _held(server) if name == "concurrency" else None,
        CPU: cost,
        "peak_pss_bytes": _memory(server, clients + workload["idle"]),
        "threads": clients + 1 if server == "thread-per-client" else 1,
        "processes": clients + 1 if server == "fork-per-client" else 1,
        "context_switches": 40_000,
        "client_busy": 0.99 if server == "io-uring" else 0.8,
        "client_bound": server == "io-uring" and name == "busy",
        "disturbed": server == "selectors" and name == "bulk",
        "disturbed_reason": "another program took 31 % of a core",
        "isolation": _isolation(server) if rude else None,
    }


def _slowness(percentile: float) -> float:
    """Returns a latency over the least one: nearly flat up to a knee at 99 %, then steep."""
    one_in = 1 / (1 - percentile / 100)
    return 1 + 0.25 * one_in**0.25 + (one_in / 100) ** 0.9 / 4


def _cost(server: str, workload: dict[str, Any], clients: int) -> float:
    order = list(MODELS).index(server) if server in MODELS else 7
    cost = 3 + 0.02 * (order % 5) + (2.5 if "thread" in server or server in PROCESSES else 0)
    if server in LOOK_AT_EACH:
        cost += 0.025 * workload["idle"]
    if workload["churn"]:
        cost *= 30 if server == "fork-per-client" else 5
    return cost * (4 if workload["bytes"] > 1000 else 1) * (1.1 if clients == 100 else 1)


def _latency(server: str, workload: dict[str, Any], clients: int) -> float:
    order = list(MODELS).index(server) if server in MODELS else 7
    return (20 + 4 * clients + workload["idle"] / 4 * (server in LOOK_AT_EACH)) * (1 + order / 30)


def _held(server: str) -> float:
    return {"iterative": 1.0, "thread-pool": 9.9, "prefork": 9.8}.get(server, 19.7)


def _isolation(server: str) -> float:
    return 1.1 if "thread" in server or server in PROCESSES else 1.5 + len(server)


def _memory(server: str, connections: int) -> int:
    each = 60_000 if server in PROCESSES else 12_000 if "thread" in server else 1_500
    return 900_000 + each * connections


def summarized(runs: Iterable[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    groups: dict[tuple, list[dict]] = {}
    for run in runs:
        groups.setdefault((run["workload"], run["clients"], run["server"]), []).append(run)
    for (workload, clients, server), group in groups.items():
        valid = [run for run in group if not run["void"]]
        yield {
            "server": server,
            "workload": workload,
            "clients": clients,
            "rounds": len(valid),
            "void_rounds": len(group) - len(valid),
            "failed": any(run["failed"] for run in group),
            "client_bound": any(run["client_bound"] for run in valid),
            "note": next((run["void_reason"] for run in group if run["void"]), None),
            **{field: _spread([run.get(field) for run in valid]) for field in SPREAD},
        }


def _spread(values: list[float | None]) -> dict[str, float] | None:
    known = [value for value in values if value is not None]
    if not known:
        return None
    return {"median": statistics.median(known), "min": min(known), "max": max(known)}


def ranking(summary: list[dict], workload: dict[str, Any], clients: int) -> dict[str, Any]:
    """Returns a ranking in which neighbours nearer than 3 % are too close to call."""
    held = workload["name"] == "concurrency"
    metric = "effective_concurrency" if held else CPU
    point = workload["name"], clients
    here = [one for one in summary if (one["workload"], one["clients"]) == point]
    excluded = {one["server"]: _reason(one) for one in here if _reason(one)}
    able = [one for one in here if one["server"] not in excluded]
    able.sort(key=lambda one: one[metric]["median"], reverse=held)
    ranked, rank = [], 1
    for place, one in enumerate(able):
        following = able[place + 1] if place + 1 < len(able) else None
        ratio = following and _ratio(one[metric]["median"], following[metric]["median"], held)
        close = bool(ratio) and ratio["low"] <= 1
        ranked.append(
            {"server": one["server"], "rank": rank, "median": one[metric]["median"],
             "ratio_to_next": ratio, "too_close_to_next": close}
        )  # fmt: skip
        rank = rank if close else place + 2
    unranked = [{"server": server, "reason": reason} for server, reason in excluded.items()]
    return {"workload": workload["name"], "clients": clients, "metric": metric,
            "ranked": ranked, "unranked": unranked}  # fmt: skip


def _reason(entry: dict[str, Any]) -> str | None:
    if not entry["rounds"]:
        return entry["note"]
    if entry["server"] == "selectors" and entry["workload"] == "bulk":
        return "disturbed: another program took 31 % of a core"
    return "client-bound" if entry["client_bound"] else None


def _ratio(one: float, other: float, higher_is_better: bool) -> dict[str, float]:
    ratio = one / other if higher_is_better else other / one
    return {"median": ratio, "low": ratio * 0.97, "high": ratio * 1.03}


def findings() -> list[dict[str, Any]]:
    texts = (
        "With 800 silent clients select costs 7.7 times epoll an echo, because it looks at each.",
        "fork-per-client takes 60 kB a client, thread-per-client 12 kB, epoll 1.5 kB.",
        "A new connection for every request costs fork-per-client 6.0 times thread-per-client.",
        "iterative serves one client at a time: of 20 clients it held 1.00, epoll 19.7.",
        "Beside rude clients the p99 of epoll's well-behaved ones grew 9.0 times.",
    )
    return [{"text": text, "workload": "busy", "clients": 10, "servers": []} for text in texts]
