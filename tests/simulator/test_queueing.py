"""Turns are fair between candidates, and a wait is told only as far as it is known."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from sqlalchemy import select

from simulator import attempts, marking, queueing, workers
from simulator.models import Attempt, Marking, Submission, TaskVersion
from tests import factories as f


@pytest.fixture
def versions(db):
    """A theory item, and two tasks that need a worker."""
    with db.read() as session:
        rows = {v.task_id: v.id for v in session.scalars(select(TaskVersion))}
        return rows["data/program"], rows["data/sheet"], next(i for t, i in rows.items() if t.startswith("theory"))


@pytest.fixture
def hand_in(db, clock, versions):
    """Return a function: candidate `name` hands in `count` tasks; it returns the attempt and its markings."""
    exams = {}

    def hand_in(name: str, count: int = 1, version: int | None = None, after: float = 0.0) -> tuple[int, list[int]]:
        clock.forward(seconds=after)
        with db.write() as session:
            if not exams:
                exams["one"] = f.make_exam(session, clock(), attempts_allowed=None).id
                for number in range(1, 30):
                    f.people_add(session, f"c{number}", f"考生 {number}", "student", "", clock())
            attempt = Attempt(
                exam_id=exams["one"], user_id=f.user(session, name).id, number=random.randrange(1 << 30), seed=1, state="closed",
                started_at=clock(),
            )
            session.add(attempt)
            session.flush()
            queued = marking.queue_all(session, [
                Submission(attempt_id=attempt.id, position=n + 1, task_version_id=version or versions[0], kind="hand-in", response={},
                           submitted_at=clock()) for n in range(count)
            ], clock())
            session.flush()
            return attempt.id, [m.id for m in queued]

    return hand_in


def take(db, clock, worker="w") -> str | None:
    """Do the next marking; return whose it was."""
    with db.write() as session:
        claimed = marking.claim(session, worker, clock())
        if claimed is None:
            return None
        done = session.get_one(Marking, claimed)
        done.state, done.seconds = "done", 2.0
        return session.get_one(Attempt, done.submission.attempt_id).user.username


def order(db, clock) -> list[str]:
    found = []
    while (name := take(db, clock)) is not None:
        found.append(name)
    return found


def test_six_tasks_of_one_do_not_stand_before_the_first_of_others(db, clock, hand_in):
    hand_in("c1", 6)
    hand_in("c2", 2)
    hand_in("c3", 1)
    assert order(db, clock) == ["c1", "c2", "c3", "c1", "c2", "c1", "c1", "c1", "c1"]


def test_whoever_comes_later_joins_at_the_turn_that_is_served(db, clock, hand_in):
    hand_in("c1", 6)
    assert [take(db, clock) for _ in range(3)] == ["c1"] * 3
    hand_in("c2", 3)
    assert order(db, clock) == ["c2", "c1", "c2", "c1", "c2", "c1"]


def test_handing_in_again_and_again_brings_no_advantage(db, clock, hand_in):
    for _ in range(5):
        hand_in("c1")
    hand_in("c2", 5)
    assert order(db, clock) == ["c1", "c2"] * 5


def test_after_an_idle_time_nobody_pays_for_the_past(db, clock, hand_in):
    hand_in("c1", 9)
    order(db, clock)
    hand_in("c1", 2)
    hand_in("c2", 2)
    assert order(db, clock) == ["c2", "c1", "c2", "c1"]  # c1 has just been served at this turn


def test_theory_takes_no_turn_from_others(db, clock, hand_in, versions):
    _attempt, theory = hand_in("c1", 4, version=versions[2])
    hand_in("c1", 2)
    hand_in("c2", 2)
    with db.read() as session:
        assert {session.get_one(Marking, i).turn for i in theory} == {0}
    assert order(db, clock)[4:] == ["c2", "c1", "c2", "c1"]


@pytest.mark.parametrize("seed", range(5))
def test_nobody_is_held_up_by_more_than_one_marking_of_each_other_for_each_of_his_own(db, clock, hand_in, seed):
    """Whoever comes when: while one waits for the k-th of his markings, another gets at most k done, and one that ran already."""
    chance = random.Random(seed)
    backlog: dict[str, list[dict[str, int]]] = {f"c{n}": [] for n in range(1, 6)}
    for _ in range(60):
        if chance.random() < 0.45:
            name = chance.choice(list(backlog))
            hand_in(name, count := chance.choice([1, 1, 2, 6]))
            backlog[name] += [{} for _ in range(count)]
        elif (served := take(db, clock)) is not None:
            overtaken = backlog[served].pop(0)
            assert all(count <= 2 for count in overtaken.values()), overtaken
            for name, waiting in backlog.items():
                for place, one in enumerate(waiting):
                    if name != served and place == 0:
                        one[served] = one.get(served, 0) + 1


def test_a_marking_that_failed_lets_others_go_on_meanwhile(db, clock, hand_in):
    _attempt, [broken] = hand_in("c1")
    hand_in("c2")
    with db.write() as session:
        assert marking.claim(session, "w", clock()) == broken
    with db.write() as session:
        marking.settle(session, session.get_one(Marking, broken), marking.Finding(None, "坏了", 0.1), clock())
    assert order(db, clock) == ["c2", "c1"]


def test_place_counts_who_comes_before(db, clock, hand_in):
    _one, [first, second] = hand_in("c1", 2)
    _two, [third] = hand_in("c2")
    with db.read() as session:
        assert [queueing.place(session, i) for i in (first, second, third)] == [0, 2, 1]
    take(db, clock)
    with db.read() as session:
        assert [queueing.place(session, i) for i in (first, second, third)] == [0, 1, 0]


@pytest.fixture
def wait(db, clock):
    def wait(attempt_id):
        with db.read() as session:
            return queueing.estimate(session, attempt_id, clock())

    return wait


@pytest.fixture
def worker(db, clock):
    """Return a function that says a worker is alive."""
    def worker(name="here:1/1", backend="zygote"):
        with db.write() as session:
            workers.seen(session, name, clock(), backend=backend)

    return worker


def measured(db, clock, hand_in, version, *seconds):
    """Let earlier markings of a task have taken `seconds`."""
    for value in seconds:
        _attempt, [marking_id] = hand_in("c29", version=version)
        with db.write() as session:
            row = session.get_one(Marking, marking_id)
            row.state, row.seconds, row.turn = "done", value, 0


def test_without_workers_nobody_knows_how_long(wait, hand_in):
    hand_in("c1", 3)
    attempt, _ = hand_in("c2", 2)
    assert wait(attempt) == queueing.Wait(ahead=2, seconds=None, workers=0)


def test_what_was_never_measured_is_not_guessed(db, clock, wait, hand_in, worker, versions):
    measured(db, clock, hand_in, versions[0], 4.0)
    worker()
    hand_in("c1", version=versions[1])
    attempt, _ = hand_in("c2")
    assert wait(attempt) == queueing.Wait(ahead=1, seconds=None, workers=1)


def test_the_wait_is_the_work_before_and_of_oneself_shared_by_the_workers(db, clock, wait, hand_in, worker, versions):
    measured(db, clock, hand_in, versions[0], 3.0, 100.0, 4.0)  # one that ran into its limit does not count for all
    measured(db, clock, hand_in, versions[1], 0.5)
    hand_in("c1", 2)
    hand_in("c2", version=versions[1])
    attempt, _ = hand_in("c3")
    worker()
    assert wait(attempt) == queueing.Wait(ahead=2, seconds=4.0 + 0.5 + 4.0, workers=1)
    worker("there:1/1")
    assert wait(attempt) == queueing.Wait(ahead=2, seconds=8.5 / 2, workers=2)
    for number in range(2, 9):
        worker(f"there:{number}/1")
    assert wait(attempt).seconds == 4.0  # own work takes its time, however many mark


def test_what_runs_now_counts_with_what_is_left_of_it(db, clock, wait, hand_in, worker, versions):
    measured(db, clock, hand_in, versions[0], 4.0)
    hand_in("c1")
    attempt, _ = hand_in("c2")
    with db.write() as session:
        marking.claim(session, "here:1/1", clock())
    clock.forward(seconds=3)
    worker()
    assert wait(attempt) == queueing.Wait(ahead=0, seconds=1.0 + 4.0, workers=1)
    clock.forward(seconds=9)  # it takes longer than usual: at least a moment
    assert wait(attempt).seconds == queueing.MOMENT_S + 4.0
    with db.write() as session:
        marking.claim(session, "here:2/1", clock())
    assert wait(attempt) == queueing.Wait(ahead=0, seconds=4.0, workers=1)  # its own runs


def test_only_workers_that_are_alive_able_and_free_for_markings_count(db, clock, hand_in, worker):
    def summary():
        with db.read() as session:
            return workers.summary(session, clock())

    worker("here:1/1")
    clock.forward(seconds=31)
    worker("here:2/1")
    worker("here:3/2")
    worker("here:4/3", backend="")
    assert (summary().alive, summary().able, summary().marking) == (3, 2, 2)
    with db.write() as session:
        f.make_attempt(session, clock())
    assert summary().marking == 1  # one is kept free for trial runs while a candidate sits
    worker("there:1/1")
    assert (summary().marking, dict(summary().backends)) == (2, {"zygote": 3})
    clock.forward(minutes=11)
    with db.write() as session:
        assert workers.forget_dead(session, clock()) == 5


def test_rows_of_processes_that_are_gone_are_removed_when_a_server_starts(db, clock, worker):
    for name in ("here:1/1", "here:2/2", "there:1/1", "here:odd"):
        worker(name)
    with db.write() as session:
        workers.forget_ended(session, "here", lambda pid: pid == 2)
    with db.read() as session:
        assert [row.name for row in workers.alive(session, clock())] == ["here:2/2", "here:odd", "there:1/1"]


def test_the_wait_is_cheap_with_a_long_queue(db, clock, wait, hand_in, worker, versions):
    """A class asks every two seconds: the number of queries does not grow with the queue."""
    from sqlalchemy import event

    measured(db, clock, hand_in, versions[0], 4.0)
    for number in range(1, 21):
        hand_in(f"c{number}", 3)
    attempt, _ = hand_in("c21", 3)
    worker()
    statements = []
    event.listen(db.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    assert wait(attempt).ahead == 60
    assert len(statements) <= 10


def test_the_oldest_wait(db, clock, hand_in):
    with db.read() as session:
        assert queueing.oldest_wait(session, clock()) is None
    hand_in("c1")
    hand_in("c2", after=5)
    with db.read() as session:
        assert queueing.oldest_wait(session, clock.forward(seconds=2)) == 7.0


def test_a_whole_hand_in_is_queued_with_few_queries(db, clock):
    from sqlalchemy import event

    with db.write() as session:
        attempt = f.make_attempt(session, clock())
        session.flush()
        statements = []
        event.listen(db.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
        attempts.submit(session, attempt, clock.forward(seconds=timedelta(minutes=3).total_seconds()), by="candidate")
        session.flush()
        reads = [text for text in statements if text.startswith("SELECT")]
        assert len(reads) <= 16, reads  # three of them for the cells; none for each of the seven tasks
        turns = session.scalars(select(Marking.turn).order_by(Marking.id)).all()
    assert turns == [0, 0, 0, 0, 0, 0, 1]
