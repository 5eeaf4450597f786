"""Every address of the site, asked for by everybody, with the number of everything: nobody is told what is not for them.

The school (`school.py`) is full of secrets, each a word of its own. What each address may tell to whom is written down in `routes.py`;
an address that is not there fails here. Whatever a request is answered with is read, headers and workbooks too.
"""

from __future__ import annotations

import io
import itertools
import re
import sqlite3
from ast import literal_eval
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote

import pytest
from flask import url_for
from werkzeug.routing import AnyConverter, IntegerConverter

from simulator import boards, create_app, schema
from simulator.config import load_settings
from tests import factories as f
from tests.conftest import Clock
from tests.simulator import school
from tests.simulator.routes import ROUTES
from tests.simulator.school import FINISHED, School, seat, text_of

LEVELS = {"": -1, "s": 0, "t": 1, "i": 2, "a": 3}
GATES = {"in": 0, "own": 0, "marks": 1, "teacher": 1, "instructor": 2, "admin": 3}
PEOPLE = ("", "s1", "s3", "s4", "t1", "i1", "a1")
NOTHING = 987_654
FIELDS = ((1, "answer"), (3, "paper"), (3, "marks"), (3, "note"), (4, "program"), (9, "paper"), (3, "nothing"))
FILES = (
    (3, "shot.png"), (3, "rules.txt"), (4, "given.csv"), (4, "HIDDENFILE-open.csv"), (4, "HIDDENFILE-frozen.csv"), (4, "truth.txt"),
    (4, "..%2Fkey%2Ftruth.txt"), (9, "given.csv"),
)
TOGETHER = {("position", "field_id"): FIELDS, ("position", "name"): FILES}
"""Values that belong together: all with all would be very many, and most of them nothing."""
PLAIN = {
    "position": (1, 3, 4, 9), "screen": (1, 2, 3, 9), "module": (0, 1, 9), "number": (1, 2), "run_id": ("try", "main", "nothing"),
    "kind": ("csv", "xlsx", "pdf"), "form": ("coco", "voc", "yolo"),
}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("school")
    tree = school.write_tree(folder / "tasks")
    app = create_app(load_settings(folder / "instance", tasks_dir=str(tree), login_rate=10_000))
    app.config.update(TESTING=True, BOARD_LAG_S=0)
    services = app.extensions["services"]
    services.clock = Clock()
    schema.upgrade(services.db)
    made = School(services, services.clock, tree)
    made.app, made.numbers = app, made.ids()
    yield made
    services.db.engine.dispose()


# What is asked for -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """One address: its endpoint, the values in it, and how it is written."""

    endpoint: str
    values: dict
    path: str


def places(world):
    """Return every address of the site with every number that there is, and one that there is not.

    A list: requests that are made inside of another's context would share its session and its user.
    """
    with world.app.test_request_context():
        return [
            (rule, Place(rule.endpoint, values, url_for(rule.endpoint, **values).replace("%252F", "%2F")))
            for rule in world.app.url_map.iter_rules() if rule.endpoint != "static" for values in combinations(world, rule)
        ]


def combinations(world, rule):
    names = set(rule.arguments)
    if {"attempt_id", "trial_id"} <= names:  # the attempt's own trial, and that of the one after it
        pairs = [(a, t) for n, a in enumerate(world.numbers["attempt_id"]) for t in (world.numbers["trial_id"] * 2)[n:n + 2]]
        axes = [[{"attempt_id": a, "trial_id": t} for a, t in [*pairs, (pairs[0][0], NOTHING)]]]
        names -= {"attempt_id", "trial_id"}
    else:
        axes = []
    for together, choices in TOGETHER.items():
        if set(together) <= names:
            axes.append([dict(zip(together, chosen, strict=True)) for chosen in choices])
            names -= set(together)
    axes += [[{name: value} for value in options(world, rule, name)] for name in sorted(names)]
    for parts in itertools.product(*axes):
        yield {name: value for part in parts for name, value in part.items()}


def options(world, rule, name):
    kind = rule._converters[name]
    if isinstance(kind, AnyConverter):
        return sorted(kind.items)
    if name in PLAIN:
        return PLAIN[name]
    return [*world.numbers[name], NOTHING if isinstance(kind, IntegerConverter) else "nothing"]


def queries(world, endpoint):
    """Return what may stand behind an address: nothing, and what its row says."""
    token = boards.make_link(world.app.secret_key, world.exams["frozen"], world.clock())
    yield ""
    for query in ROUTES[endpoint].queries:
        for number in world.numbers["exam_id"] if "{exam}" in query else [0]:
            yield query.format(token=token, exam=number)


# Who asks ----------------------------------------------------------------------------------------------------------------


