import os

import pytest

from echolab.disturbance import LATELY, Calibrator, Spin, Watch, spin, taken_by_others
from echolab.processors import Times, available, on_separate_cores, read_times, times_of

STAT = """cpu  300 0 200 900 100 {irq} 50 40 0 0
cpu0 200 0 100 450 50 {irq} 50 30 0 0
cpu1 100 0 100 450 50 0 0 10 0 0
intr 1 2 3
"""


def calibrator(*spins: Spin) -> Calibrator:
    """A calibrator whose work takes what it is told, and in the end as long as the last time."""
    queue = list(spins)
    return Calibrator([None], lambda _attempts: queue.pop(0) if len(queue) > 1 else queue[0])


def test_a_processor_at_its_best_troubles_nobody():
    calibration = calibrator(Spin(1.0, 1.0)).calibrate()
    assert calibration.ratio == 1 and calibration.trouble is None


def test_a_processor_that_is_slower_than_it_was_is_told():
    calibrations = calibrator(Spin(1.0, 1.0), Spin(1.6, 1.6))
    calibrations.calibrate()
    second = calibrations.calibrate()
    assert second.ratio == 1.6
    assert second.trouble == "the processor was slow before the run: 1.6 times its best time"


def test_a_processor_that_others_have_is_told():
    calibrations = calibrator(Spin(1.0, 1.0), Spin(1.0, 2.0))
    calibrations.calibrate()
    assert calibrations.calibrate().trouble.startswith("the processor was taken before the run")


def test_what_passes_in_some_milliseconds_is_no_trouble():
    calibrations = calibrator(Spin(1.0, 1.0), Spin(1.0, 3.0), Spin(1.0, 1.1))
    calibrations.calibrate()
    assert calibrations.calibrate().trouble is None


def test_a_clock_that_rises_later_makes_earlier_ones_slow_not_later_ones():
    calibrations = calibrator(Spin(2.0, 2.0), Spin(1.0, 1.0))
    calibrations.calibrate()
    assert calibrations.calibrate().trouble is None


def test_a_machine_that_has_grown_warm_is_not_slow_for_ever():
    calibrations = calibrator(Spin(1.0, 1.0), Spin(1.6, 1.6))
    calibrations.calibrate()
    troubles = [calibrations.calibrate().trouble for _ in range(LATELY + 1)]
    assert troubles[0] is not None and troubles[-1] is None


def test_the_work_takes_no_less_on_the_clock_than_on_the_processor():
    taken = spin()
    assert 0 < taken.cpu <= taken.wall


def test_calibrating_leaves_this_process_on_all_its_processors():
    before = os.sched_getaffinity(0)
    Calibrator(available()).calibrate()
    assert os.sched_getaffinity(0) == before


@pytest.mark.parametrize(
    "times, ours, told",
    [
        (Times(busy=1.9, idle=0.1, steal=0), 1.8, None),
        (Times(busy=2.0, idle=0.0, steal=0), 1.0, "other programs used 50 %"),
        (Times(busy=6.0, idle=10.0, steal=0), 2.0, None),  # they had processors of their own
        (Times(busy=1.0, idle=0.4, steal=0.6), 1.0, "the hypervisor gave away 30 %"),
        (Times(busy=1.0, idle=1.0, steal=0), 1.3, None),  # ticks are coarser than CPU clocks
        (Times(busy=0, idle=0, steal=0), 0, None),
    ],
)
def test_what_others_took_disturbs_where_nothing_was_left(times, ours, told):
    trouble = taken_by_others(times, ours)
    assert trouble is None if told is None else trouble.startswith(told)


def test_without_a_full_account_of_the_server_the_others_are_not_blamed():
    watch = Watch()
    for _ in range(2):
        watch.read()
    assert watch.trouble(None) is None


def test_the_processors_of_a_run_are_summed_up():
    times = times_of(STAT.format(irq=0), [1])
    assert (times.busy, times.idle, times.steal) == pytest.approx((2.0, 5.0, 0.1))


def test_interrupts_are_the_processes_where_the_kernel_charges_them_so():
    both = [0, 1]
    assert times_of(STAT.format(irq=0), both).busy == pytest.approx(5.5)
    assert times_of(STAT.format(irq=7), both).busy == pytest.approx(5.0)


def test_a_container_that_hides_its_processors_tells_nothing():
    assert times_of(STAT.format(irq=0), [7]) == Times(0.0, 0.0, 0.0)


def test_this_machine_tells_where_its_time_went():
    times = read_times(available())
    assert times.busy > 0 and times.idle >= 0


def test_two_processors_of_different_cores_are_taken_where_there_are_such(monkeypatch):
    twins = {0: {0, 1}, 1: {0, 1}, 2: {2, 3}, 3: {2, 3}}
    monkeypatch.setattr("echolab.processors.siblings_of", twins.get)
    assert on_separate_cores([0, 1, 2, 3]) == (0, 2)
    assert on_separate_cores([0, 1]) == (0, 1)
