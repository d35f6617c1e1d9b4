"""result.json of a Classroom 50 autograder: schema classroom50/result/v1.

https://github.com/foundation50/classroom50/wiki/Advanced-Autograding. Its runner says by
environment variables which submission this is, and itself stamps whose it is and when it was handed
in.
"""

import datetime
import json
import os
from collections.abc import Mapping
from typing import Any

from echolab.grading import advice
from echolab.grading.grade import Grade, GradedCheck

SCHEMA = "classroom50/result/v1"
UNKNOWN = "unknown"  # outside its runner


def render(grade: Grade, hints: str, environment: Mapping[str, str] = os.environ) -> str:
    """Returns the file's text. It has whole points: each check's are rounded."""
    tests = [_test(check) for check in grade.checks]
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    commit = environment.get("COMMIT_URL") or UNKNOWN
    result = {
        "schema": SCHEMA,
        "classroom": environment.get("CLASSROOM") or UNKNOWN,
        "assignment": environment.get("ASSIGNMENT") or grade.lab,
        "submission": environment.get("SUBMISSION_TAG") or grade.submission,
        "commit": commit,
        "release": environment.get("RELEASE_URL") or UNKNOWN,
        "review": environment.get("REVIEW_URL") or commit,
        "datetime": now,
        "graded_at": now,
        "score": sum(test["score"] for test in tests),
        "max-score": sum(test["max-score"] for test in tests),
        "tests": tests,
        "verdict": grade.verdict,
        "advice": advice.text(grade, hints),
    }
    return json.dumps(result, indent=2, ensure_ascii=False) + "\n"


def _test(check: GradedCheck) -> dict[str, Any]:
    return {
        "test-name": f"{check.id} {check.requirement}",
        "passed": check.points >= check.max_points,
        "score": round(check.points),
        "max-score": round(check.max_points),
        "verdict": check.verdict,
        "evidence": "" if check.verdict == "pass" else advice.reason(check),
    }
