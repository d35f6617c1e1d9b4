"""Answers that are the same on every machine are measured as the handouts have it."""

import pytest
from echolab.course.registry import find_measurement


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("counter-of-three-children", 0),
        ("end-of-a-kept-connection", "when the parent closes its copy"),
        ("signals-of-twelve-children", 1),
        ("clients-of-a-killed-process", 1),
        ("tills-of-a-pool", "20"),
        ("clients-of-a-crashed-thread", 4),
    ],
)
def test_what_no_machine_changes_is_measured_so(question, answer, programs):
    assert find_measurement(question).measure().value == answer


def test_a_client_s_process_weighs_more_than_its_thread(programs):
    process, thread = (
        find_measurement(f"memory-of-a-{what}").measure().value
        for what in ("client-s-process", "silent-client")
    )
    assert process > 1.5 * thread
