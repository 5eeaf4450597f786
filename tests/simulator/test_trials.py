"""试运行 on public files only. Needs the real sandbox."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests import factories as f

RUNTIMES = Path(os.environ.get("SIMULATOR_TEST_RUNTIMES", Path(__file__).parents[2] / "instance" / "runtimes"))
pytestmark = pytest.mark.sandbox

RIGHT = "rows = open('data.csv').read().split()[1:]\ntotal = sum(map(int, rows))\nprint('合计', total)\n" \
        "open('out.csv', 'w').write('a\\n' + '\\n'.join(rows) + '\\n')\n"


@pytest.fixture
def sitting(db, services, clock, log_in):
    object.__setattr__(services.settings, "runtimes_dir", str(RUNTIMES))
    with db.write() as session:
        attempt_id = f.make_attempt(session, clock()).id
    return log_in("s1"), attempt_id


def save(client, attempt_id, program):
    assert client.put(f"/attempts/{attempt_id}/drafts/7", json={"rev": 99, "response": {"program": program}}).status_code == 200


def test_output_tables_and_variables_are_shown(sitting):
    client, attempt_id = sitting
    save(client, attempt_id, RIGHT)
    answer = client.post(f"/attempts/{attempt_id}/trial/7/main")
    assert answer.status_code == 200, answer.text
    for words in ("合计 6", "共 3 行", "out", "total"):
        assert words in answer.text


def test_an_error_names_the_candidates_line(sitting):
    client, attempt_id = sitting
    save(client, attempt_id, "a = 1\nprint(b)\n")
    answer = client.post(f"/attempts/{attempt_id}/trial/7/main")
    assert "NameError" in answer.text
    assert "第 2 行" in answer.text


def test_without_a_program_there_is_a_sentence(sitting):
    client, attempt_id = sitting
    answer = client.post(f"/attempts/{attempt_id}/trial/7/main")
    assert answer.status_code == 422
    assert "还没有可以运行的程序" in answer.text


def test_handing_in_marks_the_program_from_a_fresh_run(sitting, db, services):
    from simulator.jobs.dispatch import work_once

    client, attempt_id = sitting
    save(client, attempt_id, RIGHT)
    client.post(f"/attempts/{attempt_id}/submit")
    assert work_once(services.marker())
    text = client.get(f"/attempts/{attempt_id}/result/sheet").text
    assert "合计正确" in text
    with db.read() as session:
        from simulator.models import Attempt
        from simulator.results import outcomes

        program = outcomes(session, session.get_one(Attempt, attempt_id))[-1]
        assert [v.status for v in program.marking.verdicts] == ["correct", "correct"]


def test_without_a_sandbox_programs_are_refused_and_the_rest_goes_on(sitting, services):
    client, attempt_id = sitting
    services.sandbox._problem = "本机没有可用的沙箱。"
    save(client, attempt_id, RIGHT)
    assert client.post(f"/attempts/{attempt_id}/trial/7/main").status_code == 503
    assert "本机没有可用的沙箱" in client.get(f"/exams/{1}").text
    assert client.put(f"/attempts/{attempt_id}/drafts/1", json={"rev": 0, "response": {"answer": ["T"]}}).status_code == 200
    assert client.post(f"/attempts/{attempt_id}/submit").status_code == 303
