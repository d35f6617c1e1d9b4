"""JUnit's XML, as CI services read it: a test case a check."""

import xml.etree.ElementTree as xml

from echolab.grading import advice
from echolab.grading.grade import INCONCLUSIVE, Grade, GradedCheck


def render(grade: Grade, hints: str) -> str:
    """Returns the file's text."""
    suite = xml.Element("testsuite", name=f"echolab {grade.lab} {grade.submission}")
    for check in grade.checks:
        _add(suite, check)
    counts = {
        "tests": len(grade.checks),
        "failures": len(suite.findall("testcase/failure")),
        "errors": len(suite.findall("testcase/error")),
        "skipped": len(suite.findall("testcase/skipped")),
    }
    suite.attrib.update({name: str(count) for name, count in counts.items()})
    suite.set("time", f"{grade.seconds:.3f}")
    xml.SubElement(suite, "system-out").text = advice.text(grade, hints)
    return xml.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def _add(suite: xml.Element, check: GradedCheck) -> None:
    case = xml.SubElement(
        suite,
        "testcase",
        classname=check.id.partition("-")[0],
        name=f"{check.id} {check.requirement}",
        time=f"{check.seconds:.3f}",
    )
    if not check.max_points:
        xml.SubElement(case, "skipped", message=advice.reason(check))
    elif check.verdict == INCONCLUSIVE:  # an error: it is not known whether the test fails
        xml.SubElement(case, "error", message=advice.reason(check))
    elif check.points < check.max_points:
        lost = advice.number(check.max_points - check.points)
        xml.SubElement(case, "failure", message=advice.reason(check)).text = f"{lost} points lost"
