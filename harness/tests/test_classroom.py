"""Grading a class: what one submission does costs that submission only.

The graders here are shell scripts that lie in the submissions, and leave a grade written before.
"""

import os
import signal

import pytest
from invented_grades import grade

from echolab import interrupts, proc
from echolab.errors import BadUsage
from echolab.grading import grader_process
from echolab.grading.classroom import Classroom, submissions_in
from echolab.grading.fingerprint import fingerprint
from echolab.grading.grade import INCONCLUSIVE
from echolab.grading.gradebook import NOT_GRADED, Gradebook, note_conditions

CONDITIONS = {"lab": "03-select", "seed": None}
LEAVE_THE_GRADE = 'cp "$READY/$(basename "$(dirname "$0")")" "$1/grade.json"'
PATIENCE = 120.0  # seconds: only what never ends takes so long
MARK = "ECHOLAB_TEST_OF_A_CLASS=1"


class Watcher:
    """Notes who was graded, and does something then."""

    def __init__(self, then=lambda entry: None):
        self.graded = []
        self.most_at_a_time = 0
        self._then = then

    def expect(self, count):
        pass

    def look(self, running):
        self.most_at_a_time = max(self.most_at_a_time, len(running))

    def after(self, entry):
        self.graded.append(entry.name)
        self._then(entry)


class SchoolRoom:
    """A class in a directory, whose submissions hold their own graders."""

    def __init__(self, directory, monkeypatch):
        self.submissions = directory / "submissions"
        self.book = Gradebook(directory / "grades", CONDITIONS)
        self.ready = directory / "ready"
        self.submissions.mkdir()
        self.ready.mkdir()
        monkeypatch.setenv("READY", str(self.ready))

    def add(self, name, grader=LEAVE_THE_GRADE, given=None):
        (self.submissions / name).mkdir()
        (self.submissions / name / "grader").write_text(grader)
        self.prepare(name, given or grade(name))
        return self.submissions / name

    def prepare(self, name, given):
        """Lets `given` be what the grader of that submission leaves."""
        (self.ready / name).write_text(given.to_json())
        note_conditions(self.ready / name, fingerprint(self.submissions / name), CONDITIONS)

    def grade(self, jobs=2, seconds=PATIENCE, again=False, then=lambda entry: None):
        def command_for(submission, result):
            return ["sh", str(submission / "grader"), str(result)]

        watcher = Watcher(then)
        classroom = Classroom(submissions_in(self.submissions)[0], self.book, command_for, seconds)
        classroom.grade(jobs, watcher, again)
        return watcher, {entry.name: entry for entry in classroom.entries()}


@pytest.fixture
def room(tmp_path, monkeypatch):
    return SchoolRoom(tmp_path, monkeypatch)


def test_everybody_gets_the_grade_that_is_due(room):
    room.add("ada", given=grade("ada"))
    room.add("bob", given=grade("bob", ["ECHO-4"]))
    _, entries = room.grade()
    assert {name: entry.grade.score for name, entry in entries.items()} == {"ada": 60, "bob": 50}


@pytest.mark.parametrize(
    "grader, reason",
    [
        ("kill -KILL $$", "its grader was ended by SIGKILL"),
        ("exit 1", "its grader failed: exit status 1"),
        ("echo lab: disk full >&2; exit 1", "its grader failed: disk full"),
        (f"{LEAVE_THE_GRADE}; exit 7", "its grader failed: exit status 7"),
        ("echo '{}' >$1/grade.json", "its grader has left no grade"),
        ("yes '[[' | head -c 3M | tr -d '\\n' >$1/grade.json", "its grader has left no grade"),
        ("head -c 40M /dev/zero >$1/grade.json", "its grader has left no grade"),
        ("mkdir $1/grade.json", "its grader has left no grade"),
        ("head -c 200K /dev/zero >&2; echo no more >&2; exit 1", "no more"),
        ("printf 'lab: \\033[2J' >&2; exit 1", "its grader failed: \\x1b[2J"),
    ],
)
def test_a_grader_that_fails_costs_one_grade_and_is_named(room, grader, reason):
    room.add("ada")
    room.add("mallory", grader)
    room.add("zoe")
    _, entries = room.grade()
    assert [entries["ada"].grade, entries["zoe"].grade] == [grade("ada"), grade("zoe")]
    assert (entries["mallory"].verdict, entries["mallory"].grade) == (NOT_GRADED, None)
    assert entries["mallory"].reason.endswith(reason)


