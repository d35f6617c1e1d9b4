"""The record of one run: one server under one workload in one round.

docs/results-format.md says what each field means.
"""

from dataclasses import dataclass, field


@dataclass
class Run:
    """Figures are None where nothing was measured."""

    server: str
    workload: str
    round: int
    clients: int
    peer: bool = False

    seconds: float | None = None
    echoes: int = 0
    total_echoes: int = 0
    driven_echoes: int = 0
    echoes_per_second: float | None = None
    mean_us: float | None = None
    p50_us: float | None = None
    p90_us: float | None = None
    p99_us: float | None = None
    p999_us: float | None = None
    max_us: float | None = None
    from_send_mean_us: float | None = None
    from_send_p50_us: float | None = None
    from_send_p90_us: float | None = None
    from_send_p99_us: float | None = None
    from_send_p999_us: float | None = None
    from_send_max_us: float | None = None
    coordinated_omission_p99_us: float | None = None
    latency_percentiles: list[list[float]] = field(default_factory=list)
    offered: int | None = None
    owed: int | None = None
    schedule_lag_p99_us: float | None = None
    schedule_lag_max_us: float | None = None
    clients_served: int = 0
    effective_concurrency: float | None = None

    server_cpu_seconds: float | None = None
    server_cpu_seconds_per_million_echoes: float | None = None
    server_cpu_is_lower_bound: bool = False
    peak_rss_bytes: int | None = None
    peak_pss_bytes: int | None = None
    threads: int | None = None
    processes: int | None = None
    descriptors: int | None = None
    context_switches: int | None = None

    client_cpu_seconds: float | None = None
    client_cpu_seconds_per_million_echoes: float | None = None
    client_busy: float | None = None
    client_bound: bool = False
    generator_late: bool = False

    slow_readers_cut: int = 0
    dribblers_cut: int = 0
    dribbled_echoes: int = 0
    resets: int = 0

    mismatches: int = 0
    surplus_bytes: int = 0
    swapped: int = 0
    early_closes: int = 0
    unanswered: int = 0
    connect_failures: int = 0
    first_mismatch: str | None = None

    attempt: int = 1  # disturbed runs are repeated
    calibration_ratio: float | None = None
    disturbed: bool = False
    disturbed_reason: str | None = None

    void: bool = False
    void_reason: str | None = None
    failed: bool = False
    server_exit_status: int | None = None
    loadgen_exit_status: int | None = None

    @property
    def point(self) -> tuple[str, int]:
        """What is compared between servers: the workload and its number of clients."""
        return self.workload, self.clients


# Fields that the load generator reports under the same name.
REPORTED = (
    "seconds echoes total_echoes driven_echoes echoes_per_second"
    " mean_us p50_us p90_us p99_us p999_us max_us"
    " from_send_mean_us from_send_p50_us from_send_p90_us from_send_p99_us from_send_p999_us"
    " from_send_max_us coordinated_omission_p99_us latency_percentiles offered owed"
    " schedule_lag_p99_us schedule_lag_max_us generator_late"
    " slow_readers_cut dribblers_cut dribbled_echoes resets"
    " clients_served effective_concurrency client_cpu_seconds"
    " client_cpu_seconds_per_million_echoes client_busy client_bound mismatches surplus_bytes"
    " swapped early_closes unanswered connect_failures first_mismatch void"
).split()

# Fields of which a summary gives the median, the minimum and the maximum.
SUMMARIZED = (
    "echoes_per_second mean_us p50_us p90_us p99_us p999_us max_us from_send_p99_us"
    " coordinated_omission_p99_us effective_concurrency"
    " server_cpu_seconds_per_million_echoes client_cpu_seconds_per_million_echoes client_busy"
    " peak_rss_bytes peak_pss_bytes threads processes descriptors context_switches"
).split()
