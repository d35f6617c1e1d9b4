import pytest

from echolab.errors import unknown


@pytest.mark.parametrize(
    "given, nearest", [("selct", "select"), ("Poll", "poll"), ("fork", "fork-per-client")]
)
def test_an_unknown_name_is_answered_with_the_nearest_one(given, nearest):
    error = unknown("model", given, ["select", "poll", "fork-per-client"])
    assert str(error) == f"unknown model '{given}': did you mean '{nearest}'?"


def test_a_name_near_to_nothing_is_answered_with_all():
    error = unknown("model", "xyz", ["select", "poll"])
    assert str(error) == "unknown model 'xyz': choose from poll, select"


def test_an_unknown_name_is_bad_usage():
    assert unknown("model", "xyz", ["select"]).exit_status == 2