def test_a_grader_that_never_ends_is_ended(room, monkeypatch):
    monkeypatch.setattr(grader_process, "ORDERLY_SECONDS", 0.1)
    room.add("ada")
    room.grade()  # her, who shall have time
    room.add("mallory", "trap '' TERM; while :; do sleep 1000; done")
    _, entries = room.grade(seconds=0.5)
    assert entries["ada"].grade == grade("ada")
    assert entries["mallory"].reason == "its grader was not done after 500 ms"


def _marked():
    return [pid for pid in proc.process_table() if proc.has_environment(pid, MARK)]


def test_a_grader_that_never_stops_talking_holds_up_nobody(room):
    room.add("mallory", "exec yes >&2")
    for name in ("ada", "bob", "zoe"):
        room.add(name)
    seconds = 0.5
    _, entries = room.grade(seconds=seconds)
    while not all(entries[name].grade for name in ("ada", "bob", "zoe")):
        seconds *= 2  # on a machine that is too busy for their graders
        _, entries = room.grade(seconds=seconds)
    assert entries["mallory"].reason.startswith("its grader was not done after")


@pytest.mark.parametrize("end", [LEAVE_THE_GRADE, "kill -KILL $$", "sleep 1000"])
def test_what_a_grader_has_started_is_gone_when_its_grade_is_taken(room, end):
    daemon = f"{MARK} setsid sh -c 'sleep 1000 & (sleep 1000 &)'"
    room.add("mallory", f"for i in 1 2 3 4 5; do {daemon} & done; {end}")
    survivors = []
    with interrupts.orderly_ending():
        room.grade(seconds=1, then=lambda entry: survivors.extend(_marked()))
    assert not survivors


def test_who_has_a_grade_is_not_graded_again_unless_the_files_changed_or_it_is_wished(room):
    ada, _ = room.add("ada"), room.add("bob")
    assert sorted(room.grade()[0].graded) == ["ada", "bob"]
    assert room.grade()[0].graded == []
    (ada / "server.c").write_text("int main() {}")
    room.prepare("ada", grade("ada", ["ECHO-1"]))
    watcher, entries = room.grade()
    assert watcher.graded == ["ada"] and entries["ada"].grade.score == 50
    assert sorted(room.grade(again=True)[0].graded) == ["ada", "bob"]


def test_a_grade_of_other_checks_does_not_count(room):
    room.add("ada")
    room.grade()
    room.book = Gradebook(room.book.directory, {**CONDITIONS, "seed": 7})
    assert room.book.entry(room.submissions / "ada").reason.startswith("it was graded by other")


def test_a_grade_that_was_cut_off_is_given_anew(room):
    room.add("ada")
    room.grade()
    path = room.book.path_of("ada")
    path.write_text(path.read_text()[:100])
    watcher, entries = room.grade()
    assert watcher.graded == ["ada"] and entries["ada"].grade == grade("ada")


def test_who_is_in_doubt_is_graded_once_more_alone(room):
    settle = '[ -e "$READY/tried" ] && mv "$READY/sure" "$READY/ada"'
    twice = f'{settle}; : >"$READY/tried"; {LEAVE_THE_GRADE}'
    room.add("ada", twice, grade("ada", ["RES-3"], INCONCLUSIVE))
    (room.ready / "ada").rename(room.ready / "unsure")
    room.prepare("ada", grade("ada"))
    (room.ready / "ada").rename(room.ready / "sure")
    (room.ready / "unsure").rename(room.ready / "ada")
    watcher, entries = room.grade()
    assert watcher.graded == ["ada", "ada"]
    assert entries["ada"].is_settled


