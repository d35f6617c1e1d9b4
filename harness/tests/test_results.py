import re

import pytest

from echolab import results
from echolab.contenders import contender_of_model
from echolab.environment import environment
from echolab.errors import LabError
from echolab.measurement import Cores
from echolab.models import ROOT
from echolab.runs import SUMMARIZED, Run
from echolab.workloads import Workload

DOCUMENTED = (ROOT / "docs/results-format.md").read_text()


def run(**fields) -> Run:
    return Run(**({"server": "poll", "workload": "busy", "round": 1, "clients": 10} | fields))


def fields_documented_under(heading: str) -> set[str]:
    """Returns the names in the first column of the table under a heading."""
    section = f"\n{DOCUMENTED}".split(f"\n{heading}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`(\w+)`", row)}


@pytest.fixture
def document(tmp_path):
    surroundings = environment(tmp_path, Cores(0, 1))
    contenders = [contender_of_model("poll", tmp_path)]
    return results.document(surroundings, [Workload("busy")], [run()], contenders, seed=1)


def test_the_top_level_is_documented(document):
    assert fields_documented_under("# The format of the results") == set(document)


@pytest.mark.parametrize("part", ["servers", "workloads", "runs"])
def test_every_field_of_a_list_is_documented(document, part):
    assert fields_documented_under(f"## {part}") == set(document[part][0])


def test_every_field_of_the_environment_is_documented(document):
    assert fields_documented_under("## environment") == set(document["environment"])


def test_every_field_of_the_summary_is_documented(document):
    in_table = fields_documented_under("## summary")
    assert in_table | set(SUMMARIZED) == set(document["summary"][0])
    section = DOCUMENTED.split("\n## summary\n")[1]
    spreads = section.split("or `null`:")[1].split("## ")[0]
    assert re.findall(r"`(\w+)`", spreads) == SUMMARIZED


def test_the_summary_has_medians_between_extremes():
    runs = [run(round=i, echoes_per_second=value) for i, value in enumerate([5.0, 1.0, 3.0], 1)]
    (entry,) = results.summarize(runs)
    assert entry["echoes_per_second"] == {"median": 3.0, "min": 1.0, "max": 5.0}
    assert entry["rounds"] == 3


def test_void_runs_count_for_nothing_but_their_note():
    runs = [
        run(echoes_per_second=1.0),
        run(round=2, echoes_per_second=9.0, void=True, void_reason="served 4 of 10"),
    ]
    (entry,) = results.summarize(runs)
    assert entry["echoes_per_second"]["max"] == 1.0
    assert (entry["rounds"], entry["void_rounds"], entry["note"]) == (1, 1, "served 4 of 10")


def rude_and_without(**fields) -> list[dict]:
    workloads = [Workload("steady"), Workload("rude", compared_with="steady", dribble=1)]
    runs = [
        run(workload="steady", p99_us=100.0),
        run(workload="steady", p99_us=200.0, round=2),
        run(**({"workload": "rude", "p99_us": 300.0} | fields)),
        run(**({"workload": "rude", "p99_us": 200.0, "round": 2} | fields)),
    ]
    return results.summarize(runs, workloads)


def test_isolation_is_the_ratio_of_the_same_round():
    steady, rude = rude_and_without()
    assert steady["isolation"] is None
    assert rude["isolation"] == {"median": 2.0, "min": 1.0, "max": 3.0}


def test_there_is_no_isolation_where_a_run_is_void():
    _, rude = rude_and_without(void=True, void_reason="served 6 of 10")
    assert rude["isolation"] is None


def test_different_numbers_of_clients_are_not_mixed():
    assert len(results.summarize([run(clients=10), run(clients=100)])) == 2


def test_results_of_the_same_second_do_not_overwrite_each_other(document):
    assert results.keep(document) != results.keep(document)


def test_a_file_that_cannot_be_written_is_reported(document, tmp_path):
    with pytest.raises(LabError, match="cannot write .*: Is a directory"):
        results.write(document, tmp_path)


def test_a_result_says_how_to_repeat_its_order(document):
    assert document["seed"] == 1


def test_disturbed_runs_count_only_where_there_are_no_others():
    runs = [
        run(echoes_per_second=1.0),
        run(round=2, echoes_per_second=9.0, disturbed=True, disturbed_reason="a compiler"),
    ]
    (entry,) = results.summarize(runs)
    assert entry["echoes_per_second"]["max"] == 1.0
    assert (entry["rounds"], entry["disturbed_rounds"], entry["disturbed"]) == (1, 1, False)
    (entry,) = results.summarize(runs[1:])
    assert (entry["rounds"], entry["disturbed"]) == (1, True)


def test_the_servers_stand_in_the_order_of_the_command_line(tmp_path):
    contenders = [contender_of_model(name, tmp_path) for name in ("poll", "select")]
    runs = [run(server="select"), run(server="poll")]
    surroundings = environment(tmp_path, Cores())
    result = results.document(surroundings, [Workload("busy", clients=(10,))], runs, contenders)
    assert [entry["server"] for entry in result["summary"]] == ["poll", "select"]
    assert [one["server"] for one in result["rankings"][0]["unranked"]] == ["poll", "select"]
