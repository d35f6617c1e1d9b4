"""What is left of a command that was interrupted."""

from echolab import interrupts, proc

NOBODY = 2**22 + 1  # no process: the numbers end at 2**22 (proc(5), pid_max)


def test_a_child_that_somebody_else_has_buried_is_no_trouble(monkeypatch):
    seen = iter([[NOBODY]])  # it was there when the list was read
    monkeypatch.setattr(proc, "children", lambda _pid: next(seen, []))
    with interrupts.orderly_ending():
        pass
