import signal
from dataclasses import replace

import pytest

from echolab import accounting, proc
from echolab.accounting import Accountant
from echolab.waiting import wait_until

# Burns CPU in a child that ends, says on stdout how much that was, then listens.
BURN_IN_A_CHILD = """
    import os, signal, socket, sys, time

    {before}
    reader, writer = os.pipe()
    if os.fork() == 0:
        while time.process_time() < 0.2:
            pass
        os.write(writer, str(time.process_time()).encode())
        os._exit(0)
    try:
        os.wait()
    except ChildProcessError:
        pass
    print(os.read(reader, 100).decode(), flush=True)
    listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
    signal.pause()
"""

# Listens, then grows on SIGUSR1 and says so.
GROWING = """
    import os, signal, socket, sys, threading

    def grow(*_):
        {growth}
        print("grown", flush=True)

    signal.signal(signal.SIGUSR1, grow)
    listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
    while True:
        signal.pause()
"""


def wait_for_peak(serve, growth, is_reached):
    # A sample may be taken in the middle of the growth, so only the whole of it counts.
    with serve(GROWING.format(growth=growth)) as server, Accountant(server.tree) as accountant:
        before = replace(accountant.usage)
        server.send_signal(signal.SIGUSR1)
        assert wait_until(lambda: "grown" in server.stdout, 60)
        assert wait_until(lambda: is_reached(accountant.usage, before), 60), accountant.usage


def test_the_cpu_time_of_a_child_that_ended_is_counted(serve):
    with serve(BURN_IN_A_CHILD.format(before="")) as server:
        burnt = float(server.stdout)
        counted = accounting.tree_cpu_seconds(server.tree)
        by_itself = proc.cpu_seconds(server.pid)
    tick = 1 / proc.TICKS_PER_SECOND
    assert counted - by_itself == pytest.approx(burnt, abs=3 * tick)


def test_the_cpu_time_of_a_running_process_is_its_own_clock(serve):
    program = """
        import signal, socket, sys, time

        while time.process_time() < 0.1:
            pass
        listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
        print(time.process_time(), flush=True)
        signal.pause()
    """
    with serve(program) as server:
        wait_until(lambda: server.stdout.endswith("\n"), 60)
        told = float(server.stdout)
        assert accounting.tree_cpu_seconds(server.tree) == pytest.approx(told, rel=0.05)


def test_children_that_the_kernel_discards_make_the_cpu_time_a_lower_bound(serve):
    ignore = "signal.signal(signal.SIGCHLD, signal.SIG_IGN)"
    with serve(BURN_IN_A_CHILD.format(before=ignore)) as server:
        with Accountant(server.tree) as accountant:
            pass
    assert accountant.usage.cpu_is_lower_bound


def test_threads_are_counted_at_their_peak(serve):
    growth = "[threading.Thread(target=signal.pause, daemon=True).start() for _ in range(5)]"
    wait_for_peak(serve, growth, lambda now, then: now.threads - then.threads == 5)


def test_processes_are_counted_at_their_peak(serve):
    growth = "[os.fork() or signal.pause() for _ in range(3)]"
    wait_for_peak(serve, growth, lambda now, then: now.processes - then.processes == 3)


def test_descriptors_are_counted_at_their_peak(serve):
    growth = "[os.dup(0) for _ in range(50)]"
    wait_for_peak(serve, growth, lambda now, then: now.descriptors - then.descriptors == 50)


def test_memory_is_counted_at_its_peak_even_when_it_was_given_back(serve):
    growth = "x = b'x' * (32 << 20); del x"
    grown = 24 << 20  # the program's start may have freed some that is taken again
    wait_for_peak(
        serve, growth, lambda now, then: now.peak_rss_bytes - then.peak_rss_bytes >= grown
    )
