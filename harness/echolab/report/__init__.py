"""The report of a comparison: what a page of it holds. How pages look is page.py's business."""

from echolab.report.contents import report_of
from echolab.report.files import leave, read_json, write_report

__all__ = ["leave", "read_json", "report_of", "write_report"]
