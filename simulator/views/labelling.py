"""Import and export of annotations while an attempt runs. Nothing is stored here: the page saves its draft as always."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request

from simulator import attempts
from simulator.auth import login_required
from simulator.errors import Refused
from simulator.labelling import boxes_field, export_boxes, import_boxes
from simulator.services import services
from simulator.views.exam import own_attempt
from simulator.views.files import attachment
from simulator.web import now, session

blueprint = Blueprint("labelling", __name__)


def _field(attempt_id: int, position: int, field_id: str) -> Any:
    attempt = own_attempt(attempt_id)
    attempts.check_open(attempt, now(), position)
    return boxes_field(services().tasks.get(session(), attempts.task(session(), attempt, position).version), field_id)


@blueprint.post("/attempts/<int:attempt_id>/boxes/<int:position>/<field_id>/import")
@login_required
def read(attempt_id: int, position: int, field_id: str) -> Any:
    """Return the boxes of a COCO, Pascal VOC or YOLO file as the field's answer."""
    field = _field(attempt_id, position, field_id)
    file = request.files.get("file")
    if file is None:
        raise Refused("没有收到文件。", "请重新选择文件。", status=422)
    return import_boxes(field, file.filename or "", file.read())


@blueprint.post("/attempts/<int:attempt_id>/boxes/<int:position>/<field_id>/export/<form>")
@login_required
def write(attempt_id: int, position: int, field_id: str, form: str) -> Any:
    """Return the answer in the body, {"value": …}, as a file in one format."""
    field = _field(attempt_id, position, field_id)
    body = request.get_json()
    name, data = export_boxes(field, body.get("value") if isinstance(body, dict) else None, form)
    return attachment(data, name)
