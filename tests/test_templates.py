"""Every template: compiles, renders a plausible context under StrictUndefined, and is sound HTML for keyboard and screen reader."""

import re
from html.parser import HTMLParser

import pytest
from flask import render_template
from flask_login import login_user
from sqlalchemy import select

from grading.fields import all_kinds
from simulator.auth import LoggedIn
from simulator.config import ROOT
from simulator.models import User
from tests.staff_samples import FRAGMENTS, SAMPLES

TEMPLATES = ROOT / "templates"
STATIC = ROOT / "simulator" / "static"
NAMES = sorted(path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.html"))
PAGES = [name for name in NAMES if name.split("/")[0] not in ("macros", "partials", "widgets", "evidence", "base.html")]
SCRIPTS = sorted(path for path in (STATIC / "js").rglob("*.js"))
VOID = {"area", "br", "col", "hr", "img", "input", "link", "meta", "wbr"}
TEMPLATE_LINES, SCRIPT_LINES = 120, 250


class Page(HTMLParser):
    """What the checks need to know of a page: elements with their attributes, ancestors and text."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.open = [], []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        element = {"tag": tag, "text": "", "in": [e["tag"] for e in self.open], **dict(attrs)}
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag):
        assert self.open, f"</{tag}> closes nothing"
        if tag not in VOID:
            opened = self.open.pop()
            assert opened["tag"] == tag, f"<{opened['tag']} {opened.get('class', '')}> is closed by </{tag}>"

    def handle_data(self, data):
        for element in self.open:
            element["text"] += data.strip()

    def all(self, *tags):
        return [element for element in self.elements if element["tag"] in tags and "template" not in element["in"]]


@pytest.fixture
def render(app):
    """Return a function that renders a template as a student, or as an administrator for staff pages, sees it."""

    def rendered(name, context):
        role = "admin" if name.split("/")[0] in ("desk", "admin", "catalog", "remark", "appeals") else "student"
        with app.test_request_context("/"), app.extensions["services"].db.read() as session:
            if not name.startswith("auth/login"):
                login_user(LoggedIn(session.scalar(select(User).where(User.role == role).limit(1))))
            return render_template(name, **context)

    return rendered


@pytest.mark.parametrize("name", NAMES)
def test_compiles(app, name):
    app.jinja_env.get_template(name)


@pytest.mark.parametrize("name", NAMES)
def test_is_short_and_named_by_the_rules(name):
    assert len((TEMPLATES / name).read_text("utf-8").splitlines()) <= TEMPLATE_LINES
    folder, _, file = name.rpartition("/")
    assert (folder == "partials") <= file.startswith("_")
    assert (folder not in ("partials", "widgets")) <= (not file.startswith("_"))


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_are_short(path):
    assert len(path.read_text("utf-8").splitlines()) <= SCRIPT_LINES


def test_every_field_kind_has_its_widget():
    assert {
        name.removeprefix("widgets/").removesuffix(".html") for name in NAMES if name.startswith("widgets/") and "/_" not in name
    } == set(all_kinds())


def test_every_page_has_a_sample():
    assert {template for _, template, _ in SAMPLES} == set(PAGES)


@pytest.mark.parametrize("name, template, context", SAMPLES, ids=[name for name, _, _ in SAMPLES])
def test_page(render, name, template, context):
    html = render(template, context)
    page = Page(html)
    assert not page.open
    assert len(page.all("h1")) == 1
    assert [main["id"] for main in page.all("main")] == ["main"]
    check(page)


@pytest.mark.parametrize("name, template, context", FRAGMENTS, ids=[name for name, _, _ in FRAGMENTS])
def test_fragment(render, name, template, context):
    check(Page(render(template, context)))


def check(page):
    ids = [element["id"] for element in page.elements if "id" in element]
    assert len(ids) == len(set(ids)), {one for one in ids if ids.count(one) > 1}
    for element in page.elements:
        assert not [name for name in element if name == "style" or re.fullmatch(r"on[a-z]+", name)], element
        for name in ("aria-describedby", "aria-labelledby", "aria-controls", "for"):
            assert set((element.get(name) or "").split()) <= set(ids), f"{name}={element.get(name)}"
    labelled = {label["for"] for label in page.all("label") if "for" in label}
    for control in page.all("input", "select", "textarea"):
        named = control.get("id") in labelled or "label" in control["in"] or "aria-label" in control or "aria-labelledby" in control
        assert control.get("type") == "hidden" or named, control
    for button in page.all("button", "a", "summary"):
        assert button["text"] or button.get("aria-label") or button.get("id", "").startswith("leftover"), button


def test_a_value_is_escaped_wherever_it_lands(render):
    """A candidate's text comes back as text: in inputs, textareas, upload names and the score sheet."""
    evil = "\"'</textarea><script>alert(1)</script>"
    template, context = next((t, c) for n, t, c in SAMPLES if n == "practical")
    task = context["tasks"][0]
    values = {"choice": [evil], "table": {"blob": "a", "name": evil, "size": 1}, "file": None}
    fields = [{**field, "value": values.get(field["kind"], evil)} for field in task["fields"]]
    html = render(template, {**context, "tasks": [{**task, "fields": fields}]})
    assert "<script>alert" not in html
    page = Page(html)
    assert [e["text"] for e in page.all("textarea") if "alert(1)" in e["text"]] == [evil, evil]
    assert [e["value"] for e in page.all("input") if e.get("name") == "f-41-number"] == [evil]
    hidden = next(e for e in page.all("input") if e.get("name") == "f-41-table")
    assert "alert(1)" in hidden["value"]


def test_scripts_say_only_texts_that_the_page_has_and_all_of_them():
    texts = (TEMPLATES / "partials" / "_texts.html").read_text("utf-8")
    offered = {re.sub(r"-(\w)", lambda m: m[1].upper(), name) for name in re.findall(r"\sdata-([a-z-]+)=", texts)}
    source = "\n".join(path.read_text("utf-8") for path in SCRIPTS)
    quoted = set(re.findall(r"'([a-zA-Z]+)'", source)) | {f"state{state}" for state in ("Blank", "Partial", "Answered")}
    called = set(re.findall(r"\btext\('(\w+)'", source))
    assert called <= offered, called - offered
    assert offered <= quoted, f"said by no script: {offered - quoted}"


def test_every_icon_exists_and_is_used():
    drawn = set(re.findall(r'<symbol id="([\w-]+)"', (STATIC / "icons.svg").read_text("utf-8")))
    source = "\n".join(path.read_text("utf-8") for path in [*TEMPLATES.rglob("*.html"), STATIC / "js" / "panel.js"])
    assert set(re.findall(r"\bicon\('([\w-]+)'", source)) <= drawn
    assert drawn <= set(re.findall(r"'([\w-]+)'", source)), drawn - set(re.findall(r"'([\w-]+)'", source))
