"""The timeline's arithmetic, on requests that nobody has sent."""

from timeline_fakes import in_turn, one_after_the_other, panel, request, side_by_side

from echolab.timeline.record import Phase, Service, most_at_once


def phases(one, service_time):
    (service,) = panel([one], service_time=service_time).services
    return [(part.phase, part.start, part.end) for part in one.intervals(service)]


def most(*services):
    return most_at_once([Service(start, end) for start, end in services], shortest=0.001)


def test_the_service_is_the_last_service_time_before_the_answer():
    one = request(unread_until=0.2, read=0.3, answered=0.9)
    assert phases(one, 0.5) == [
        (Phase.QUEUED, 0, 0.3),
        (Phase.HELD, 0.3, 0.4),
        (Phase.SERVED, 0.4, 0.9),
    ]


def test_no_service_begins_while_the_request_is_unread():
    one = request(unread_until=0.2, read=0.3, answered=0.6)
    assert phases(one, 0.5) == [(Phase.QUEUED, 0, 0.2), (Phase.SERVED, 0.2, 0.6)]


def test_without_a_service_time_the_service_is_all_since_the_request_was_read():
    one = request(unread_until=0.2, read=0.3, answered=0.9)
    assert phases(one, None) == [(Phase.QUEUED, 0, 0.3), (Phase.SERVED, 0.3, 0.9)]


def test_the_phases_of_a_request_have_no_gap_and_no_overlap():
    shown = in_turn()
    for one, service in zip(shown.requests, shown.services, strict=True):
        parts = one.intervals(service)
        assert parts[0].start == one.ready and parts[-1].end == one.answered
        assert all(a.end == b.start for a, b in zip(parts, parts[1:], strict=False))


def test_those_who_follow_one_another_are_not_served_at_once():
    assert most((0, 1), (1, 2), (2, 3)) == 1


def test_an_overlap_too_short_to_be_believed_is_none():
    assert most((0, 1.0009), (1, 2)) == 1
    assert most((0, 1.0011), (1, 2)) == 2


def test_three_meet_only_where_all_three_do():
    assert most((0, 2), (1, 3), (2, 4)) == 2
    assert most((0, 2.5), (1, 3), (2, 4)) == 3


def test_nobody_served_is_nobody_at_once():
    assert panel([]).served_at_once() == 0
    assert panel([]).end == 0


def test_of_a_stranger_no_overlap_is_believed_that_nobody_could_have_seen():
    first = request(client=1, answered=1.0)
    for unread_until, at_once in ((0.92, 1), (0.95, 2)):
        second = request(client=2, unread_until=unread_until, read=0.97, answered=2.0)
        assert panel([first, second], service_time=None).served_at_once() == at_once


def test_turns_tell_a_client_served_to_its_end_from_clients_served_in_turn():
    assert one_after_the_other(clients=3).turns() == [1, 2, 3]
    assert in_turn(clients=3, requests=2).turns() == [1, 2, 3, 1, 2, 3]


def test_served_at_once_counts_clients_that_are_side_by_side():
    assert side_by_side(clients=4).served_at_once() == 4
    assert one_after_the_other(clients=4).served_at_once() == 1


def test_answers_that_come_together_were_served_one_after_the_other_by_one_worker():
    together = [request(client=number, read=0.0, answered=0.3) for number in (1, 2, 3)]
    services = panel(together, workers=1).services
    assert sorted((round(one.start, 6), round(one.end, 6)) for one in services) == [
        (0.0, 0.1),
        (0.1, 0.2),
        (0.2, 0.3),
    ]
    assert panel(together, workers=3).served_at_once() == 3


def test_a_service_that_computes_lasts_from_reading_to_the_answer():
    shared = [request(client=number, read=0.02, answered=0.5) for number in (1, 2)]
    assert all(one.start == 0.02 for one in panel(shared, work="cpu").services)


def test_a_worker_that_computes_begins_with_nobody_before_it_is_free():
    first, second = request(client=1, answered=0.3), request(client=2, read=0.0, answered=0.8)
    services = panel([first, second], work="cpu", workers=1).services
    assert [(one.start, one.end) for one in services] == [(0.0, 0.3), (0.3, 0.8)]
