
log=$(cmake -S . -B build 2>&1 && cmake --build build 2>&1) || {
  printf '%s\n' "$log" >&2
  echo "check: the server cannot be built, see above" >&2
  exit 1
}
