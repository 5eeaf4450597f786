"""Trial runs in the real sandboxes: output while the program runs, pictures, limits in words, a stop that is quick."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from grading.sandbox import BACKENDS, make_backend
from simulator import marking, trials
from simulator.models import Attempt
from simulator.results import outcomes
from tests.simulator.fake_sandbox import wait_until
from tests.simulator.test_trials import Sitting

RUNTIMES = Path(os.environ.get("SIMULATOR_TEST_RUNTIMES", Path(__file__).parents[2] / "instance" / "runtimes"))
pytestmark = pytest.mark.sandbox

RIGHT = """\
rows = open('data.csv').read().split()[1:]
total = sum(map(int, rows))
print('合计', total)
open('out.csv', 'w').write('a\\n' + '\\n'.join(rows) + '\\n')
"""
PLOT = """\
import matplotlib.pyplot as plt
plt.plot([1, 2, 3])
plt.show()
print('shown')
plt.bar([1, 2], [3, 4])
plt.show()
"""
SLOW = """\
import sys, time
print('第一行')
for n in range(4):
    print(f'\\r{n}', end='', file=sys.stderr, flush=True)
    time.sleep(0.5)
print('最后一行')
"""


@pytest.fixture(scope="module", params=list(BACKENDS))
def sandbox(request):
    sandbox = make_backend(request.param, RUNTIMES)
    yield sandbox
    sandbox.close()


@pytest.fixture
def sitting(db, services, clock, log_in, sandbox):
    sitting = Sitting(db, services, clock, log_in)
    sitting.sandbox = sandbox
    return sitting


def run(sitting, program):
    sitting.save(program)
    return sitting.run()


def start(sitting, program):
    """Let a worker run `program` in a thread."""
    sitting.save(program)
    assert sitting.ask().status_code == 201
    thread = threading.Thread(target=trials.execute, args=(sitting.marker, sitting.claim()))
    thread.start()
    return thread


def test_output_tables_and_variables_are_shown(sitting):
    trial = run(sitting, RIGHT)
    assert (trial.state, trial.stdout) == ("done", "合计 6\n")
    page = sitting.page()
    for words in ("合计 6", "共 3 行", "out", "total"):
        assert words in page


def test_an_error_names_the_candidates_line(sitting):
    trial = run(sitting, "a = 1\nprint(b)\n")
    assert "NameError" in trial.stderr
    assert "第 2 行" in sitting.news()["said"]


def test_the_first_line_is_seen_before_the_program_ends(sitting):
    thread = start(sitting, SLOW)
    wait_until(lambda: sitting.row().stdout == "第一行\n", 20)
    wait_until(lambda: sitting.row().stderr == "2", 20)
    assert sitting.row().state == "leased"
    thread.join(20)
    assert (sitting.row().stdout, sitting.row().stderr) == ("第一行\n最后一行\n", "3")


def test_plots_are_shown(sitting):
    trial = run(sitting, PLOT)
    assert (trial.result["status"], trial.stdout) == ("ok", "shown\n"), trial.stderr
    for number in (1, 2):
        assert len(sitting.client.get(sitting.url(f"/figures/{number}")).data) > 1000


def test_a_stop_is_quick(sitting):
    thread = start(sitting, "print('on')\nwhile True:\n    pass\n")
    wait_until(lambda: sitting.row().stdout == "on\n", 20)
    asked = time.monotonic()
    sitting.client.post(sitting.url("/cancel"))
    thread.join(10)
    assert time.monotonic() - asked < 2
    assert sitting.row().state == "cancelled"
    assert sitting.row().stdout == "on\n"


def test_a_memory_limit_is_told_in_words(sitting):
    trial = run(sitting, "print('begin')\nkeep = []\nwhile True:\n    keep.append(bytearray(8_000_000))\n")
    assert trial.result["message"] == "内存超过 512 MB，程序被终止。"
    assert trial.stdout == "begin\n"


def test_a_flood_of_output_is_ended_and_its_end_shown(sitting):
    trial = run(sitting, "while True:\n    print('x' * 100)\n")
    assert trial.result["status"] == "output_limit"
    assert 0 < len(trial.stdout) <= 20_000


def test_handing_in_marks_the_program_from_a_fresh_run(sitting, db):
    run(sitting, RIGHT)
    sitting.client.post(f"/attempts/{sitting.attempt_id}/submit")
    with db.write() as session:
        marking_id = marking.claim(session, sitting.marker.name, sitting.clock())
    marking.mark(sitting.marker, marking_id)
    assert "合计正确" in sitting.client.get(f"/attempts/{sitting.attempt_id}/result/sheet").text
    with db.read() as session:
        program = outcomes(session, session.get_one(Attempt, sitting.attempt_id))[-1]
        assert [v.status for v in program.marking.verdicts] == ["correct", "correct"]
