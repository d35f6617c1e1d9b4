from collections import Counter

import pytest

from echolab.testing import count, summary_line

CTEST = """<testsuite>
  <testcase name="session_test.echoes" status="run"/>
  <testcase name="suite" status="{status}">{more}</testcase>
</testsuite>"""
PYTEST = """<testsuites><testsuite>
  <testcase name="a"/>
  <testcase name="b"><skipped type="pytest.xfail"/></testcase>
  <testcase name="c"><skipped type="pytest.skip"/></testcase>
  {more}
</testsuite></testsuites>"""


@pytest.fixture
def counted(tmp_path):
    def run(ctest: str, suite: str | None = None) -> Counter:
        report, suites = tmp_path / "report.xml", tmp_path / "suites"
        report.write_text(ctest)
        suites.mkdir()
        if suite:
            (suites / "suite.xml").write_text(suite)
        return count(report, suites)

    return run


def test_a_pytest_suite_counts_as_its_cases(counted):
    counts = counted(CTEST.format(status="run", more=""), PYTEST.format(more=""))
    assert counts == {"passed": 3, "skipped": 1}


def test_a_failing_case_of_a_suite_counts_once(counted):
    failing = '<testcase name="d"><failure/></testcase>'
    counts = counted(CTEST.format(status="fail", more="<failure/>"), PYTEST.format(more=failing))
    assert counts == {"passed": 3, "skipped": 1, "failed": 1}


def test_a_suite_that_broke_off_counts_as_failed(counted):
    counts = counted(CTEST.format(status="fail", more="<failure/>"))
    assert counts == {"passed": 1, "failed": 1}


def test_a_suite_that_failed_after_its_last_case_counts_as_failed(counted):
    counts = counted(CTEST.format(status="fail", more="<failure/>"), PYTEST.format(more=""))
    assert counts["failed"] == 1


def test_a_skipped_case_of_ctest_counts_as_skipped(counted):
    counts = counted(CTEST.format(status="notrun", more="<skipped/>"))
    assert counts == {"passed": 1, "skipped": 1}


def test_a_ctest_without_a_report_counts_as_failed(counted):
    assert counted("") == {"failed": 1}


def test_the_last_line_counts_passed_failed_and_skipped():
    assert summary_line(Counter(passed=12, skipped=1)) == "12 passed, 0 failed, 1 skipped"
