"""What a submission may use while it is built and checked."""

from dataclasses import dataclass, replace

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """Bytes and seconds. Where it says "a process", children have as much again."""

    submission_bytes: int = 64 * MEBIBYTE  # of all files as they are handed in
    submission_files: int = 5000
    build_seconds: float = 120.0
    check_seconds: float = 1200.0  # of all checks together, most of which wait side by side
    processor_seconds: int = 300  # a process
    processes: int = 256  # threads included; the checks open 140 clients at a time
    file_bytes: int = 16 * MEBIBYTE  # a file, what the server prints included
    disk_bytes: int = 512 * MEBIBYTE  # what the build leaves; an eighth of it for /tmp
    memory_bytes: int = 4096 * MEBIBYTE  # of all processes together, what they store included

    def stretched(self, slowdown: float) -> "Limits":
        """Returns the limits for a machine that takes so many times as long as it would alone."""
        return replace(
            self,
            build_seconds=self.build_seconds * slowdown,
            check_seconds=self.check_seconds * slowdown,
        )
