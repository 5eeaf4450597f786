"""The demo school is really marked. Slow: runs 48 programs and measures 16 sets of pictures."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from sqlalchemy import func, select

from simulator import boards, create_app, demo, serving
from simulator.config import load_settings
from simulator.models import Exam, Marking

RUNTIMES = Path(os.environ.get("SIMULATOR_TEST_RUNTIMES", Path(__file__).parents[2] / "instance" / "runtimes"))


@pytest.mark.sandbox
@pytest.mark.slow
def test_the_demo_school_has_a_filled_board(tmp_path):
    app = create_app(load_settings(tmp_path / "demo", demo=True, runtimes_dir=str(RUNTIMES)))
    services = app.extensions["services"]
    serving.prepare(services)
    assert demo.build(services) is True
    assert demo.build(services) is False
    accounts = demo.demo_accounts(services.settings)
    assert sorted({a["role"] for a in accounts}) == ["admin", "instructor", "student", "teacher"]
    assert len({a["password"] for a in accounts}) == 5
    with services.db.read() as session:
        states = dict(session.execute(select(Marking.state, func.count()).group_by(Marking.state)).all())
        contest = session.scalars(select(Exam).where(Exam.mode == "contest")).one()
        standings = boards.everything(session, contest).standings
        assert {e.mode for e in session.scalars(select(Exam))} == {"contest", "mock", "practice"}
    assert states == {"done": 16 * 18}
    assert len(standings) == 16
    assert standings[0].entry.total > standings[-1].entry.total > 0
    client = app.test_client()
    assert accounts[0]["password"] in client.get("/login").text
    services.db.engine.dispose()
