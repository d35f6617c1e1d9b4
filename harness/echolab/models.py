"""The servers of the kit. To add one, write its program and add its entry here."""

from dataclasses import dataclass
from pathlib import Path

from echolab.errors import unknown

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Program:
    """A program of the kit that a person runs."""

    name: str
    directory: str
    idea: str
    source_file: str  # below the directory
    service: str = ""  # what ./lab check calls it; "" if it is no server, or has no checks

    @property
    def program(self) -> str:
        """The name of the built program, which is also its build target."""
        return self.name.replace("-", "_")

    @property
    def source(self) -> str:
        """The path of the source below the root of the kit."""
        return f"{self.directory}/{self.source_file}"


@dataclass(frozen=True)
class Model:
    """One concurrency model and where it is shown."""

    name: str
    directory: str
    idea: str
    one_client_at_a_time: bool = False
    variants: tuple[str, ...] = ()  # options that make another server of it

    @property
    def program(self) -> str:
        """The name of the program, which is also its build target."""
        return f"{self.name.replace('-', '_')}_server"

    @property
    def source(self) -> str:
        """The path of the source below the root of the kit."""
        return f"{self.directory}/{self.program}.cpp"


MODELS = {
    model.name: model
    for model in (
        Model(
            "iterative",
            "01_iterative",
            "serves one client to its end, then accepts the next",
            one_client_at_a_time=True,
        ),
        Model("thread-per-client", "02_threads", "a thread for each client, blocking calls"),
        Model("thread-pool", "02_threads", "a fixed number of threads, fed by a bounded queue"),
        Model("busy-poll", "03_select", "before select: tries each client in turn, and naps"),
        Model("select", "03_select", "one thread asks select() which of all clients are ready"),
        Model("poll", "04_poll", "as select, without its limit of 1024 descriptors"),
        Model(
            "epoll",
            "04_poll",
            "the kernel keeps the list, and reports only who is ready",
            variants=("--edge-triggered",),
        ),
        Model(
            "selectors",
            "04_poll",
            "written once, waits with epoll, poll or select",
            variants=("--selector poll", "--selector select"),
        ),
        Model("asio-callbacks", "05_async", "Asio calls a function back as each operation ends"),
        Model("asio-coroutines", "05_async", "as callbacks, in straight lines with co_await"),
        Model("io-uring", "05_async", "completion, not readiness: the kernel does the transfers"),
        Model("fork-per-client", "06_multiprocess", "a process for each client, blocking calls"),
        Model("prefork", "06_multiprocess", "processes forked in advance accept on one listener"),
        Model("prefork-epoll", "06_multiprocess", "an epoll loop a process, on a shared port"),
        Model(
            "socketserver",
            "06_multiprocess",
            "one handler, run inline, in threads or forked",
            variants=("--dispatch inline", "--dispatch fork"),
        ),
    )
}

PROGRAMS = {
    program.name: program
    for program in (
        Program("client", "01_iterative", "talks to any of the servers", "client.cpp"),
        Program(
            "udp-echo", "01_iterative", "echoes datagrams", "udp_echo_server.cpp", "udp-echo"
        ),
        Program(
            "chat-threads", "02_threads", "a chat room shared by threads", "chat_server.cpp", "chat"
        ),
        Program(
            "chat-select", "03_select", "the chat room without a lock", "chat_server.cpp", "chat"
        ),
        Program(
            "chat-processes",
            "06_multiprocess",
            "the chat room with a process a client",
            "chat_server.cpp",
            "chat",
        ),
        Program("chat-client-threads", "02_threads", "receives in a thread", "chat_client.cpp"),
        Program("chat-client-select", "03_select", "waits for both at once", "chat_client.cpp"),
        Program("udp-chat", "02_threads", "a chat room of datagrams", "udp_chat_server.cpp"),
        Program("udp-chat-client", "02_threads", "its client", "udp_chat_client.cpp"),
        Program(
            "gui-temperature",
            "02_threads",
            "a window that converts temperatures",
            "gui/temperature_client.cpp",
        ),
        Program("gui-chat", "02_threads", "a window to chat in", "gui/chat_client.cpp"),
    )
}


# What kind of server a model is, seen from outside, where its name does not say so.
KINDS = {
    "thread-per-client": "threads",
    "thread-pool": "pool",
    "selectors": "epoll",
    "selectors --selector poll": "poll",
    "selectors --selector select": "select",
    "asio-callbacks": "epoll",
    "asio-coroutines": "epoll",
    "fork-per-client": "fork",
    "socketserver": "threads",
    "socketserver --dispatch inline": "iterative",
    "socketserver --dispatch fork": "fork",
}


def kind_of(name: str) -> str:
    """Returns the kind of a model, perhaps with options, as `./lab check --model` names kinds."""
    model = name.partition(" ")[0]
    return KINDS.get(name) or KINDS.get(model, model)


def find_program(name: str) -> Model | Program:
    """Returns the model or other program of that name; raises BadUsage with the nearest name."""
    programs = {**MODELS, **PROGRAMS}
    if name not in programs:
        raise unknown("model", name, programs)
    return programs[name]
