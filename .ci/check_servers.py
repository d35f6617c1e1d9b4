#!/usr/bin/env python3
"""Keeps the servers pages of one textbook: prints what is wrong with them, exits 1 if anything is.

A server file has at most a page of lines and begins with a header comment that answers the same
questions in the same order; its main() differs from its siblings' by the model's name alone; and
the diff between neighbours, which is what a student reads, stays within its budget.
"""

import difflib
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
MAX_LINES = 150
MAX_HEADER_LINES = 25
HEADINGS = [
    "The idea:",
    "What blocks, and where:",
    "State per client, and who owns it:",
    "What one more client costs:",
    "How it fails:",
    "Run it:",
    "Compare with:",
    "Lab:",
]
# A server of another service than the kit's has a name for that; a model may take more options, and
# may not run everywhere.
MAIN = re.compile(
    r"int main\(int argc, char\*\* argv\) \{\n"
    r"  return echolab::(|chat_|udp_)server_main"
    r'\("[a-z-]+", argc, argv, echolab::run(, \{("--[^{}]*")?\}(, echolab::require_\w+)?)?\);\n'
    r"\}"
)
MARK = re.compile(r"\s*// (BEGIN|END) ")
# Neighbours, and how many lines of code a diff may remove and add: a little more than it takes now.
DIFF_BUDGETS = {
    ("01_iterative/iterative_server.cpp", "02_threads/thread_per_client_server.cpp"): 110,
    ("01_iterative/iterative_server.cpp", "06_multiprocess/fork_per_client_server.cpp"): 50,
    ("01_iterative/iterative_server.cpp", "06_multiprocess/prefork_server.cpp"): 30,
    ("02_threads/thread_per_client_server.cpp", "02_threads/thread_pool_server.cpp"): 120,
    ("02_threads/thread_per_client_server.cpp", "02_threads/chat_server.cpp"): 55,
    ("02_threads/thread_per_client_server.cpp", "06_multiprocess/fork_per_client_server.cpp"): 130,
    ("02_threads/chat_client.cpp", "03_select/chat_client.cpp"): 90,
    ("03_select/busy_poll_server.cpp", "03_select/select_server.cpp"): 80,
    ("03_select/select_server.cpp", "03_select/chat_server.cpp"): 50,
    ("03_select/select_server.cpp", "04_poll/poll_server.cpp"): 85,
    ("04_poll/poll_server.cpp", "04_poll/epoll_loop.cpp"): 135,
    ("04_poll/poll_server.cpp", "04_poll/selectors_server.cpp"): 150,
    ("05_async/asio_callbacks_server.cpp", "05_async/asio_coroutines_server.cpp"): 115,
    ("06_multiprocess/fork_per_client_server.cpp", "06_multiprocess/chat_server.cpp"): 120,
    ("06_multiprocess/fork_per_client_server.cpp", "06_multiprocess/socketserver_server.cpp"): 135,
}


def header_of(lines: list[str]) -> list[str]:
    """The comment that a file begins with."""
    end = next((i for i, line in enumerate(lines) if not line.startswith("//")), len(lines))
    return lines[:end]


def check_page(path: pathlib.Path) -> list[str]:
    """Length, header and main() of one server."""
    lines = path.read_text().splitlines()
    header = header_of(lines)
    model = header[0].removeprefix("// ").split(":")[0]
    problems = []
    if len(lines) > MAX_LINES:
        problems.append(f"{len(lines)} lines: a page has {MAX_LINES}")
    if len(header) > MAX_HEADER_LINES:
        problems.append(f"a header comment of {len(header)} lines: {MAX_HEADER_LINES} at most")
    found = [h for line in header for h in HEADINGS if line.startswith(f"// {h}")]
    if found != HEADINGS:
        problems.append(f"the header comment must answer, in this order: {' '.join(HEADINGS)}")
    if not MAIN.fullmatch("\n".join(lines[-3:])) or f'_main("{model}",' not in lines[-2]:
        problems.append("main() must be its siblings', but for the header's name and options")
    return [f"{path.relative_to(ROOT)}: {problem}" for problem in problems]


def code_of(path: pathlib.Path) -> list[str]:
    """A file without its header comment, and without the marks of what is listed elsewhere."""
    lines = path.read_text().splitlines()
    return [line for line in lines[len(header_of(lines)) :] if not MARK.match(line)]


def check_diff(left: str, right: str, budget: int) -> list[str]:
    """How far two neighbours differ, in lines removed and added."""
    diff = difflib.unified_diff(code_of(ROOT / left), code_of(ROOT / right), n=0, lineterm="")
    changed = sum(1 for line in diff if re.match(r"[-+](?![-+]{2} )", line))
    if changed <= budget:
        return []
    return [f"diff {left} {right}: {changed} lines, more than its budget of {budget}"]


def main() -> int:
    servers = sorted(ROOT.glob("0[1-9]_*/*_server.cpp"))
    problems = [problem for server in servers for problem in check_page(server)]
    for (left, right), budget in DIFF_BUDGETS.items():
        problems += check_diff(left, right, budget)
    print("\n".join(problems) or f"{len(servers)} servers: pages, headers and diffs are in order")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
