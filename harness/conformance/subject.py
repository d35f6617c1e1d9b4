"""What the tests test: a model of the kit, perhaps with options that change its nature."""

from argparse import ArgumentTypeError
from dataclasses import dataclass

from echolab.models import MODELS, Model

# The tests hold more clients at once than some models have workers.
ROOM_FOR_MANY_CLIENTS = {"thread-pool": ("--workers", "80"), "prefork": ("--workers", "24")}

# Limits and injected faults meet each process for itself. With so many workers no more than one of
# them is free beside a client that is connected.
ONE_FREE_WORKER = {"prefork": ("--workers", "2"), "prefork-epoll": ("--workers", "1")}

# Whose limits a model shares, by its nature: what excuses the one excuses the other.
LIKE = {
    "selectors --selector poll": "poll",
    "selectors --selector select": "select",
    "socketserver": "thread-per-client",
    "socketserver --dispatch inline": "iterative",
    "socketserver --dispatch fork": "fork-per-client",
}


@dataclass(frozen=True)
class Subject:
    """A model and its options."""

    name: str  # "epoll", "epoll --edge-triggered"
    model: Model
    options: tuple[str, ...]

    def is_named_by(self, name: str) -> bool:
        """Tells whether a marker that names a model, or a model with options, means this one."""
        return name in (self.name, self.model.name, LIKE.get(self.name))

    def workers_for(self, clients: int) -> tuple[str, ...]:
        """Returns the options with which so many clients are served at once."""
        has_room = self.model.name not in ROOM_FOR_MANY_CLIENTS
        return () if has_room else ("--workers", str(clients))

    def one_free_worker(self) -> tuple[str, ...]:
        """Returns the options with which one process accepts, beside the one of a bystander."""
        return ONE_FREE_WORKER.get(self.model.name, ())

    def command_line(self, options: tuple[str, ...]) -> list[str]:
        """Returns the program's options: its own, and those that a test adds."""
        room = ROOM_FOR_MANY_CLIENTS.get(self.model.name, ())
        return [*self.options, *(() if set(room) & set(options) else room), *options]


def subject_of(name: str) -> Subject:
    """Returns the subject that `name` describes; raises ArgumentTypeError if there is none."""
    model, *options = name.split()
    if model not in MODELS:
        raise ArgumentTypeError(f"no model '{model}': choose from {', '.join(MODELS)}")
    return Subject(name, MODELS[model], tuple(options))


def all_subjects() -> list[Subject]:
    """Returns every model, and every variant that the registry names."""
    names = [
        name
        for model in MODELS.values()
        for name in (model.name, *(f"{model.name} {variant}" for variant in model.variants))
    ]
    return [subject_of(name) for name in names]
