"""Panels of servers that nobody has run: each is ideal, and takes 0.1 s a request."""

from echolab.timeline.record import Panel, Request

SERVICE = 0.1


def request(
    client=1, number=1, ready=0.0, accepted=0.0, read=0.0, unread_until=None, answered=SERVICE
):
    return Request(
        client=client,
        number=number,
        ready=ready,
        sent=ready,
        accepted=accepted,
        unread_until=read if unread_until is None else unread_until,
        read=read,
        answered=answered,
    )


def panel(
    requests, server="fake", service_time=SERVICE, work="sleep", workers=100, failures=()
):
    return Panel(
        server=server,
        idea="an idea",
        clients=max((one.client for one in requests), default=5),
        requests_each=max((one.number for one in requests), default=3),
        service_time=service_time,
        service_work=work,
        workers=workers,
        requests=tuple(requests),
        failures=tuple(failures),
    )


def schedule(turns, workers=1, accepts_first=True, reads_first=False):
    """Returns the requests of clients that `workers` workers serve in the order of `turns`."""
    free = [0.0] * workers
    done: dict[int, list[Request]] = {}
    for client in turns:
        served = done.setdefault(client, [])
        ready = served[-1].answered if served else 0.0
        worker = free.index(min(free))
        start = max(ready, free[worker])
        free[worker] = start + SERVICE
        accepted = 0.0 if accepts_first else (served[0].accepted if served else start)
        read = ready if reads_first else start
        served.append(
            request(client, len(served) + 1, ready, accepted, read, answered=free[worker])
        )
    return [one for served in done.values() for one in served]


def one_after_the_other(clients=5, requests=3):
    """What an iterative server does."""
    turns = [client for client in range(1, clients + 1) for _ in range(requests)]
    return panel(schedule(turns, accepts_first=False), "iterative")


def in_turn(clients=5, requests=3, reads_first=False):
    """What a loop in one thread does."""
    turns = list(range(1, clients + 1)) * requests
    return panel(schedule(turns, reads_first=reads_first), "select")


def side_by_side(clients=5, requests=3):
    """What a thread for each client does."""
    turns = list(range(1, clients + 1)) * requests
    return panel(schedule(turns, workers=clients), "thread-per-client")


def two_at_a_time(clients=5, requests=3):
    """What a loop in each of two processes does, when nobody is bound to either."""
    turns = list(range(1, clients + 1)) * requests
    return panel(schedule(turns, workers=2), "prefork-epoll")
