"""The control groups of sandboxes; what they limit is tried in test_grading_hostile.py."""

import os

from echolab.grading import control_group


def test_what_a_killed_grader_has_left_is_removed_and_what_others_are_making_is_not(tmp_path):
    abandoned, new, foreign = (tmp_path / name for name in ("echolab-1-a", "echolab-2-b", "other"))
    for group in (abandoned, new, foreign):
        group.mkdir()
    for group in (abandoned, foreign):
        os.utime(group, (0, 0))
    control_group._remove_abandoned(tmp_path)
    assert (abandoned.exists(), new.exists(), foreign.exists()) == (False, True, True)
