#!/bin/bash
# Gradescope runs this once, as root, when the image of the autograder is made. It installs what the
# kit needs by apt-get and, where the image's Python is older than the kit's, a newer one beside it.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
source=$here
[ -e "$source/packages.txt" ] || source=$here/source
python=/autograder/python
modules=(click hypothesis jinja2 markdown-it-py pexpect psutil pyte pytest rich)

apt-get update
sed '/^#/d; /^$/d' "$source/packages.txt" |
  DEBIAN_FRONTEND=noninteractive xargs apt-get install -y --no-install-recommends

# Ubuntu 22.04 has Python 3.10, and 3.11 beside it, without modules of its own.
if ! python3 -c 'import tomllib' 2>/dev/null; then
  DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
    python3.11 python3.11-venv
  python3.11 -m venv "$python"
  "$python/bin/pip" install "${modules[@]}"
fi

# So that a missing part is told when the image is made, and not to the first student.
PATH=$python/bin:$PATH
sh "$source/lab" --no-install grade --help >/dev/null