class Visitor:
    """Somebody with their browser: cookies are sent, never taken, so that no answer changes who is asking."""

    def __init__(self, world, username):
        self.world, self.username, self.level = world, username, LEVELS[username[:1]]
        self.client = world.app.test_client(use_cookies=False)
        first = world.app.test_client()
        page = first.get("/login").text
        if username:
            token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
            data = {"username": username, "password": f.PASSWORD, "csrf_token": token}
            assert first.post("/login", data=data).status_code == 302
            page = first.get("/account").text
        self.token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
        self.cookie = f"session={first.get_cookie('session').value}; seat={seat(username)}"

    def ask(self, path, method="GET", **more):
        headers = {"Cookie": self.cookie, **more.pop("headers", {})}
        return self.client.open(path, method=method, headers=headers, **more)

    def owns(self, values):
        """Whether what the address names is this person's; what does not exist is nobody's."""
        with self.world.db.read() as session:
            return bool(self.username) and school.owner(session, values) == self.world.people[self.username]

    def gets_in(self, place):
        gate = ROUTES[place.endpoint].gate
        if gate == "all":
            return True
        if gate == "own":
            return self.owns(place.values)
        if gate == "marks":
            return self.level >= GATES[gate] or self.owns(place.values)
        return self.level >= GATES[gate]


@pytest.fixture
def who(world, username):
    return Visitor(world, username)


# What may be told --------------------------------------------------------------------------------------------------------


def told(world, who, place, answer):
    """Return the secrets that an answer holds and should not."""
    headers = "\n".join(f"{name}: {value}" for name, value in answer.headers if name != "Set-Cookie")
    text = unquote(headers) + text_of(answer.get_data(), answer.content_type or "")
    answer.close()
    for part in ("name", "task_id"):  # what was asked for may be said again
        text = text.replace(unquote(str(place.values.get(part) or "\0")).rpartition("/")[2], "")
    here = exam_of(world, place)
    found = [secret for secret in world.secrets if stands_in(secret, text)]
    wrong = [secret for secret in found if not may_tell(who, place, here, secret)]
    return wrong + (linked(here, found) if 0 < who.level < 3 else [])


def stands_in(secret, text):
    """Whether a text holds a secret; marks as a number of their own, not as part of a version or a time."""
    return secret.text in text and (secret.kind != "marks" or bool(re.search(rf"(?<![\d.]){re.escape(secret.text)}(?![\d]|\.\d)", text)))


def exam_of(world, place):
    """Return which exam an address is about, "" if it is about none alone."""
    with world.db.read() as session:
        number = school.exam_of(session, place.values)
    return next((name for name, exam_id in world.exams.items() if exam_id == number), "")


def linked(here, found):
    """Return the marks and numbers of the blind exam that stand beside the name of whose they are."""
    names = {secret.owner for secret in found if secret.kind == "name"}
    kinds = ("marks", "number") if here == "frozen" else ("marks",)
    return [secret for secret in found if secret.kind in kinds and secret.exam == "frozen" and secret.owner in names]


def may_tell(who, place, here, secret):
    """Return whether this answer may hold this secret."""
    row = ROUTES[place.endpoint]
    if secret.kind == "never":
        return False
    if row.wall or "as=public" in place.path:
        return secret.owner == who.username or on_wall(here, secret)
    if who.level > 0:
        blind = secret.kind == "name" and here == "frozen" and not (row.named == "all" or (row.named == "admin" and who.level == 3))
        return secret.kind in row.staff and not blind
    return (secret.kind == "name" and secret.owner == who.username) or on_board(who, place, here, secret) or (
        secret.kind in row.own and knows(who.username, secret)
    )


def knows(username, secret):
    """Whether a candidate may know this at all: what is theirs, but no marks that are held; statements and messages to all of an exam
    that they have begun, keys of one that they have handed in and that is not held, hidden points after the release."""
    begun = {"s1": school.EXAMS, "s3": ("held",), "s4": ("frozen",)}.get(username, ())
    match secret.kind:
        case "statement" | "room":
            return secret.exam in begun
        case "key":
            return username in FINISHED and secret.exam in ("open", "frozen")
        case "hidden":
            return username in FINISHED and secret.exam == "open"
        case "marks":
            return secret.owner == username and secret.exam != "held"
        case "input":
            return False
    return secret.owner == username


def on_board(who, place, here, secret):
    """Whether it stands on the board of those who have handed in, where their own marks are as they are."""
    if place.endpoint not in ("board.show", "board.rows") or who.username not in FINISHED:
        return False
    own = here == "frozen" and (secret.kind, secret.exam, secret.owner) == ("marks", "frozen", who.username)
    return own or (here in ("open", "frozen") and on_wall(here, secret))


