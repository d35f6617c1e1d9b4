"""What the terminal can show beyond ASCII."""

import os
from typing import TextIO


def shows_unicode(stream: TextIO) -> bool:
    """Tells whether block characters may be written to `stream`.

    Python speaks UTF-8 in the C locale, too (PEP 538, PEP 540); who has asked for C by LC_ALL
    means it.
    """
    asked_for = os.environ.get("LC_ALL") or "UTF-8"
    return all("utf" in encoding.lower() for encoding in (asked_for, stream.encoding or ""))
