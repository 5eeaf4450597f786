"""Re-marking: tried in the background, applied or dropped as a whole, taken back where that is clean."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from sqlalchemy import select

from grading.errors import SandboxError
from simulator import appeals, attempts, cells, marking, queueing, remarking, results
from simulator.errors import Refused
from simulator.jobs.scheduler import run_due
from simulator.models import Attempt, Cell, Event, Exam, Marking, Notice, Remarking
from simulator.remarks import deciding, shadow, versions
from simulator.remarks.effects import effects
from tests import factories as f
from tests.simulator.fake_sandbox import FakeSandbox
from tests.simulator.remark_world import World

D = Decimal
KEY = ("args: {equals: 3}}\n  - {id: M2", "args: {equals: 4}}\n  - {id: M2")


@pytest.fixture
def world(services, clock, tree, tmp_path):
    return World(services, clock, tree, tmp_path)


def found_effects(world, remarking_id):
    with world.db.read() as session:
        return effects(session, session.get_one(Exam, world.exam), session.get_one(Remarking, remarking_id))


def notices(world):
    with world.db.read() as session:
        return [(n.user_id, n.text) for n in session.scalars(select(Notice).order_by(Notice.id))]


def test_a_changed_key_is_tried_shown_and_applied(world):
    right, wrong = world.sit("s1", rows="3"), world.sit("s2", rows="4")
    before = world.totals()
    world.edit(*KEY)
    opened = world.open()
    assert world.totals() == before
    one, two = sorted(found_effects(world, opened), key=lambda e: e.attempt.id)
    assert (one.before - one.after, two.after - two.before) == (D(2), D(2))
    assert (one.rank_before, one.rank_after, two.rank_before, two.rank_after) == (1, 2, 2, 1)
    assert [(p.id, p.before["earned"], p.after["earned"]) for p in one.tasks[0].points if p.changed] == [("M1", D(2), D(0))]
    assert world.with_remarking(opened, deciding.apply) == 2
    assert world.totals() == {right: before[right] - 2, wrong: before[wrong] + 2} == world.afresh()
    assert "重评" in notices(world)[0][1]
    assert [e.rank_before for e in sorted(found_effects(world, opened), key=lambda e: e.attempt.id)] == [1, 2]


def test_nothing_is_told_before_the_release_or_where_nothing_changes(world):
    with world.db.write() as session:
        session.get_one(Exam, world.exam).release = "held"
    world.sit("s1")
    world.edit(*KEY)
    world.with_remarking(world.open(), deciding.apply)
    assert notices(world) == []
    with world.db.write() as session:
        session.get_one(Exam, world.exam).release = "released"
    world.edit("title: 行数正确", "title: 行数")
    world.with_remarking(world.open(), deciding.apply)
    assert notices(world) == []


def test_dropped_or_undone_changes_nothing(world):
    world.sit("s1")
    world.sit("s2", rows="4")
    before = world.everything()
    world.edit(*KEY)
    world.with_remarking(world.open(), shadow.drop)
    assert world.everything() == before
    applied = world.open()
    world.with_remarking(applied, deciding.apply)
    assert world.everything() != before
    assert world.with_remarking(applied, deciding.undo) == 2
    assert world.everything() == before
    assert [text.split("》")[1][:5] for _, text in notices(world)][-1] == "撤销了重评"


def test_two_in_a_row_and_a_version_put_back(world):
    attempt = world.sit("s1", rows="3")
    first = world.totals()
    world.edit(*KEY)
    one = world.open()
    world.with_remarking(one, deciding.apply)
    world.edit("grader: blank, of: note, args: {accept: [去重]}", "grader: blank, of: note, args: {accept: [补缺]}")
    two = world.open()
    world.with_remarking(two, deciding.apply)
    assert world.totals() == {attempt: first[attempt] - 4} == world.afresh()
    with pytest.raises(Refused, match="先撤销后一次"):
        world.with_remarking(one, deciding.undo)
    world.edit("accept: [补缺]", "accept: [去重]")
    world.edit(*reversed(KEY))  # now it is the version that the attempts hold
    world.with_remarking(world.open(), deciding.apply)
    assert world.totals() == first == world.afresh()
    with world.db.read() as session:
        assert versions.newer(session, world.exam) == []


def test_one_at_a_time_and_only_what_has_changed(world):
    world.sit("s1")
    with pytest.raises(Refused, match="请选择"):
        world.open()
    world.edit(*KEY)
    opened = world.open(mark=False)
    with pytest.raises(Refused, match="没有结束"):
        world.open()
    with pytest.raises(Refused, match="没有重评完"):
        world.with_remarking(opened, deciding.apply)
    world.mark_all()
    world.with_remarking(opened, deciding.apply)
    with pytest.raises(Refused, match="已经结束"):
        world.with_remarking(opened, deciding.apply)
    with pytest.raises(Refused, match="已经结束"):
        world.with_remarking(opened, shadow.drop)


def test_candidates_never_wait_for_it(world):
    world.sit("s1")
    world.edit(*KEY)
    opened = world.open(mark=False)
    later = world.hand_in(world.start("s2"))
    with world.db.read() as session:
        assert queueing.waiting(session) == 7
        assert queueing.estimate(session, later, world.clock()).ahead == 0
    order = []
    while True:
        with world.db.write() as session:
            claimed = marking.claim(session, world.marker.name, world.clock())
            if claimed is None:
                break
            order.append(session.get_one(Marking, claimed).remarking_id)
        marking.mark(world.marker, claimed)
    assert order == [None] * 7 + [opened]
    third = world.hand_in(world.start("s3"))  # turns go on from where candidates were
    with world.db.read() as session:
        assert max(session.scalars(select(Marking.turn).where(Marking.queued_at == world.clock(), Marking.counts))) < queueing.LATER
        assert queueing.served(session) < queueing.LATER
        assert third


def test_who_hands_in_meanwhile_or_later_is_marked_alike(world):
    early = world.sit("s1", rows="4")
    sitting, last = world.start("s2"), world.start("s3")
    world.edit(*KEY)
    opened = world.open()
    world.hand_in(sitting, rows="4")
    world.mark_all()
    with pytest.raises(Refused, match="新的提交"):
        world.with_remarking(opened, deciding.apply)
    run_due(world.db, world.clock())
    world.mark_all()
    world.with_remarking(opened, deciding.apply)
    world.hand_in(last, rows="4")
    world.mark_all()
    totals = world.totals()
    assert totals[early] == totals[sitting] == totals[last]
    assert totals == world.afresh()
    with pytest.raises(Refused, match="按新版"):
        world.with_remarking(opened, deciding.undo)


def test_the_state_follows_the_work(world):
    world.sit("s1")
    world.edit(*KEY)
    opened = world.open(mark=False)
    run_due(world.db, world.clock())
    with world.db.read() as session:
        assert session.get_one(Remarking, opened).state == "marking"
    world.mark_all()
    run_due(world.db, world.clock())
    with world.db.read() as session:
        assert session.get_one(Remarking, opened).state == "ready"
        logged = session.scalars(select(Event.what).where(Event.what.startswith("remark.")).order_by(Event.id))
        assert logged.all() == ["remark.started", "remark.ready"]


def test_a_strict_re_run_meanwhile_is_not_lost_and_does_not_win(world):
    attempt = world.sit("s1")
    world.edit(*KEY)
    opened = world.open()
    with world.db.write() as session:
        sheet = results.outcomes(session, session.get_one(Attempt, attempt))[5].marking
        remarking.strictly(session, sheet.id, world.clock(), 1)
    world.mark_all()
    with pytest.raises(Refused, match="新的提交或评分"):
        world.with_remarking(opened, deciding.apply)
    run_due(world.db, world.clock())
    world.mark_all()
    world.with_remarking(opened, deciding.apply)
    assert world.totals() == world.afresh()


def broken(_job, _observer):
    raise SandboxError("坏了")


def test_errors_are_listed_and_applied_only_with_a_word(world):
    attempt = world.sit("s1")
    world.edit("grader: number, of: total, args: {equals: 6}", "grader: number, of: total, args: {equals: 7}", "data/program/task.yaml")
    working, world.marker = world.marker, replace(world.marker, sandbox=lambda: FakeSandbox(broken))
    opened = world.open("data/program")
    before = world.everything()
    with world.db.read() as session:
        progress = shadow.progress(session, session.get_one(Remarking, opened))
        assert (progress.total, progress.errors, progress.done) == (1, 1, 0)
        assert queueing.failed(session) == 0, "the desk is for marks that count"
    with pytest.raises(Refused, match="评分异常"):
        world.with_remarking(opened, deciding.apply)
    with pytest.raises(Refused, match="没有可以应用"):
        world.with_remarking(opened, deciding.apply, keep=True)
    assert world.everything() == before
    world.marker = working
    assert world.with_remarking(opened, shadow.retry) == 1
    world.mark_all()
    world.with_remarking(opened, deciding.apply)
    assert world.totals() == world.afresh()
    assert world.totals().keys() == {attempt}


def test_kept_old_marks_stay(world):
    world.sit("s1")
    world.edit(*KEY)
    world.edit("equals: 6", "equals: 7", "data/program/task.yaml")
    world.marker = replace(world.marker, sandbox=lambda: FakeSandbox(broken))
    opened = world.open("data/program", "data/sheet")
    assert world.with_remarking(opened, deciding.apply, keep=True) == 1
    with world.db.read() as session:
        attempt = session.scalars(select(Attempt)).one()
        versions_used = [bool(o.marking.task_version_id) for o in results.outcomes(session, attempt)]
        assert versions_used == [False] * 5 + [True, False]


def test_a_dead_worker_loses_nothing(world):
    world.sit("s1")
    world.edit(*KEY)
    opened = world.open(mark=False)
    with world.db.write() as session:
        lost = marking.claim(session, "dead worker", world.clock())
    world.clock.forward(minutes=2)
    run_due(world.db, world.clock())
    assert world.mark_all() == 1
    with world.db.read() as session:
        assert session.get_one(Marking, lost).state == "done"
    world.with_remarking(opened, deciding.apply)
    assert world.totals() == world.afresh()


def test_a_worker_of_a_dropped_re_marking_writes_nothing(world):
    world.sit("s1")
    world.edit(*KEY)
    opened = world.open(mark=False)
    with world.db.write() as session:
        held = marking.claim(session, world.marker.name, world.clock())
    world.with_remarking(opened, shadow.drop)
    marking.mark(world.marker, held)
    with world.db.read() as session:
        assert session.get_one(Marking, held).state == "dropped"
        assert session.get_one(Marking, held).verdicts == []


def decide(world, attempt_id, point, earned, position=6):
    with world.db.write() as session:
        return appeals.decide(
            session, world.services.tasks, session.get_one(Attempt, attempt_id), position, point, earned, "看过原件", world.clock(),
            who=world.staff(), zone=world.services.zone,
        )


def test_a_persons_decision_stands(world):
    attempt = world.sit("s1", note="不知道")
    decide(world, attempt, "M2", "1.5")
    world.edit(*KEY)
    opened = world.open()
    [effect] = found_effects(world, opened)
    assert {p.id: p.note for p in effect.tasks[0].points} == {"M1": "", "M2": "kept", "M3": ""}
    decide(world, attempt, "M3", "2")  # while it is tried: newer than the try
    expected = {effect.attempt.id: effect.after for effect in found_effects(world, opened)}
    world.with_remarking(opened, deciding.apply)
    assert world.totals() == expected == {attempt: D("6") + D("0") + D("1.5") + D("2")}
    with world.db.read() as session:
        sheet = results.outcomes(session, session.get_one(Attempt, attempt))[5].marking
        assert sheet.origin == "override"
        assert "人工改判：看过原件" in {v.point_id: v.reason for v in sheet.verdicts}["M2"]
    world.with_remarking(opened, deciding.undo)
    assert world.totals() == {attempt: D("6") + D("2") + D("1.5") + D("2")}


def test_a_decision_about_a_point_that_is_gone_is_lost_and_said(world):
    attempt = world.sit("s1", note="不知道")
    decide(world, attempt, "M2", "1")
    world.edit("  - {id: M2, title: 写出去重, marks: 2,", "  - {id: M4, title: 写出去重了, marks: 2,")
    opened = world.open()
    [effect] = found_effects(world, opened)
    assert {p.id: p.note for p in effect.tasks[0].points} == {"M1": "", "M2": "lost", "M3": "", "M4": ""}
    world.with_remarking(opened, deciding.apply)
    assert world.totals() == world.afresh() == {attempt: D("8")}


def test_a_decision_stands_after_a_strict_re_run(world):
    attempt = world.sit("s1", note="不知道")
    decide(world, attempt, "M2", "1")
    before = world.totals()
    with world.db.write() as session:
        sheet = results.outcomes(session, session.get_one(Attempt, attempt))[5].marking
        remarking.strictly(session, sheet.id, world.clock(), 1)
    world.mark_all()
    assert world.totals() == before
    with world.db.read() as session:
        assert results.outcomes(session, session.get_one(Attempt, attempt))[5].marking.id != sheet.id


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(["3", "4", "5", ""]), st.sampled_from(["去重", "补缺", ""])), min_size=1, max_size=3),
       st.sampled_from(["3", "4", "5"]), st.sampled_from(["去重", "补缺"]), st.sampled_from([("2", "2"), ("1", "3"), ("3.5", "0.5")]))
def test_what_was_applied_equals_a_fresh_computation(app, clock, tree, tmp_path_factory, sittings, rows, word, marks):
    world = World(app.extensions["services"], clock, tree, tmp_path_factory.mktemp("world"))
    for username, (typed, note) in zip(("s1", "s2", "s3"), sittings, strict=False):
        world.sit(username, rows=typed, note=note)
    before = world.totals()
    new = f"marks: {marks[0]}, grader: number, of: rows, args: {{equals: {rows}}}", f"marks: {marks[1]}, grader: blank"
    world.write("marks: 2, grader: number, of: rows, args: {equals: 3}", new[0])
    world.write("marks: 2, grader: blank", new[1])
    world.edit("accept: [去重]", f"accept: [{word}]")
    with world.db.read() as session:
        if not versions.newer(session, world.exam):
            return
    opened = world.open()
    expected = {effect.attempt.id: effect.after for effect in found_effects(world, opened)}
    world.with_remarking(opened, deciding.apply)
    assert world.totals() == expected == world.afresh()
    world.with_remarking(opened, deciding.undo)
    assert world.totals() == before


def test_practice_feedback_is_not_confused(world, clock):
    """A check that waits is one that counts."""
    with world.db.write() as session:
        exam = f.make_exam(session, clock(), mode="practice", attempts_allowed=None)
        attempt = f.make_attempt(session, clock(), "s3", exam)
        attempts.save_draft(session, attempt, 6, 0, {"rows": "3"}, clock())
        first = attempts.check(session, attempt, 6, clock())
        assert attempts.check(session, attempt, 6, clock()) is first


HALVES = (
    "  - {id: M3, title: 表有三行, marks: 2, grader: row_count, of: data, args: {equals: 3}}",
    "  - {id: M3, title: 另一半, marks: 2, board: private, grader: number, of: rows, args: {equals: 3}}\n"
    "  - {id: M4, title: 这一半, marks: 2, board: public, grader: number, of: rows, args: {equals: 3}}",
)


@pytest.fixture
def halves(world):
    """An exam whose marks are seen at once and not final: the private half of a metric task waits for the release."""
    world.edit(*HALVES)
    with world.db.write() as session:
        world.exam = f.make_exam(session, world.clock(), freeze_at=world.clock() + timedelta(hours=1)).id
    return world


def test_halves_of_metric_tasks_are_not_counted_twice(halves):
    attempt = halves.sit("s1", rows="3")
    halves.edit("of: rows, args: {equals: 3}", "of: rows, args: {equals: 4}")
    opened = halves.open()
    [effect] = found_effects(halves, opened)
    assert (effect.before, effect.after) == (D(12), D(8))
    halves.with_remarking(opened, deciding.apply)
    assert halves.totals() == {attempt: D(8)} == halves.afresh()
    [effect] = found_effects(halves, opened)
    assert (effect.before, effect.after) == (D(12), D(8))
    with halves.db.read() as session:
        [cell] = [c for c in session.scalars(select(Cell)) if c.module == 1]
        assert (cell.earned, cell.public) == (D(2), D(2))


def test_nothing_of_a_private_half_is_told_before_the_release(halves, log_in):
    attempt = halves.sit("s1", rows="3")
    with halves.db.write() as session, pytest.raises(Refused, match="不存在"):
        appeals.ask(session, session.get_one(Attempt, attempt), 6, "M3", "这一点是什么？", halves.clock())
    decide(halves, attempt, "M3", "0")
    assert notices(halves) == []
    halves.edit("of: rows, args: {equals: 3}", "of: rows, args: {equals: 4}")
    halves.with_remarking(halves.open(), deciding.apply)
    assert [text for _, text in notices(halves)] == ["《模拟一》按新版试题重评，你的得分有变化。"]
    sheet = log_in("s1").get(f"/attempts/{attempt}/result").text
    assert "：M1 2 → 0、M4 2 → 0，" in sheet
    assert "另一半" not in sheet
    assert "另一半" in log_in("i1").get(f"/attempts/{attempt}/result").text


def test_the_history_shows_a_kept_decision_as_one_step(world, log_in):
    attempt = world.sit("s1", note="不知道")
    decide(world, attempt, "M2", "1")
    world.edit(*KEY)
    world.with_remarking(world.open(), deciding.apply)
    sheet = log_in("s1").get(f"/attempts/{attempt}/result").text
    assert "按新版试题重评，人工改判保留：M1 2 → 0，共 1 / 6 分" in sheet
    assert "M2 1 → 0" not in sheet


def test_what_is_only_tried_touches_no_board(world, clock):
    world.sit("s1")
    world.edit(*KEY)
    with world.db.read() as session:
        before = cells.version(session, world.exam)
    opened = world.open()
    with world.db.read() as session:
        assert cells.version(session, world.exam) == before
    world.with_remarking(opened, deciding.apply)
    with world.db.read() as session:
        assert cells.version(session, world.exam) > before
