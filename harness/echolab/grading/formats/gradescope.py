"""results.json of a Gradescope autograder.

https://gradescope-autograders.readthedocs.io/en/latest/specs/
"""

import json
from typing import Any

from echolab.grading import advice
from echolab.grading.grade import INCONCLUSIVE, Grade, GradedCheck

VISIBILITY = "visible"
TEXT = "text"  # never html or md: evidence holds what the student's program has said


def render(grade: Grade, hints: str) -> str:
    """Returns the file's text."""
    passed = sum(check.points == check.max_points > 0 for check in grade.checks)
    result = {
        "score": grade.score,
        "execution_time": round(grade.seconds),
        "output": advice.text(grade, hints),
        "output_format": TEXT,
        "test_output_format": TEXT,
        "test_name_format": TEXT,
        "visibility": VISIBILITY,
        "stdout_visibility": "hidden",
        "extra_data": {"lab": grade.lab, "verdict": grade.verdict, "max_score": grade.max_score},
        "tests": [_test(number, check) for number, check in enumerate(grade.checks, start=1)],
        "leaderboard": [
            {"name": "Points", "value": grade.score},
            {"name": "Checks passed", "value": passed},
        ],
    }
    return json.dumps(result, indent=2, ensure_ascii=False) + "\n"


def _test(number: int, check: GradedCheck) -> dict[str, Any]:
    test = {
        "score": check.points,
        "max_score": check.max_points,
        "name": f"{check.id} {check.requirement}",
        "name_format": TEXT,
        "number": str(number),
        "output": "" if check.verdict == "pass" else advice.reason(check),
        "output_format": TEXT,
        "tags": [check.id.partition("-")[0], check.verdict],
        "visibility": VISIBILITY,
        "extra_data": {"seconds": check.seconds},
    }
    # Without a status Gradescope would compare the points; none of its two tells this.
    if check.verdict != INCONCLUSIVE:
        test["status"] = "passed" if check.points >= check.max_points else "failed"
    return test
