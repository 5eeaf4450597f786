"""What every address of the site may tell to whom. A new one must be added here; `test_walk` reads it.

Who gets in (`gate`): all; anybody who is logged in (in); the candidate whose attempt, doubt, notice or answer it is (own); they and
whoever looks at marks (marks: teachers and above); teacher, instructor, admin: these and above.

own, staff : kinds of secrets (`school.Secret`) that the answer may hold for candidates, if they are about themselves, and for staff.
A kind that is missing is one that this address has no business to tell, not even to whom it concerns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Route:
    """One row of the table.

    named : who sees names although the exam is blind: nobody (""), administrators (admin), or all staff (all) because it is about who
    sits in the room; wall : staff, too, see no more than the room may; reach : who must have been answered here with a page, so that
    nothing is tested in vain ("-": nobody is); queries : what is asked for
    besides nothing; nothing once more, where the second answer comes another way than the first.
    """

    gate: str
    own: frozenset[str] = frozenset()
    staff: frozenset[str] = frozenset()
    named: str = ""
    wall: bool = False
    reach: str = ""
    queries: tuple[str, ...] = ()


def route(gate: str, own: str = "", staff: str = "", **more: Any) -> Route:
    """Return a row; kinds as words."""
    return Route(gate, frozenset(own.split()), frozenset(staff.split()), **more)


POINTS = ("?position=3&point=M1", "?position=3&point=P2", "?position=4&point=M1", "?position=1&point=M1", "?position=9&point=M1")
RESULT = "name number answer marks key hidden appeal input"
SHEET = "name number answer marks key hidden"

ROUTES: dict[str, Route] = {
    "static": route("all"),
    "health.show": route("all"),
    "health.prometheus": route("all"),
    "about.agent_engine": route("all"),
    "styleguide.show": route("all", reach="-"),
    "auth.login": route("all"),
    "auth.log_in": route("all"),
    "auth.language": route("all"),
    "auth.logout": route("in"),
    "auth.account": route("in"),
    "home.index": route("in", "marks notice"),
    # An exam, while it is sat: its candidate alone, staff too look elsewhere.
    "exam.lobby": route("in"),
    "exam.start": route("in"),
    "exam.screen": route("own", "answer statement", queries=("",)),
    "exam.save_form": route("own"),
    "exam.save": route("own", "answer"),
    "exam.upload": route("own"),
    "exam.blob": route("own", "answer", queries=("?n=1", "?v=0")),
    "exam.file": route("own"),
    "exam.flag": route("own"),
    "exam.clock": route("own", queries=("?module=0", "?module=9")),
    "exam.beat": route("own"),
    "exam.review": route("own"),
    "exam.submit": route("own"),
    "exam.check": route("own", "answer key hidden"),
    "exam.feedback": route("own", "answer key hidden"),
    "modules.index": route("own"),
    "modules.enter": route("own"),
    "modules.leave": route("own"),
    "seats.take_over": route("own"),
    "labelling.read": route("own"),
    "labelling.write": route("own"),
    "linting.lint": route("own"),
    "messages.received": route("own", "message room"),
    "trials.ask": route("own"),
    "trials.news": route("own", "answer", queries=("?seen=0", "?stdout=1000")),
    "trials.cancel": route("own"),
    "trials.figure": route("own", "answer"),
    "trials.forget": route("own"),
    # What it scored.
    "results.show": route("marks", RESULT, RESULT),
    "results.sheet": route("marks", RESULT, RESULT),
    "results.file": route("marks"),
    "results.upload": route("marks", "answer", "answer", queries=("?n=1", "?v=0")),
    "reports.sheet": route("marks", SHEET, SHEET, queries=("?theory=all",)),
    "reports.book": route("marks", SHEET, SHEET),
    "reports.my_ability": route("in", "marks", queries=("?exam={exam}", "?mode=contest")),
    "reports.my_progress": route("in", "marks", queries=("?exam={exam}", "?mode=contest")),
    "reports.ability": route("teacher", "", "name marks", queries=("?mode=contest",)),
    "reports.progress": route("teacher", "", "name marks", queries=("?mode=contest",)),
    "reports.class_report": route("instructor", "", "name number marks", queries=("?group=1",)),
    "reports.class_export": route("instructor", "", "name number marks", queries=("?group=1",)),
    "reports.class_sheets": route("instructor", "", SHEET, queries=("?group=1",)),
    "reports.class_book": route("instructor", "", SHEET),
    "mistakes.show": route("in", "marks appeal hidden", queries=("?exam={exam}",)),
    "mistakes.start": route("in"),
    "mistakes.following": route("in", queries=("?since=0",)),
    "mistakes.item": route("in", queries=("?since=0",)),
    "mistakes.answer": route("in"),
    "mistakes.result": route("in", "key", queries=("?since=0",)),
    "mistakes.back": route("in"),
    "appeals.new": route("own", RESULT, queries=POINTS),
    "appeals.ask": route("own", RESULT, queries=POINTS),
    "appeals.withdraw": route("own"),
    "appeals.read": route("own"),
    "appeals.index": route("instructor", "", "name number appeal", queries=("?exam={exam}",)),
    "appeals.show": route("instructor", "", RESULT),
    "appeals.answer": route("instructor", "", RESULT),
    "appeals.decide": route("instructor", "", RESULT, queries=POINTS),
    "appeals.decided": route("instructor", "", RESULT, queries=POINTS),
    # Boards: what they show to candidates and to the room stands in `test_walk.on_board`.
    "board.show": route("in", "", "name number marks", named="admin", queries=("", "?as=public", "?as=staff", "?as=named", "?division=x")),
    "board.rows": route("in", "", "name number marks", named="admin", queries=("?as=public", "?as=named", "?v=0", "?v=")),
    "board.projector": route("all", wall=True, reach="t1", queries=("?token=x", "?token={token}")),
    "board.projector_rows": route("all", wall=True, reach="t1", queries=("?token=x", "?token={token}", "?token={token}&v=0")),
    "board.export_csv": route("teacher", "", "name number marks", named="admin"),
    "board.export_xlsx": route("teacher", "", "name number marks", named="admin"),
    "boarddesk.settings": route("instructor"),
    "boarddesk.link": route("instructor"),
    "boarddesk.staged": route("instructor", wall=True),
    "boarddesk.reveal": route("instructor"),
    # The desk: who sits in the room is known there by name, what they scored is not while an exam is blind.
    "desk.index": route("instructor"),
    "desk.new": route("instructor"),
    "desk.exam": route("instructor", "", "name number marks", named="all"),
    "desk.items": route("instructor", "", "hidden"),
    "desk.release": route("instructor"),
    "desk.close": route("instructor"),
    "desk.retry": route("instructor"),
    "desk.strict": route("instructor"),
    "desk.extend": route("instructor"),
    "monitor.show": route("instructor", "", "name number credit", named="all", queries=("?q=K", "?show=running", "?sort=name")),
    "monitor.rows": route("instructor", "", "name number credit", named="all", queries=("?q=K", "?seen=x")),
    "monitor.candidate": route("instructor", "", "name address message room marks credit", named="all"),
    "monitor.extend": route("instructor"),
    "monitor.message": route("instructor"),
    "monitor.pause": route("instructor"),
    "monitor.resume": route("instructor"),
    "monitor.collect": route("instructor"),
    "monitor.reopen": route("instructor"),
    "monitor.code": route("instructor"),
    "monitor.decide": route("instructor"),
    "remark.index": route("instructor", "", "key answer"),
    "remark.start": route("instructor"),
    "remark.show": route("instructor", "", "name number marks key answer remark hidden", queries=("?all=1",)),
    "remark.progress": route("instructor"),
    "remark.export": route("instructor", "", "name number marks key answer hidden"),
    "remark.retry": route("instructor"),
    "remark.apply": route("instructor"),
    "remark.drop": route("instructor"),
    "remark.undo": route("instructor"),
    "catalog.index": route("teacher"),
    "catalog.task": route("teacher", "", "statement hidden"),
    "catalog.read": route("teacher"),
    # People and the installation.
    "admin.people": route("admin", "", "name", queries=("?q=NAME", "?role=student", "?group=1")),
    "admin.create": route("admin", "", "name"),
    "admin.reset": route("admin", "", "name"),
    "admin.toggle": route("admin"),
    "admin.system": route("admin"),
    "admin.test_model": route("admin"),
    "classes.index": route("admin"),
    "classes.create": route("admin"),
    "classes.show": route("admin", "", "name"),
    "classes.change": route("admin"),
    "classes.archive": route("admin"),
    "classes.move_all": route("admin"),
    "classes.reset": route("admin", "", "name"),
    "classes.move": route("admin"),
    "rosters.upload": route("admin"),
    "rosters.preview": route("admin"),
    "rosters.confirm": route("admin"),
    "rosters.download": route("admin"),
    "events.show": route("admin", "", "name message room marks", queries=("?exam={exam}", "?area=marking")),
    "events.export": route("admin", "", "name message room marks"),
}
