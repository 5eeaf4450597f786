"""Evidence: what runs and verdicts leave to look at is stored, bounded, and shown to whom it may be shown."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import select

from grading.engine import Grading
from grading.model import Verdict
from grading.sandbox import RunResult
from simulator import attempts, findings, trials
from simulator.errors import Refused
from simulator.findings import MAX_EVIDENCE, Finding, bounded
from simulator.models import Attempt, Marking, Submission
from simulator.pages import result
from simulator.pages.exam import runs_view
from tests import factories as f

RUN = {"kind": "too-large"}  # the one kind whose template needs nothing else
SEEN = {"kind": "too-large", "of": "verdict"}


@pytest.fixture
def marked(db, services, clock):
    """A marking with evidence of a run and of a verdict; its attempt is closed."""
    with db.write() as session:
        attempt = f.make_attempt(session, clock())
        attempts.save_draft(session, attempt, 7, 0, {"program": "total = 6"}, clock())
        attempts.submit(session, attempt, clock(), by="candidate")
        found = session.scalars(select(Marking).join(Marking.submission).where(Submission.position == 7)).one()
        verdict = Verdict("M1", "合计", "correct", Decimal(1), Decimal(1), evidence=SEEN)
        run = next(iter(services.tasks.get(session, attempt.tasks[6].version).runs)).id
        grading = Grading((verdict,), {run: RunResult("ok")}, {}, {run: RUN})
        findings.store(session, found, Finding(grading, "", 0.1), clock())
        return attempt.id


def shown(db, services, attempt_id, *, staff, final=True, **changes):
    with db.read() as session:
        attempt = session.get_one(Attempt, attempt_id)
        found = session.scalars(select(Marking).join(Marking.submission).where(Submission.position == 7)).one()
        task = services.tasks.get(session, attempt.tasks[6].version)
        runs = tuple(run.model_copy(update=changes) for run in task.runs)
        return [item["evidence"] for item in result.evidence(replace(task, runs=runs), found, staff=staff, final=final)]


@pytest.mark.parametrize("changes, staff, seen", [
    ({"hidden": ()}, False, [RUN, SEEN]), ({"hidden": ("a.csv",)}, False, [SEEN]), ({"hidden": ("a.csv",)}, True, [RUN, SEEN]),
    ({"hidden": ("a.csv",), "reveal": True}, False, [RUN, SEEN]),
])
def test_runs_with_hidden_inputs_are_shown_to_staff_or_where_the_task_reveals_them(db, services, marked, changes, staff, seen):
    assert shown(db, services, marked, staff=staff, **changes) == seen


def test_the_score_sheet_shows_it(marked, log_in):
    page = log_in("s1").get(f"/attempts/{marked}/result").text
    assert page.count("过程记录太大，没有保存。") == 2
    assert "M1 合计" in page


def test_too_much_is_left_out_and_what_databases_refuse_is_replaced():
    assert bounded({"kind": "home", "log": "x" * (MAX_EVIDENCE + 1)}) == {"kind": "too-large"}
    assert bounded({"kind": "home", "log": ["\0", "\ud800", "中"]})["log"] == ["\ufffd", "?", "中"]


def test_evidence_must_be_plain():
    with pytest.raises(ValueError, match="JSON"):
        bounded({"kind": "home", "x": float("nan")})


def test_a_run_for_marking_is_not_offered(db, services, clock):
    with db.write() as session:
        attempt = f.make_attempt(session, clock())
        task = services.tasks.get(session, attempt.tasks[6].version)
        run = task.runs[0].model_copy(update={"purpose": "marking"})
        with pytest.raises(Refused) as refused:
            trials.ask(session, replace(task, runs=(run,)), attempt, 7, run.id, {"program": "x = 1"}, clock())
        assert refused.value.status == 404
        where = {"attempt_id": attempt.id, "position": 7}
        assert runs_view(session, replace(task, runs=(run,)), where, clock(), "practice") == []


def test_files_of_a_handed_in_task_are_for_its_candidate_and_staff(marked, log_in):
    given, key = (f"/attempts/{marked}/result/files/7/{name}" for name in ("data.csv", "task.yaml"))
    mine = log_in("s1")
    with mine.get(given) as answer:
        assert answer.data == b"a\n1\n2\n3\n"
    assert mine.get(key).status_code == 404
    assert mine.get(f"/attempts/{marked}/result/uploads/7/program").status_code == 404
    with log_in("t1").get(given) as answer:
        assert answer.status_code == 200
    assert log_in("s2").get(given).status_code == 404
