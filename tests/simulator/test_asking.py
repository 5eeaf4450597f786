"""Trials with a language model, from the form to the page: who may, what is asked, what is kept, and everything that can go wrong.

The engine runs in this process instead of a sandbox, and the model is a server on the loopback.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import shutil
from datetime import timedelta

import pytest
from sqlalchemy import select

from grading.completions import MAX_ASKED
from grading.library import load_library
from grading.runners.agent.engine.asking import MAX_PROMPT
from grading.runners.agent.engine.main import answer as engine
from grading.sandbox.contract import RunResult
from simulator import asking, attempts, catalog, create_app, schema, trials, workers
from simulator.config import load_settings
from simulator.db import Database
from simulator.jobs.asker import Asker
from simulator.jobs.worker import Shift
from simulator.models import Attempt, Event, Trial
from tests import factories as f
from tests.agent_tree import asking_flow, write_tree
from tests.fake_model import KEY, MODEL, fake_model
from tests.simulator.fake_sandbox import FakeSandbox, wait_until


def play(job, _observer):
    """Run the engine here; it says what a sandbox would bring back."""
    request = json.loads(job.files["_request.json"])
    return RunResult("ok", 0, wall_s=0.1, files={"_answer.json": json.dumps(engine(request)).encode()}, message="程序正常结束。")


@pytest.fixture
def model(monkeypatch):
    monkeypatch.setenv("SIMULATOR_LLM_KEY", KEY)
    with fake_model() as fake:
        yield fake


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    return write_tree(tmp_path_factory.mktemp("agent") / "tasks")


@pytest.fixture(scope="module")
def filled(tmp_path_factory, tree):
    from tests.conftest import Clock

    path = tmp_path_factory.mktemp("agent-db") / "simulator.sqlite"
    db = Database(f"sqlite:///{path}")
    schema.upgrade(db)
    with db.write() as session:
        catalog.sync(session, load_library(tree), Clock()())
        f.add_people(session, Clock()())
    with db.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    db.engine.dispose()
    return path


@pytest.fixture
def wanted_settings(model):
    return {"llm_url": model.url, "llm_model": MODEL, "llm_timeout_s": 20, "llm_rate": 100}


@pytest.fixture
def app(tmp_path, tree, filled, clock, wanted_settings):
    (tmp_path / "instance").mkdir()
    shutil.copy(filled, tmp_path / "instance" / "simulator.sqlite")
    app = create_app(load_settings(tmp_path / "instance", tasks_dir=str(tree), login_rate=1000, **wanted_settings))
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    services = app.extensions["services"]
    services.clock = clock
    yield app
    services.db.engine.dispose()


class Practice:
    """A candidate before the agent task, a worker, and an asker."""

    def __init__(self, services, clock, log_in, mode="practice", username="s1"):
        self.services, self.db, self.clock, self.client = services, services.db, clock, log_in(username)
        self.sandbox = FakeSandbox(play)
        self.marker = dataclasses.replace(services.marker(), sandbox=lambda: self.sandbox, name="host:1/1")
        self.rung = []
        self.shift = Shift(self.marker, asks=lambda: self.rung.append(1))
        self.asker = Asker(services, services.endpoint, "host:1/1") if services.endpoint else None
        with self.db.write() as session:
            self.attempt_id = f.make_attempt(session, clock(), username, mode=mode).id
            workers.seen(session, self.marker.name, clock(), backend="fake")
        self.save(asking_flow())

    def save(self, flow):
        answer = self.client.put(f"/attempts/{self.attempt_id}/drafts/1", json={"rev": 99, "response": {"flow": flow}})
        assert answer.status_code == 200, answer.text

    def ask(self, *said, run="chat", engine="model"):
        body = {**({"input": list(said)} if said else {}), **({"engine": engine} if engine else {})}
        return self.client.post(f"/attempts/{self.attempt_id}/trial/1/{run}", json=body)

    def row(self):
        with self.db.read() as session:
            return session.scalars(select(Trial).order_by(Trial.id.desc())).first()

    def state(self):
        return self.row().state

    def let_ask(self):
        """Let the asker ask what waits, and wait until it has its answer."""
        before = self.row().version
        assert self.asker.once()
        wait_until(lambda: self.row().version > before)

    def finish(self):
        """Let worker and asker work until nothing is left to do; return the trial."""
        while self.shift.once() or (self.state() == "asking" and not self.let_ask()):
            pass
        return self.row()

    def talk(self, *said, **more):
        assert self.ask(*said, **more).status_code == 201
        return self.finish()

    def page(self):
        return self.client.get(f"/attempts/{self.attempt_id}/1").text

    def events(self, what="attempt.model"):
        with self.db.read() as session:
            return list(session.scalars(select(Event).where(Event.what == what)))


def answers(trial):
    return [turn["answer"] for talk in trial.result["evidence"]["conversations"] for turn in talk["turns"]]


@pytest.fixture
def practice(services, clock, log_in):
    return Practice(services, clock, log_in)


# Who may -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["mock", "contest"])
def test_only_practice_may_ask_and_sees_the_choice(services, clock, log_in, model, mode):
    exam = Practice(services, clock, log_in, mode)
    assert "用学校接入的大模型" not in exam.page()
    answer = exam.ask("您好")
    assert answer.status_code == 403
    assert "只能用内置引擎" in answer.json["error"]
    assert exam.row() is None
    assert exam.talk("您好", engine="embedded").state == "done"
    assert exam.talk("您好", engine=None).model == ""
    assert model.asked == []


def test_practice_chooses_and_begins_with_the_embedded_engine(practice, model):
    page = practice.page()
    assert page.count("用学校接入的大模型") == 2  # the scenario and the chat
    assert MODEL in page
    assert 'value="embedded" autocomplete="off" checked' in page
    trial = practice.talk("您好", engine="embedded")
    assert (trial.model, trial.asked) == ("", [])
    assert model.asked == []
    assert "内嵌语义引擎" in practice.page() or "备用引擎" in practice.page()
    assert practice.events() == []


class TestWithoutAModel:
    @pytest.fixture
    def wanted_settings(self):
        return {}

    def test_there_is_no_choice(self, practice):
        assert "用学校接入的大模型" not in practice.page()
        answer = practice.ask("您好")
        assert answer.status_code == 422
        assert "没有接入大模型" in answer.json["error"]
        assert practice.talk("您好", engine=None).state == "done"

    def test_the_pages_say_so(self, client, log_in):
        assert "这个考场没有接入大模型。" in client.get("/about/agent-engine").text
        admin = log_in("a1")
        assert "没有接入。练习、考试和评分都只用内置引擎。" in admin.get("/admin/system").text
        assert admin.post("/admin/system/model").status_code == 409


@pytest.mark.parametrize("engine", ["other", 5, None, ["model"]])
def test_there_are_two_engines_only(practice, engine):
    answer = practice.client.post(f"/attempts/{practice.attempt_id}/trial/1/chat", json={"input": ["您好"], "engine": engine})
    assert answer.status_code == 422


class TestRate:
    @pytest.fixture
    def wanted_settings(self, model):
        return {"llm_url": model.url, "llm_model": MODEL, "llm_rate": 2}

    def test_a_candidate_may_ask_so_often(self, practice, services, clock, log_in):
        for _ in range(2):
            practice.talk("您好")
        refused = practice.ask("您好")
        assert refused.status_code == 429
        assert refused.json["error"] == "一分钟里最多用大模型运行 2 次。"
        assert practice.talk("您好", engine="embedded").state == "done"
        assert Practice(services, clock, log_in, username="s2").ask("您好").status_code == 201
        clock.forward(seconds=61)
        with practice.db.write() as session:
            workers.seen(session, practice.marker.name, clock(), backend="fake")
        assert practice.ask("您好").status_code == 201


# Asking and answering --------------------------------------------------------------------------------------------------


def test_the_models_words_are_on_the_page_with_the_prompt_and_what_they_count_for(practice, model):
    model.reply = lambda _: "我是小李，<b>您好</b>"
    trial = practice.talk("您好")
    assert (trial.state, trial.model, answers(trial)) == ("done", MODEL, ["我是小李，<b>您好</b>"])
    assert model.asked[0]["messages"] == [{"role": "system", "content": "你是客服小李。"}, {"role": "user", "content": "您好"}]
    page = practice.page()
    for words in ("我是小李，&lt;b&gt;您好&lt;/b&gt;", "【系统】你是客服小李。", f"由学校接入的大模型 {MODEL} 回答",
                  "分数只由内置引擎评出，与这里的回答无关", f"由大模型 {MODEL} 回答，不计分",
                  'value="model" autocomplete="off" checked'):  # fmt: skip
        assert words in page
    assert [(e.detail["model"], e.detail["run"]) for e in practice.events()] == [(MODEL, "chat")]


def test_the_worker_is_free_while_the_model_thinks(practice, model):
    model.reply = model.wait
    practice.ask("您好")
    assert practice.shift.once()
    assert practice.state() == "asking"
    assert practice.rung == [1]  # the asker is told
    panel = practice.page()
    assert "等大模型回答" in panel
    assert "已得到 0 个回答。" in panel
    assert not practice.shift.once(), "nothing to do for a worker"
    assert practice.asker.once()
    wait_until(lambda: model.asked)
    assert not practice.asker.once(), "nobody asks it twice"
    model.release.set()
    wait_until(lambda: practice.state() == "queued")
    assert "等大模型回答" in practice.page()
    assert practice.finish().result["evidence"]["model"] == MODEL


def test_one_after_the_other_and_each_prompt_once(practice, model):
    practice.save(asking_flow(count=3))
    replies = iter(["甲", "乙", "丙"])
    model.reply = lambda _: next(replies)
    trial = practice.talk("您好")
    assert answers(trial) == ["丙"]
    assert [body["messages"][1]["content"] for body in model.asked] == ["您好", "您好\n上一步说：甲", "您好\n上一步说：乙"]
    assert len(practice.sandbox.jobs) == 4
    assert asking.count(trial.asked) == 3
    assert all(set(entry) == {"digest", "text"} for entry in trial.asked)


def test_a_scenario_asks_for_all_its_conversations(practice, model):
    trial = practice.talk(run="trial")
    assert trial.state == "done"
    assert len(trial.result["evidence"]["conversations"]) == 6
    assert len(model.asked) == 7  # as many turns, all different


def test_what_was_said_in_a_conversation_stays_said_until_it_is_cleared(practice, model):
    count = iter(range(1, 9))
    model.reply = lambda _: f"第 {next(count)} 次"
    assert answers(practice.talk("您好")) == ["第 1 次"]
    assert answers(practice.talk("您好", "在吗")) == ["第 1 次", "第 2 次"]
    practice.save(asking_flow("你是客服老王。"))
    assert answers(practice.talk("您好", "在吗")) == ["第 3 次", "第 4 次"]
    practice.client.delete(f"/attempts/{practice.attempt_id}/trials/{practice.row().id}")
    assert answers(practice.talk("您好")) == ["第 5 次"]
    assert answers(practice.talk("您好", engine="embedded")) != ["第 5 次"]


def test_a_scenario_is_asked_anew_each_time(practice, model):
    practice.talk(run="trial")
    practice.talk(run="trial")
    assert len(model.asked) == 14


# What goes wrong -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("reply", "words"), [
    ((401, {}), "不接受学校设置的密钥"), ((429, {}), "太忙"), ((500, {}), "出错了"), ("", "没有写出内容"), ("长" * 1001, "超过 1000 字"),
    ((200, b"<html>"), "不是规定的格式"), ((404, {"error": f"model {MODEL} not found"}), f"没有名为 {MODEL} 的模型"),
])  # fmt: skip
def test_a_failure_is_a_sentence_on_the_page(practice, model, reply, words):
    model.reply = lambda _: reply
    trial = practice.talk("您好")
    assert (trial.state, trial.result["status"]) == ("done", "no_answer")
    page = practice.page()
    assert "没有得到大模型的回答" in page
    assert "节点“生成回答1”：" in page
    assert words in page
    model.reply = lambda _: "好了"
    assert answers(practice.talk("您好")) == ["好了"]


def test_what_was_answered_before_a_failure_need_not_be_asked_again(practice, model):
    practice.save(asking_flow(count=2))
    replies = iter(["甲", (500, {}), "乙"])
    model.reply = lambda _: next(replies)
    assert practice.talk("您好").result["status"] == "no_answer"
    assert answers(practice.talk("您好")) == ["乙"]
    assert len(model.asked) == 3


def test_stopping_while_the_model_thinks_takes_effect_at_once(practice, model):
    model.reply = model.wait
    practice.ask("您好")
    practice.shift.once()
    practice.asker.once()
    wait_until(lambda: model.asked)
    assert practice.client.post(f"/attempts/{practice.attempt_id}/trials/{practice.row().id}/cancel").json == {"state": "cancelled"}
    assert practice.ask("在吗").status_code == 201
    model.release.set()
    wait_until(lambda: model.now == 0)
    assert practice.finish().result["evidence"]["conversations"][0]["turns"][0]["answer"] == "慢慢答"
    assert [body["messages"][1]["content"] for body in model.asked] == ["您好", "在吗"]


def test_too_many_prompts_end_it(practice, model):
    practice.save(asking_flow(count=MAX_ASKED + 1))
    with practice.db.write() as session:
        trial_id = _asked_before(session, practice, MAX_ASKED)
    practice.shift.once()
    trial = practice.row()
    assert trial.id == trial_id
    assert trial.result["status"] == "no_answer"
    assert f"超过 {MAX_ASKED} 次" in trial.result["message"]


def _asked_before(session, practice, count):
    """Queue a trial that has had `count` answers, none of which is what it asks now."""
    asked = [{"digest": f"{n:064x}", "text": "答"} for n in range(count)]
    trial = Trial(
        attempt_id=practice.attempt_id, position=1, run_id="chat", response={"flow": asking_flow()}, input=["您好"], model=MODEL,
        queued_at=practice.clock(), asked=asked,
    )
    session.add(trial)
    session.flush()
    return trial.id


def test_waiting_too_long_ends_it(practice, clock):
    practice.ask("您好")
    practice.shift.once()
    clock.forward(seconds=asking.LONGEST.total_seconds() + 1)
    with practice.db.write() as session:
        assert trials.sweep(session, clock()) == 1
    trial = practice.row()
    assert (trial.state, trial.result["status"]) == ("done", "no_answer")
    assert "十分钟" in trial.result["message"]


def test_an_asker_that_dies_is_followed_by_another_once(practice, model, clock):
    practice.ask("您好")
    practice.shift.once()
    with practice.db.write() as session:
        lost = asking.claim(session, "host:9/1", timedelta(seconds=60), clock())
        assert asking.claim(session, "host:8/1", timedelta(seconds=60), clock()) is None
        assert workers.expire_leases(session, "host", lambda _pid: False, clock()) == 1
        trials.sweep(session, clock())
    assert practice.state() == "asking"
    with practice.db.write() as session:
        asking.answer(session, lost, "host:9/1", "太晚", clock())  # it was not dead after all, but the lease is not its own any more
    assert practice.state() == "asking"
    assert answers(practice.finish()) == ["收到：您好"]
    practice.ask("再来")
    practice.shift.once()
    for _ in range(trials.MAX_TRIES):
        with practice.db.write() as session:
            assert asking.claim(session, "host:9/1", timedelta(seconds=60), clock()) is not None
            workers.expire_leases(session, "host", lambda _pid: False, clock())
            trials.sweep(session, clock())
    assert practice.state() == "error"


def test_the_end_of_the_exam_ends_it(practice, model, clock):
    model.reply = model.wait
    practice.ask("您好")
    practice.shift.once()
    with practice.db.write() as session:
        attempts.submit(session, session.get_one(Attempt, practice.attempt_id), clock(), by="candidate")
        trials.sweep(session, clock())
    assert practice.state() == "cancelled"
    assert not practice.asker.once()


def test_a_fault_of_ours_is_a_sentence_too(practice, monkeypatch):
    monkeypatch.setattr("simulator.endpoint.Endpoint.ask", lambda *_: 1 / 0)
    trial = practice.talk("您好")
    assert trial.result["status"] == "no_answer"
    assert "已记录" in trial.result["message"]


class TestParallel:
    @pytest.fixture
    def wanted_settings(self, model):
        return {"llm_url": model.url, "llm_model": MODEL, "llm_parallel": 2}

    def test_so_many_requests_at_a_time(self, services, clock, log_in, model):
        model.reply = model.wait
        sat = [Practice(services, clock, log_in, username=name) for name in ("s1", "s2", "s3")]
        for one in sat:
            one.ask("您好")
            assert one.shift.once()
        asker = Asker(services, services.endpoint, "host:1/1")
        asker.start()
        try:
            wait_until(lambda: model.now == 2)
            model.release.set()
            wait_until(lambda: len(model.asked) == 3)
            wait_until(lambda: not _any(services.db, "asking"))
        finally:
            asker.stop()
        assert model.most == 2


def _any(db, state):
    with db.read() as session:
        return session.scalars(select(Trial.id).where(Trial.state == state)).first() is not None


# Marks and secrets -----------------------------------------------------------------------------------------------------


def test_marks_never_come_from_the_model(practice, model, clock):
    """The same flow is talked to in the trial and marked at hand-in: the model hears of the trial only."""
    practice.talk("您好")
    heard = len(model.asked)
    with practice.db.write() as session:
        attempts.submit(session, session.get_one(Attempt, practice.attempt_id), clock(), by="candidate")
    while practice.shift.once():
        pass
    jobs = [json.loads(job.files["_request.json"]) for job in practice.sandbox.jobs]
    assert any(len(job["conversations"]) > 1 for job in jobs), "it was marked"
    assert [job["completions"] for job in jobs if len(job["conversations"]) > 1] == [None]
    assert len(model.asked) == heard
    assert MODEL not in practice.client.get(f"/attempts/{practice.attempt_id}/result").text


def test_the_key_is_in_no_page_log_event_or_row(practice, model, log_in, caplog, services):
    caplog.set_level(logging.DEBUG)
    replies = iter([f"你的密钥是 {KEY}", (401, {"error": {"message": f"bad key {KEY}"}}), "好"])
    model.reply = lambda _: next(replies)
    practice.talk("您好")
    practice.talk("再问")
    admin = log_in("a1")
    admin.post("/admin/system/model")
    pages = [practice.page(), *(admin.get(path).text for path in ("/admin/system", "/admin/events", "/metrics", "/about/agent-engine"))]
    assert model.keys == [f"Bearer {KEY}"] * 3
    with services.db.engine.connect() as connection:
        dump = "\n".join(connection.connection.driver_connection.iterdump())
    assert MODEL in dump, "the dump holds the trials"
    for text in (*pages, caplog.text, dump):
        assert KEY not in text


class TestAdministrator:
    def test_the_page_says_what_is_connected_and_a_button_asks(self, log_in, model, services, db):
        admin = log_in("a1")
        page = admin.get("/admin/system").text
        assert model.url in page
        assert "已设置，不显示" in page
        assert model.asked == []
        model.reply = lambda _: "你好"
        answered = admin.post("/admin/system/model", follow_redirects=True).text
        assert "秒内回答：你好" in answered
        model.reply = lambda _: (429, {})
        assert "太忙" in admin.post("/admin/system/model", follow_redirects=True).text
        with db.read() as session:
            events = list(session.scalars(select(Event).where(Event.what == "system.model-tested").order_by(Event.id)))
        assert [event.detail for event in events] == [{"model": MODEL, "answered": True}, {"model": MODEL, "answered": False}]

    @pytest.mark.parametrize("username", ["s1", "t1", "i1"])
    def test_nobody_else_may_press_it(self, log_in, model, username):
        assert log_in(username).post("/admin/system/model").status_code == 403
        assert model.asked == []

    def test_the_database_is_free_while_the_model_is_tried(self, log_in, model, db, clock):
        def reply(_body):
            with db.write() as session:  # would wait ten seconds for the request's own transaction
                session.add(Event(at=clock(), what="system.model-tested", detail={}))
            return "你好"

        model.reply = reply
        assert "秒内回答" in log_in("a1").post("/admin/system/model", follow_redirects=True).text

    def test_everybody_reads_what_is_there(self, client):
        page = client.get("/about/agent-engine").text
        assert f"这个考场已接入大模型 {MODEL}，只用于练习。" in page
        assert f"最多问 {MAX_ASKED} 次、最多十分钟，提示词最多 {MAX_PROMPT} 字" in page
        assert timedelta(minutes=10) == asking.LONGEST
