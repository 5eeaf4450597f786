"""The English catalogue is complete, compiled and safe to insert into pages; Chinese stays the default."""

from __future__ import annotations

import re

import pytest
from babel.messages.pofile import read_po

from tools import i18n

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w+\}")
CHINESE = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]")
HEADER = "账号,姓名,班级"  # the column names that the import of accounts asks for, in any language


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
    assert not [msgstr for _msgid, msgstr in messages if CHINESE.search(msgstr.replace(HEADER, ""))]


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