def on_wall(here, secret):
    """Whether it stands on a board that the room may see: names and marks of the open one, names of the one whose marks are held, and
    of the frozen one, which is blind, the numbers."""
    if secret.owner not in FINISHED:
        return False
    return (here in ("open", "held", "practice") and secret.kind == "name") or (here, secret.kind, secret.exam) in (
        ("open", "marks", "open"), ("frozen", "number", "frozen")
    )


def refused(who, place, method, answer):
    """Return what is wrong with how somebody was refused who should be, "" if nothing."""
    gate = ROUTES[place.endpoint].gate
    if "%2F" in place.path:
        return "" if answer.status_code == 404 else "is a way out of the folder"
    expected = (302 if method == "GET" else 401) if not who.username else 404 if gate in ("own", "marks") else 403
    if answer.status_code == 302 and not (answer.location or "").startswith("/login"):
        return f"is sent to {answer.location}"
    return "" if answer.status_code == expected else f"{answer.status_code} instead of {expected}"


# The walk ----------------------------------------------------------------------------------------------------------------


def test_every_address_is_in_the_table_and_nothing_else(world):
    assert {rule.endpoint for rule in world.app.url_map.iter_rules()} == set(ROUTES)


@pytest.mark.parametrize("username", PEOPLE)
def test_nobody_reads_what_is_not_for_them(world, who, username):
    wrong, reached = [], set()
    for rule, plain in places(world):
        if "GET" not in rule.methods:
            continue
        inside = who.gets_in(plain)
        for query in queries(world, plain.endpoint) if inside else [""]:
            place = replace(plain, path=plain.path + query)
            answer = who.ask(place.path)
            if answer.status_code >= 500 or (not inside and (why := refused(who, place, "GET", answer))):
                wrong.append((place.path, answer.status_code if inside else why))
            if answer.status_code < 400:
                reached.add(place.endpoint)
            wrong += [(place.path, secret) for secret in told(world, who, place, answer)]
    assert not wrong, "\n".join(sorted({str(one) for one in wrong}))
    gets = {rule.endpoint for rule in world.app.url_map.iter_rules() if "GET" in rule.methods}
    assert {name for name in gets - {"static"} if reach(ROUTES[name]) == username} - reached == set()


def reach(row):
    return row.reach or {"all": "", "in": "s1", "own": "s1", "marks": "s1", "teacher": "t1", "instructor": "i1", "admin": "a1"}[row.gate]


# Writing -----------------------------------------------------------------------------------------------------------------

LEAST = {"": 1, "s": 10, "t": 3, "i": 15, "a": 20}
"""Of how many addresses each must have changed something, so that nothing is tested in vain."""
SCRIPTED = {"exam.save", "exam.flag", "exam.beat", "linting.lint", "labelling.write", "trials.ask"}
"""Addresses that take JSON; all others take forms, with files perhaps."""
FEW = 6
"""Numbers of each kind with which staff try: one write is like the other."""


def bodies(world, endpoint):
    """Return what is sent: nothing, and what could be meant."""
    if endpoint in SCRIPTED:
        yield {"json": {}}
        yield {"json": {"rev": 9, "response": {"note": "x"}, "flagged": True, "position": 3, "value": "{}"}}
        return
    yield {"data": {}}
    yield {"data": {
        "text": "看过了", "minutes": "5", "earned": "1", "step": "0", "user": str(world.people["s2"]), "group": "一班", "lang": "en",
        "answer": "T", "last": "0", "name": "新名字", "username": "new-one", "role": "student", "to": "2", "title": "新场次",
        "paper": "1", "mode": "mock", "code": "123456", "grant": "all", "freeze": "", "awards": "", "note": "x", "task": "3", "old": "x",
        "new": "y", "again": "z", "f-3-note": "x", "file": (io.BytesIO(b"x"), "x.txt"),
    }, "content_type": "multipart/form-data"}


