"""The report of a comparison: what a page of it holds. How pages look is page.py's business."""

from echolab.report.contents import report_of
from echolab.report.files import read_json, write_beside, write_report

__all__ = ["read_json", "report_of", "write_beside", "write_report"]
