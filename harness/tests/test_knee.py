"""The search for the knee, on servers that are made up and so have a known one."""

import json
import random

import pytest

from echolab import knee, knee_command
from echolab.errors import LabError
from echolab.knee import Answer, Knee, Search
from echolab.knee_command import answer_of, verdict, window_seconds
from echolab.runs import Run

LOWEST = 100


def sharp(rate_kept: float):
    """A server that keeps any rate up to `rate_kept`, and none above."""
    return lambda rate: Answer(kept=rate <= rate_kept, p99_us=100)


def noisy(rate_kept: float, noise: float, seed: int):
    """A server whose limit varies by `noise` (a share, standard deviation) from run to run."""
    random_numbers = random.Random(seed)
    return lambda rate: Answer(kept=rate <= rate_kept * random_numbers.gauss(1, noise))


def search(ask, start: float = 1000) -> knee.Knee:
    return Search(ask, lambda probe: None, LOWEST).find(start)


@pytest.mark.parametrize("limit", [130, 999, 1000, 1001, 47_000, 320_000])
@pytest.mark.parametrize("start", [100, 1000, 1_000_000])
def test_the_knee_is_found_from_anywhere_to_within_the_resolution(limit, start):
    found = search(sharp(limit), start)
    assert limit / knee.RESOLUTION <= found.rate <= limit
    assert found.all_kept == found.rate
    assert limit < found.none_kept <= found.rate * knee.RESOLUTION
    assert found.limited_by == "server"


@pytest.mark.parametrize("seed", range(20))
def test_a_noisy_server_has_its_knee_found_nearby_with_a_spread_around_it(seed):
    found = search(noisy(50_000, noise=0.03, seed=seed))
    assert found.rate == pytest.approx(50_000, rel=0.12)
    assert found.all_kept <= found.rate < found.none_kept


def test_a_rate_counts_as_kept_if_most_runs_keep_it():
    answers = iter([True, False, True])
    probes = []

    def ask(rate: float) -> Answer:
        return Answer(kept=next(answers)) if rate == 1000 else Answer(kept=False)

    found = Search(ask, probes.append, LOWEST).find(1000)
    assert (probes[0].times_kept, probes[0].is_kept) == (2, True)
    assert found.rate == 1000
    assert found.all_kept is None  # one run failed at 1000


def test_a_server_that_keeps_no_rate_has_no_knee():
    found = search(sharp(0))
    assert found.rate is None and found.all_kept is None
    assert found.none_kept == LOWEST


def test_a_void_run_is_asked_again():
    voids = iter([None, "late", "late"])

    def ask(rate: float) -> Answer:
        return Answer(kept=rate <= 3000, void=next(voids, None))

    assert search(ask).limited_by == "server"


def test_the_search_ends_where_the_generator_is_the_limit_and_the_knee_is_at_least_that():
    def ask(rate: float) -> Answer:
        return Answer(kept=True, void="the generator was late" if rate > 50_000 else None)

    found = search(ask)
    assert found.limited_by == "generator"
    assert found.reason == "at 64,000/s: the generator was late"
    assert found.rate == 32_000
    assert found.none_kept is None


def test_the_runs_at_a_rate_are_bounded_even_if_all_are_void():
    asked = []

    def ask(rate: float) -> Answer:
        asked.append(rate)
        return Answer(kept=False, void="the machine is disturbed")

    found = search(ask)
    assert found.rate is None and found.limited_by == "generator"
    assert len(asked) == 1 + knee.VOID_RETRIES


def test_a_server_that_keeps_everything_ends_the_search():
    found = search(sharp(1e12))
    assert found.rate >= knee.HIGHEST_RATE and found.none_kept is None


def test_the_number_of_probes_is_told_beforehand():
    probes = []
    Search(sharp(50_000), probes.append, LOWEST).find(1000)
    assert len(probes) == knee.usual_probes(1000, 50_000) == 11


def run(**values) -> Run:
    defaults = dict(p99_us=400.0, owed=0, client_busy=0.5)
    record = Run("some", "knee", 1, 100)
    for field, value in (defaults | values).items():
        setattr(record, field, value)
    return record


def test_a_rate_is_kept_if_its_p99_is_within_the_limit_and_nothing_is_owed():
    assert answer_of(run(), 400).kept
    assert not answer_of(run(), 399).kept
    assert not answer_of(run(owed=1), 400).kept


def test_a_late_generator_says_nothing_of_the_server():
    late = run(generator_late=True, void=True, void_reason="late by 3 ms")
    assert answer_of(late, 400).void == "late by 3 ms"


def test_a_generator_without_time_left_cannot_accuse_the_server_but_can_acquit_it():
    assert "97% busy" in answer_of(run(client_bound=True, client_busy=0.97), 100).void
    assert answer_of(run(client_bound=True), 400).kept


