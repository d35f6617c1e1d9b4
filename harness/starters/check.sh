#!/bin/sh
# Asks Echo Lab what is right with the server in this folder, and what is not. Options are passed on:
#   ./check --only ECHO-4 --hints remedy
# The kit is looked for where this folder was made, or where ECHOLAB_HOME says.
set -eu
cd "$(dirname "$0")"

kit=${ECHOLAB_HOME:-@HOME@}
if [ ! -x "$kit/lab" ]; then
  echo "check: Echo Lab is not in $kit: set ECHOLAB_HOME to its directory, and try again" >&2
  exit 3
fi

if [ -f CMakeLists.txt ]; then
  echo "check: building the server" >&2
  # What a folder was configured with before, by hand, it keeps.
  if command -v ninja >/dev/null; then export CMAKE_GENERATOR=Ninja; fi
  log=$(cmake -S . -B build 2>&1 && cmake --build build --parallel 2 2>&1) || {
    printf '%s\n' "$log" >&2
    echo "check: the server cannot be built, see above" >&2
    exit 1
  }
fi
exec "$kit/lab" check @OPTIONS@ "$@" -- @COMMAND@