class Kept:
    """The database as it was: whether it has changed, and how to get it back."""

    def __init__(self, world):
        self.world = world
        self.live = sqlite3.connect(world.db.engine.url.database, isolation_level=None, timeout=5)
        self.live.execute("PRAGMA foreign_keys = OFF")
        self.before = {name: self.rows(name) for name, in self.live.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        self.version = self._version()

    def rows(self, name):
        return self.live.execute(f'SELECT * FROM "{name}"').fetchall()

    def columns(self, name):
        return [row[1] for row in self.live.execute(f'PRAGMA table_info("{name}")')]

    def changed(self):
        """Return the tables that are not what they were; how often something was tried may be counted."""
        if self._version() == self.version:
            return set()
        return {name for name, rows in self.before.items() if rows != self.rows(name)} - {"rate_count"}

    def put_back(self):
        if self._version() == self.version:
            return
        self.live.execute("BEGIN IMMEDIATE")
        for name in self.changed():
            self.live.execute(f'DELETE FROM "{name}"')
            marks = ", ".join("?" for _ in self.columns(name))
            self.live.executemany(f'INSERT INTO "{name}" VALUES ({marks})', self.before[name])
        self.live.execute("COMMIT")
        self.version = self._version()
        for kept in ("boards", "board-frames", "board-versions", "theory"):
            self.world.app.extensions.pop(kept, None)

    def _version(self):
        return self.live.execute("PRAGMA data_version").fetchone()[0]

    def close(self):
        self.put_back()
        self.live.close()


@pytest.fixture
def kept(world, who):  # after the log-in, which is written down
    found = Kept(world)
    yield found
    found.close()


def writes(world, who):
    """Return every address that changes something, with the numbers that are worth a try."""
    counts = Counter()
    for rule, place in places(world):
        for method in sorted(rule.methods - {"GET", "HEAD", "OPTIONS"}):
            gate = ROUTES[place.endpoint].gate
            own = gate == "own" and who.gets_in(place)
            counts[place.endpoint, own] += 1
            if own or counts[place.endpoint, own] <= (FEW if who.gets_in(place) or gate == "own" else 1):
                yield place, method


@pytest.mark.parametrize("username", PEOPLE)
def test_nobody_changes_what_is_not_theirs(world, who, kept, username):
    wrong, number, done = [], 0, set()
    for place, method in writes(world, who):
        inside = who.gets_in(place)
        for body in bodies(world, place.endpoint):
            number += 1
            address = {"REMOTE_ADDR": f"10.0.{number // 250}.{number % 250}"}  # nobody tries too often
            answer = who.ask(place.path, method, headers={"X-CSRFToken": who.token}, environ_base=address, **body)
            if answer.status_code >= 500:
                wrong.append((method, place.path, answer.status_code))
            if answer.status_code < 400:
                done.add(place.endpoint)
            if not inside:
                wrong += [(method, place.path, why) for why in [refused(who, place, method, answer)] if why]
                wrong += [(method, place.path, f"changed {name}") for name in kept.changed()]
            elif who.level == 0:
                wrong += [(method, place.path, f"changed {name} of {whose}") for name, whose in others(world, kept, who)]
            wrong += [(method, place.path, secret) for secret in told(world, who, place, answer)]
            kept.put_back()
    assert not wrong, "\n".join(sorted({str(one) for one in wrong}))
    assert len(done) >= LEAST[username[:1]]


def others(world, kept, who):
    """Return tables and people in which a candidate has changed rows of somebody else."""
    for name in kept.changed():
        columns = kept.columns(name)
        rows = set(map(repr, kept.rows(name))) ^ set(map(repr, kept.before[name]))
        for text in rows:
            row = dict(zip(columns, literal_eval(text), strict=True))
            whose = world.usernames.get(row.get("user_id", row.get("who")), "") or attempt_owner(world, row)
            if whose not in ("", who.username):
                yield name, whose


def attempt_owner(world, row):
    """Return whose attempt a row belongs to, "" if it belongs to none."""
    return next((who for (who, _exam), number in world.attempts.items() if number == row.get("attempt_id")), "")


@pytest.mark.parametrize("username", ["", "s1", "i1", "a1"])
def test_nothing_is_changed_without_the_token(world, who, kept, username):
    seen = set()
    for place, method in writes(world, who):
        if place.endpoint not in seen:
            seen.add(place.endpoint)
            answer = who.ask(place.path, method, **next(bodies(world, place.endpoint)))
            assert answer.status_code in (400, 401), f"{method} {place.path}: {answer.status_code}"
            assert kept.changed() == set(), place.path
    assert len(seen) > 50


# Files -------------------------------------------------------------------------------------------------------------------


def test_static_files_are_those_of_the_program_and_no_others(world):
    who, folder = Visitor(world, ""), Path(world.app.static_folder)
    files = [path for path in folder.rglob("*") if path.is_file()]
    for path in files:
        place = Place("static", {}, f"/static/{path.relative_to(folder).as_posix()}")
        answer = who.ask(place.path)
        assert answer.status_code == 200, place.path
        assert told(world, who, place, answer) == [], place.path
    for way in ("../config.py", "..%2Fconfig.py", "%2e%2e/config.py", "../../tests/factories.py", "js/../../config.py", ""):
        answer = who.ask(f"/static/{way}")
        assert answer.status_code == 404, way
        answer.close()
    assert len(files) > 50