def test_a_disturbed_machine_cannot_accuse_the_server_but_a_kept_rate_stands():
    disturbed = run(disturbed=True, disturbed_reason="other programs took 40 %")
    answer = answer_of(disturbed, 100)
    assert (answer.void, answer.void_through) == ("other programs took 40 %", "machine")
    assert answer_of(disturbed, 400).kept


def test_a_server_for_fewer_clients_ends_the_search_with_advice():
    full = run(void=True, void_reason="served 10 of 100")
    with pytest.raises(LabError, match="served 10 of 100: use fewer --clients than 100"):
        answer_of(full, 400)


def test_a_server_that_answers_wrongly_ends_the_search():
    liar = run(void=True, failed=True, void_reason="3 bytes were wrong")
    with pytest.raises(LabError, match="some: 3 bytes were wrong$"):
        answer_of(liar, 400)


@pytest.mark.parametrize(
    "p99_us, start, seconds", [(1000, 1000, 1), (200_000, 1000, 4), (1000, 50, 10)]
)
def test_a_window_is_long_enough_for_the_limit_and_for_the_lowest_rate(p99_us, start, seconds):
    assert window_seconds(p99_us, start) == seconds


def test_the_verdict_names_the_knee_its_spread_and_whose_limit_it_is():
    assert verdict("epoll", Knee(46_300, 45_200, 48_400)) == (
        "knee of epoll: 46,300/s (every run kept 45,200/s, none kept 48,400/s)"
    )
    limited = Knee(32_000, 32_000, None, "generator", "at 64,000/s: late")
    assert verdict("epoll", limited) == (
        "knee of epoll: at least 32,000/s (every run kept 32,000/s)\n"
        "the generator, not the server, was the limit: at 64,000/s: late"
    )
    disturbed = Knee(32_000, 32_000, None, "machine", "at 64,000/s: other programs took 40 %")
    assert "the machine, not the server, was the limit" in verdict("epoll", disturbed)
    broken_off = Knee(32_000, 32_000, None, "interruption", "interrupted by SIGINT")
    assert verdict("epoll", broken_off) == (
        "knee of epoll: at least 32,000/s (every run kept 32,000/s)"
    )
    assert "not even 100/s is kept" in verdict("epoll", search(sharp(0)))


@pytest.fixture
def answers(monkeypatch):
    """Replaces the runs of servers: each rate up to 3,000 a second is kept."""

    def attempt(step, _loadgen, _cores, _watch) -> Run:
        rate = step.workload.rate
        return run(p99_us=100.0 if rate <= 3000 else 90_000.0, owed=0 if rate <= 3000 else 7)

    monkeypatch.setattr(knee_command, "attempt", attempt)


def test_the_search_is_printed_step_by_step_and_kept_as_json(answers, programs, lab, tmp_path):
    file = tmp_path / "knee.json"
    status, output, _ = lab("knee", "epoll", "--p99", "2ms", "--json", str(file))
    assert status == 0
    lines = output.splitlines()
    assert lines[0].startswith("epoll: the highest rate with a p99 of 2.00 ms")
    assert lines[2].split() == "1,000/s 3 of 3 kept p99 100 µs 100 µs 100 µs".split()
    assert lines[4].endswith("0 of 3 kept  p99 90.0 ms  90.0 ms  90.0 ms  21 never answered")
    assert lines[-1].startswith("knee of epoll: 2,9")
    document = json.loads(file.read_text())
    assert document["p99_limit_us"] == 2000
    assert document["knee"]["rate"] == pytest.approx(3000, rel=0.05)
    assert len(document["knee"]["probes"]) == len(lines) - 3


def test_a_server_of_anybodys_can_be_asked(answers, programs, lab):
    status, output, _ = lab("knee", "mine", "--server", "mine=./mine {port}", "--clients", "10")
    assert status == 0
    assert "knee of mine: 2,9" in output


def test_a_real_server_is_asked_in_an_open_loop(programs, lab, monkeypatch, tmp_path):
    monkeypatch.setattr(knee, "REPEATS", 1)
    monkeypatch.setattr(knee, "HIGHEST_RATE", 2000)
    monkeypatch.setattr(knee_command, "LEAST_WINDOW_SECONDS", 0.2)
    file = tmp_path / "knee.json"
    arguments = ("--p99", "10ms", "--clients", "2", "--start", "2000", "--json", str(file))
    status, output, errors = lab("knee", "thread-per-client", *arguments)
    assert status == 0, errors
    found = json.loads(file.read_text())["knee"]
    answers = [answer for probe in found["probes"] for answer in probe["answers"]]
    assert all(answer["p99_us"] > 0 for answer in answers)
    # A loaded machine may make every run void. Then it has to say so.
    assert answers or found["limited_by"] in ("generator", "machine")
    assert "knee of thread-per-client: " in output.splitlines()[2 + len(found["probes"])]
