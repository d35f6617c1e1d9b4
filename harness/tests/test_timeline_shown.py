"""What the timeline says, draws and writes of panels that nobody has measured."""

import io
import json

import pytest
from timeline_fakes import (
    SERVICE,
    in_turn,
    one_after_the_other,
    panel,
    request,
    schedule,
    side_by_side,
    two_at_a_time,
)

from echolab import page
from echolab.errors import CannotRun
from echolab.glyphs import shows_unicode
from echolab.timeline.charts import page_of
from echolab.timeline.document import document
from echolab.timeline.drawing import ASCII, BLOCKS, axis, draw, round_step
from echolab.timeline.trace import trace
from echolab.timeline.words import doubts, sentences

ENVIRONMENT = {
    "date": "2026-01-01",
    "cores": 2,
    "cpu": "a processor",
    "kernel": "6",
    "command_line": "./lab timeline",
}


def said(shown):
    return " ".join(sentences(shown))


def lanes(shown, end=None, width=80, fills=ASCII):
    return [line.plain for line in draw(shown, end or shown.end, width, fills)]


def test_of_an_iterative_server_one_client_at_a_time_is_said():
    assert said(one_after_the_other()) == (
        "One client at a time, each to its end. Client 5 waits longest, 1.20 s before its request 1"
        " is served: its connection is not accepted. All is done after 1.50 s."
    )


def test_of_threads_all_at_the_same_time_is_said():
    assert said(side_by_side()) == (
        "All 5 clients are served at the same time: 3 x 100 ms each. All is done after 300 ms."
    )


def test_of_a_loop_the_clients_in_turn_is_said():
    assert said(in_turn()).startswith("One request at a time, the clients in turn. Client")
    assert "it lies unread" in said(in_turn())


def test_a_loop_in_which_one_client_has_two_turns_together_is_not_said_to_take_turns():
    turns = [1, 2, 3, 1, 1, 2, 3, 2, 3]
    assert said(panel(schedule(turns))).startswith("One request at a time, now one client's, now")


def test_a_server_that_reads_ahead_is_said_to_hold_requests():
    assert "the server has read it, and holds it" in said(in_turn(reads_first=True))


def test_of_two_workers_two_at_a_time_is_said():
    assert said(two_at_a_time()).startswith("Up to 2 requests are served at the same time, never")


def test_answers_that_are_kept_back_are_told():
    together = [request(client=number, answered=0.3) for number in (1, 2, 3)]
    told = said(panel(together, workers=1))
    assert "Answers that are finished are kept back, up to 200 ms" in told


def test_computing_on_shared_processors_is_told():
    shared = [request(client=number, answered=0.3) for number in (1, 2, 3)]
    assert "To compute for 100 ms takes up to 300 ms" in said(panel(shared, work="cpu"))
    assert "To compute" not in said(panel(shared, work="sleep"))


def test_of_a_stranger_it_is_said_that_only_the_server_knows():
    stranger = panel(side_by_side().requests, service_time=None)
    assert said(stranger).startswith("All 5 clients are in the server at the same time.")
    assert "Only the server knows" in doubts(stranger)[0]
    assert doubts(side_by_side()) == []


def test_a_machine_that_was_too_busy_to_look_is_told():
    (doubt,) = doubts(panel([request(unread_until=0.0, read=0.05)]))
    assert "for up to 50.0 ms" in doubt


def test_nobody_answered_is_said_and_drawn():
    assert said(panel([])) == "Nobody got an answer."
    assert lanes(panel([]))[0].strip() == "client 1"


def test_lanes_show_waiting_and_being_served_with_the_number_of_the_request():
    assert lanes(one_after_the_other(clients=2, requests=2), width=11 + 24) == [
        "  client 1 1#####2#####            ",
        "  client 2 ............1#####2#####",
        "           |0          |200 ms     ",
    ]


def test_what_is_held_looks_different_from_what_is_unread():
    assert "." in lanes(in_turn())[1] and "-" not in lanes(in_turn())[1]
    assert "-" in lanes(in_turn(reads_first=True))[1]


def test_fills_are_told_apart_without_colour():
    for fills in (ASCII, BLOCKS):
        assert len(set(fills.characters.values())) == 3


