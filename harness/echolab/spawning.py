"""How every server and load generator is started."""

import os
import subprocess
from collections.abc import Sequence

# Who started this may have gone before the signal was asked for: then nobody would ever send it.
UNLESS_ORPHANED = '[ "$PPID" = "$0" ] || exit 1; exec "$@"'


def spawn(
    command: Sequence[str], *, core: int | None = None, stdin=subprocess.DEVNULL, **popen_options
) -> subprocess.Popen:
    """Starts a command that cannot outlive this process, in a session of its own.

    With `core` it runs on that processor only (taskset(1)), and so do its children. A session of
    its own, so that Ctrl-C on the terminal reaches only the driver, which then ends things in
    order. setpriv(1) asks for the parent-death signal between fork and exec, where Python code
    must not run in a process that has threads, and becomes the command, under the same id.
    """
    on_core = [] if core is None else ["taskset", "--cpu-list", str(core)]
    return subprocess.Popen(
        ["setpriv", "--pdeathsig", "KILL", "--", *on_core]
        + ["sh", "-c", UNLESS_ORPHANED, str(os.getpid()), *command],
        stdin=stdin,
        start_new_session=True,
        **popen_options,
    )
