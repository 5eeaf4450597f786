"""The English catalogue is complete, compiled and safe to insert into pages; Chinese stays the default."""

from __future__ import annotations

import ast
import io
import re

import pytest
from babel.messages.pofile import read_po
from flask_babel import gettext

from simulator import attempts, people
from simulator.classes import DIVISIONS
from simulator.errors import Refused
from simulator.pages.board import STATES, tie_text
from simulator.pages.people import SHEET
from simulator.rosters import COLUMNS
from tests import factories as f
from tools import i18n

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w+\}")
CHINESE = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]")
# Chinese that no visitor reads as a sentence of the interface: the command line and what it makes, the demo school's data, logs,
# column names of files, constants that tools/i18n.py collects by itself, and why a language model gave a run no answer.
NOT_INTERFACE = {"awards.py", "cli.py", "commands", "config.py", "demo.py", "endpoint.py", "jobs", "metrics.py", "scaffold.py",
                 "marking.py", "sentences.py", "services.py", "standings.py", "webserver.py"}
FILE_TEXTS = {"账号", "姓名", "班级", "名次", "总分", "满分", "用时（秒）", "未评完的题", "-成绩.csv",
              "组内名次", "组别", "考号", "（公开部分）", "扣分", "交卷时间", "奖项", "封榜后交卷", "是", "成绩", "-成绩.xlsx",
              "编号", "时间", "谁", "事件", "代码", "考生", "场次", "内容", "事件记录.csv", "一次性密码.",
              "第几次作答", "试题", "评分点", "原得分", "新得分", "配分", "原判定", "新判定", "说明", "原总分", "新总分", "原名次",
              "新名次", "原合格", "新合格", "否", "-重评"}
FILE_TEXTS |= {*SHEET, *DIVISIONS, *(name for names in COLUMNS.values() for name in names)}
RUN_TEXTS = {"运行程序的进程两次中断。", "程序未能运行，已记录。", "节点“", "”：",
             "十分钟里没有得到大模型的全部回答，已停止。请稍后再试，或减少对话的轮数；也可以改用内置引擎。"}
# like all that a sandbox says of a run
OPERATOR = {"ConfigError", "SandboxError"}  # read by who runs the server


@pytest.fixture(scope="module")
def messages() -> list[tuple[str, str]]:
    """Return (msgid, msgstr) of every text."""
    with i18n.PO.open("rb") as file:
        return [(str(message.id), str(message.string)) for message in read_po(file, locale="en") if message.id]


def test_the_catalogue_is_complete_and_compiled(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["i18n.py", "--check"])
    assert i18n.main() == 0, "run tools/i18n.py\n" + capsys.readouterr().err


def test_placeholders_agree(messages):
    wrong = [msgid for msgid, msgstr in messages if sorted(PLACEHOLDER.findall(msgid)) != sorted(PLACEHOLDER.findall(msgstr))]
    assert not wrong


def test_a_translation_has_no_chinese_characters(messages):
    assert not [msgstr for _msgid, msgstr in messages if CHINESE.search(msgstr)]


def test_a_translation_cannot_break_a_page(messages):
    # Templates format texts with % and do not escape them, and many stand inside a double-quoted attribute.
    assert not [msgstr for _msgid, msgstr in messages if re.search(r'["<>&]', msgstr) or "%" in PLACEHOLDER.sub("", msgstr)]


def test_chinese_is_the_default(client):
    page = client.get("/login").text
    assert '<html lang="zh-CN"' in page
    assert "<h1>登录</h1>" in page
    client.post("/language", data={"lang": "fr"})
    assert '<html lang="zh-CN"' in client.get("/login").text


def test_english_is_chosen_by_the_visitor_and_kept(client):
    assert client.post("/language", data={"lang": "en", "next": "/login"}).location == "/login"
    page = client.get("/login").text
    assert '<html lang="en"' in page
    assert "<h1>Log in</h1>" in page
    assert not CHINESE.search(page.replace("中文", "", 1)), "only the language switch itself stays Chinese"
    client.post("/language", data={"lang": "zh"})
    assert "<h1>登录</h1>" in client.get("/login").text


def test_home_is_english(log_in):
    client = log_in()
    assert "<h1>我的考试</h1>" in client.get("/").text
    client.post("/language", data={"lang": "en"})
    page = client.get("/").text
    assert '<html lang="en"' in page
    assert "<h1>My exams</h1>" in page
    assert "No exam is open now." in page
    assert "Log out" in page


def test_refusals_are_english(client):
    client.post("/language", data={"lang": "en"})
    page = client.get("/nowhere").text
    assert "There is no such page." in page
    assert "Please check the address, or start from the home page." in page


