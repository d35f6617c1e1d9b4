"""Files that are there as a whole, or not at all."""

import os
import tempfile
from pathlib import Path


def replace_file(path: Path, contents: bytes) -> None:
    """Puts a new file in the place of what may be there: a link is replaced, never followed.

    Makes its directory. Raises OSError; then what was there still is.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with open(descriptor, "wb") as file:
            file.write(contents)
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
