"""Reports for people: abilities, progress, score sheets, and how a class did."""

from __future__ import annotations

import io
from typing import Any

from flask import Blueprint, Response, render_template, request, send_file
from flask_babel import gettext as _

from simulator import exams
from simulator.auth import login_required, me, role_required
from simulator.models import User
from simulator.pages import report as pages, report_class, score_sheet
from simulator.pages.report_ability import ability_view
from simulator.pages.report_files import class_book as class_file, score_book
from simulator.pages.report_progress import progress_view
from simulator.services import services
from simulator.views.results import own_attempt
from simulator.web import now, session

blueprint = Blueprint("reports", __name__)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _file(data: bytes, name: str) -> Response:
    return send_file(io.BytesIO(data), XLSX, as_attachment=True, download_name=name, max_age=0)


@blueprint.get("/me/ability")
@login_required
def my_ability() -> str:
    """Show my ability report."""
    return _ability(me())


@blueprint.get("/people/<int:user_id>/ability")
@role_required("teacher")
def ability(user_id: int) -> str:
    """Show a candidate's ability report."""
    return _ability(pages.candidate(session(), user_id))


def _ability(user: User) -> str:
    view = ability_view(session(), services().tasks, user, me(), request.args, services().zone, now())
    return render_template("report/ability.html", **view)


@blueprint.get("/me/progress")
@login_required
def my_progress() -> str:
    """Show how my marks went from attempt to attempt."""
    return _progress(me())


@blueprint.get("/people/<int:user_id>/progress")
@role_required("teacher")
def progress(user_id: int) -> str:
    """Show a candidate's progress."""
    return _progress(pages.candidate(session(), user_id))


def _progress(user: User) -> str:
    return render_template("report/progress.html", **progress_view(session(), user, me(), request.args, services().zone, now()))


@blueprint.get("/attempts/<int:attempt_id>/sheet")
@login_required
def sheet(attempt_id: int) -> str:
    """Show the score sheet of one attempt, ready to print."""
    attempt, staff = own_attempt(attempt_id)
    view = score_sheet.one_view(session(), services().tasks, attempt, request.args, now(), staff=staff)
    return render_template("report/sheet.html", **view)


@blueprint.get("/attempts/<int:attempt_id>/sheet.xlsx")
@login_required
def book(attempt_id: int) -> Response:
    """Download the score sheet of one attempt."""
    attempt, staff = own_attempt(attempt_id)
    view = score_sheet.one_view(session(), services().tasks, attempt, request.args, now(), staff=staff)
    [one] = view["sheets"]
    return _file(score_book(view["sheets"], view["heads"], services().zone), f"{one['number']}-{view['title']}-{_('评分表')}.xlsx")


@blueprint.get("/desk/exams/<int:exam_id>/report")
@role_required("instructor")
def class_report(exam_id: int) -> str:
    """Show how a class did."""
    return render_template("report/class.html", **_class(exam_id))


@blueprint.get("/desk/exams/<int:exam_id>/report.xlsx")
@role_required("instructor")
def class_export(exam_id: int) -> Response:
    """Download how a class did."""
    view = _class(exam_id)
    return _file(class_file(view), f"{view['exam']['title']}-{_('班级报告')}.xlsx")


def _class(exam_id: int) -> dict[str, Any]:
    group = report_class.chosen_group(session(), request.args)
    return report_class.class_view(session(), services().tasks, exams.get(session(), exam_id), group)


@blueprint.get("/desk/exams/<int:exam_id>/sheets")
@role_required("instructor")
def class_sheets(exam_id: int) -> str:
    """Show the score sheets of a class, ready to print."""
    return render_template("report/sheet.html", **_sheets(exam_id))


@blueprint.get("/desk/exams/<int:exam_id>/sheets.xlsx")
@role_required("instructor")
def class_book(exam_id: int) -> Response:
    """Download the score sheets of a class: a sheet for each candidate."""
    view = _sheets(exam_id)
    return _file(score_book(view["sheets"], view["heads"], services().zone), f"{view['title']}-{_('评分表')}.xlsx")


def _sheets(exam_id: int) -> dict[str, Any]:
    group = report_class.chosen_group(session(), request.args)
    exam = exams.get(session(), exam_id)
    return score_sheet.class_view(session(), services().tasks, exam, group, request.args, now())