def test_panels_of_one_scale_show_a_shorter_one_shorter():
    long, short = one_after_the_other(), side_by_side()
    (lane, *_) = lanes(short, end=long.end, width=11 + 75)
    assert len(lane.rstrip()) == 11 + 15


@pytest.mark.parametrize("width", [20, 41, 80, 140])
def test_no_lane_is_wider_than_the_terminal(width):
    for line in lanes(in_turn(), width=width) + lanes(one_after_the_other(clients=12), width=width):
        assert len(line) <= width


def test_every_service_is_seen_however_narrow_the_picture():
    lane = lanes(in_turn(clients=20, requests=2), width=13 + 20)[7]
    assert lane.count("#") == 2


def test_the_axis_has_round_times():
    assert axis(1.0, 60) == "|0          |200 ms     |400 ms     |600 ms     |800 ms     "
    assert [round_step(least) for least in (0.1, 0.11, 0.3, 0.6)] == [0.1, 0.2, 0.5, 1.0]


def test_a_terminal_without_utf_8_gets_ascii(monkeypatch):
    monkeypatch.delenv("LC_ALL", raising=False)
    assert shows_unicode(io.TextIOWrapper(io.BytesIO(), "utf-8"))
    assert not shows_unicode(io.TextIOWrapper(io.BytesIO(), "latin-1"))
    monkeypatch.setenv("LC_ALL", "C")
    assert not shows_unicode(io.TextIOWrapper(io.BytesIO(), "utf-8"))


@pytest.fixture
def events():
    return trace([one_after_the_other(), side_by_side()])["traceEvents"]


def test_a_trace_has_the_fields_of_the_format(events):
    for event in events:
        assert isinstance(event["pid"], int) and isinstance(event["name"], str)
        assert event["ph"] in ("b", "e", "M")
        if event["ph"] == "M":
            assert event["name"] in ("process_name", "process_sort_index", "process_labels")
        else:
            assert isinstance(event["ts"], int) and event["ts"] >= 0
            assert int(event["id"], 16) and event["cat"]


def test_a_trace_has_a_process_for_each_server_and_a_track_for_each_client(events):
    names = [event["args"]["name"] for event in events if event["name"] == "process_name"]
    assert names == ["iterative", "thread-per-client"]
    tracks = {(event["pid"], event["id"]) for event in events if event["ph"] == "b"}
    assert len(tracks) == 10
    assert {process for process, _ in tracks} == {1, 2}


def test_the_events_of_a_track_are_nested_and_in_the_order_of_time(events):
    open_events: dict = {}
    last: dict = {}
    for event in events:
        if event["ph"] == "M":
            continue
        track = event["id"]
        assert event["ts"] >= last.get(track, 0)
        last[track] = event["ts"]
        if event["ph"] == "b":
            open_events.setdefault(track, []).append(event["name"])
        else:
            assert open_events[track].pop() == event["name"]
    assert not any(open_events.values())


def test_the_phases_in_a_trace_are_as_long_as_they_were(events):
    served = [event for event in events if event["name"] == "served"]
    for begin, end in zip(served[::2], served[1::2], strict=True):
        assert end["ts"] - begin["ts"] == round(SERVICE * 1e6)


def test_the_json_has_every_request_with_its_times():
    written = json.loads(json.dumps(document(ENVIRONMENT, [one_after_the_other(clients=2)])))
    (shown,) = written["panels"]
    assert shown["served_at_once"] == 1 and shown["turns"] == [1, 2]
    last = shown["requests"][-1]
    assert (last["client"], last["number"]) == (2, 3)
    assert (last["served_from_us"], last["answered_us"]) == (500_000, 600_000)


def test_the_page_has_a_chart_and_its_table_for_each_panel():
    charts = [
        block
        for section in page_of([in_turn(), side_by_side()], ENVIRONMENT).sections
        for block in section.blocks
        if not isinstance(block, str)
    ]
    assert len(charts) == 2
    assert [len(chart.table.rows) for chart in charts] == [15, 15]
    scales = [chart.configuration["options"]["scales"]["x"]["suggestedMax"] for chart in charts]
    assert scales[0] == scales[1]


def test_the_page_can_be_rendered():
    try:
        html = page.render(page_of([in_turn()], ENVIRONMENT))
    except CannotRun as missing:
        pytest.skip(str(missing))
    assert "the clients in turn" in html and "client 5, request 3" in html