def untranslated(source: str) -> list[str]:
    """Return the Chinese texts in a module that pass neither through gettext nor through `Refused`; docstrings do not count."""
    tree = ast.parse(source)
    fine = {
        id(argument) for node in ast.walk(tree) if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("_", "_l", "Refused")
        for argument in node.args
    }
    fine |= {
        id(part) for node in ast.walk(tree) if isinstance(node, ast.Call) and getattr(node.func, "id", "") in OPERATOR
        for part in ast.walk(node)
    }
    fine |= {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    texts = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in fine]
    return [node.value for node in texts if CHINESE.search(node.value)]


def test_untranslated_texts_would_be_found():
    assert untranslated('x = [_("好"), _l("好"), "good"]; raise Refused("好", "好")') == []
    assert untranslated('x = "好"; y = f"第 {x} 行"; z = Refused(f"第{x}")') == ["好", "第 ", " 行", "第"]


@pytest.mark.parametrize("path", sorted((i18n.ROOT / "simulator").rglob("*.py")), ids=lambda path: path.stem)
def test_every_text_of_the_interface_can_be_translated(path):
    inside = path.relative_to(i18n.ROOT / "simulator")
    collected = set(i18n.constants()) if inside.name == "web.py" else set()
    assert inside.parts[0] in NOT_INTERFACE or set(untranslated(path.read_text("utf-8"))) <= FILE_TEXTS | RUN_TEXTS | collected


def english(client):
    client.post("/language", data={"lang": "en"})
    return client


def test_outside_a_request_texts_are_chinese(app):
    assert gettext("全部考生") == "全部考生"
    with app.app_context():
        assert gettext("全部考生") == "全部考生"
        assert str(STATES["open"]) == "进行中"
        assert tie_text(("practical", "time")) == "总分相同时，实操得分高者在前；再相同时，用时短者在前。"
        assert tie_text(()) == "总分相同者名次并列。"


def test_the_reason_of_a_refusal_is_chinese_outside_a_request(db, clock):
    with db.write() as session, pytest.raises(Refused, match="账号“s1”已经存在"):
        people.create(session, "s1", "乙", "student", "", clock(), who=None)


def test_forms_name_their_errors_in_english(log_in):
    bad = {"title": "x" * 121, "opens": "2026-03-03T09:00", "closes": "2026-03-03T08:00", "attempts": "0", "group": "99"}
    page = english(log_in("i1")).post("/desk/exams/new", data=bad).text
    sentences = ("choose a paper.", "1 to 120 characters", "choose practice", "end must be later", "from 1 to 100", "The chosen class")
    assert [sentence for sentence in sentences if sentence not in page] == []


def test_log_in_and_password_errors_are_english(client, log_in):
    page = english(client).post("/login", data={"username": "s1", "password": "wrong"}).text
    assert "Wrong account or password, or the account is locked." in page
    mine = english(log_in())
    assert "The two new passwords differ." in mine.post("/account", data={"old": "x", "new": "a", "again": "b"}).text
    assert "The present password is wrong." in mine.post("/account", data={"old": "x", "new": "a", "again": "a"}).text


def test_refusals_name_their_values_in_english(log_in):
    admin = english(log_in("a1"))
    page = admin.post("/admin/people", data={"username": "s1", "name": "x", "role": "student"}).text
    assert "The account “s1” exists already." in page
    rows = io.BytesIO(b"account,name,class\nx1,A,\ns1,B,\n")
    page = admin.post("/admin/people/import", data={"file": (rows, "list.csv")}).text
    assert "The account already belongs to" in page
    assert "Nobody has been imported yet." in page


def test_the_lobby_states_its_rules_in_english(log_in, db, clock):
    with db.write() as session:
        exam = f.make_exam(session, clock(), mode="contest")
        attempts.submit(session, f.make_attempt(session, clock(), exam=exam), clock(), by="candidate")
        exam_id = exam.id
    page = english(log_in()).get(f"/exams/{exam_id}").text
    assert "To pass: Theory 60% or more and Practical 60% or more." in page
    assert "Equal totals" in page
    assert "All candidates" in page
    assert "All attempts are used: 1." in page


def test_answers_to_scripts_are_english(log_in, db, clock):
    with db.write() as session:
        attempt_id = f.make_attempt(session, clock()).id
    client = english(log_in())
    url = f"/attempts/{attempt_id}/drafts/6"
    client.put(url, json={"rev": 0, "response": {"rows": "1"}})
    answer = client.put(url, json={"rev": 0, "response": {"rows": "2"}})
    assert (answer.status_code, answer.json["error"]) == (409, "This task has newer content saved elsewhere.")
    answer = client.put(url, json={"rev": 1, "response": {"data": "x"}})
    assert (answer.status_code, answer.json["error"]) == (422, "The file of “清洗后的表” cannot be read.")