def test_a_doubt_that_stays_is_no_failure_and_no_full_mark(room):
    room.add("ada", given=grade("ada", ["RES-3"], INCONCLUSIVE))
    watcher, entries = room.grade()
    assert (entries["ada"].verdict, entries["ada"].grade.score) == (INCONCLUSIVE, 50)
    assert room.grade()[0].graded == ["ada", "ada"]  # it is tried anew the next time, too


def test_no_more_are_graded_at_a_time_than_wished(room):
    for name in "abcde":
        room.add(name)
    assert room.grade(jobs=2)[0].most_at_a_time == 2


def test_an_interruption_loses_no_grade_and_leaves_nobody_running(room):
    room.add("ada")
    room.add("mallory", f"export {MARK}; sleep 1000")
    with pytest.raises(interrupts.Interrupted), interrupts.orderly_ending():
        room.grade(then=lambda entry: os.kill(os.getpid(), signal.SIGINT))
    assert room.book.entry(room.submissions / "ada").grade == grade("ada")
    assert not _marked()


def test_temporary_files_go_even_where_they_forbid_it(room, tmp_path, monkeypatch):
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    hide = 'mkdir -p "$TMPDIR/a/b"; : >"$TMPDIR/a/b/c"; chmod 000 "$TMPDIR/a/b" "$TMPDIR/a"'
    room.add("ada", f"{hide}; {LEAVE_THE_GRADE}")
    _, entries = room.grade()
    assert entries["ada"].grade and not list(temporary.iterdir())


def test_directories_are_submissions_and_other_files_are_named(tmp_path):
    (tmp_path / "ada").mkdir()
    (tmp_path / ".git").mkdir()
    (tmp_path / "bob.zip").touch()
    assert submissions_in(tmp_path) == ([tmp_path / "ada"], ["bob.zip"])


def test_an_empty_class_is_bad_usage(tmp_path):
    with pytest.raises(BadUsage, match="has no submission in it"):
        submissions_in(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        lambda it: (it / "server.c").write_text("other"),
        lambda it: (it / "server.c").chmod(0o755),
        lambda it: (it / "server.c").rename(it / "main.c"),
        lambda it: (it / "empty").mkdir(),
        lambda it: (it / "link").symlink_to("/etc/passwd"),
        lambda it: os.mkfifo(it / "fifo"),
        lambda it: os.truncate(it / "server.c", 1 << 40),
    ],
)
def test_every_change_of_the_files_shows_in_the_fingerprint_and_none_is_opened_in_vain(
    tmp_path, change
):
    (tmp_path / "server.c").write_text("int main() {}")
    before = fingerprint(tmp_path)
    assert fingerprint(tmp_path) == before
    change(tmp_path)
    assert fingerprint(tmp_path) != before


def test_the_same_files_elsewhere_have_the_same_fingerprint(tmp_path):
    for place in ("here", "there"):
        (tmp_path / place / "src").mkdir(parents=True)
        (tmp_path / place / "src" / "server.c").write_text("int main() {}")
    assert fingerprint(tmp_path / "here") == fingerprint(tmp_path / "there")


def test_what_cannot_be_removed_leaves_the_directory_around_it_alone(tmp_path, monkeypatch):
    around = tmp_path / "tmp"
    inner = around / "scratch"
    inner.mkdir(parents=True)
    around.chmod(0o755)
    monkeypatch.setattr(os, "rmdir", lambda *_args, **_options: os.stat("/nowhere"))
    grader_process.remove_tree(inner)
    assert around.stat().st_mode & 0o777 == 0o755


def test_a_link_in_what_is_removed_is_not_followed(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine").chmod(0o755)
    (tmp_path / "scratch").mkdir()
    (tmp_path / "scratch" / "link").symlink_to(tmp_path / "mine")
    grader_process.remove_tree(tmp_path / "scratch")
    assert not (tmp_path / "scratch").exists()
    assert (tmp_path / "mine").stat().st_mode & 0o777 == 0o755
