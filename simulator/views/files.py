"""Files as answers: always as downloads, which `<img>` and `<audio>` show all the same."""

from __future__ import annotations

import io

from flask import Response, send_file

from grading.model import Task
from simulator.errors import Refused


def given_file(task: Task, name: str) -> Response:
    """Return a file that the task gives to candidates; Refused (404) for any other. Only names listed in `files/` exist."""
    if name not in task.files or task.root is None:
        raise Refused("这道题没有这个文件。", "请从题目页面下载。", status=404)
    return send_file(task.root / "files" / name, as_attachment=True, download_name=name, max_age=0)


def attachment(data: bytes, name: str) -> Response:
    """Return an uploaded file under the name that it had."""
    return send_file(io.BytesIO(data), as_attachment=True, download_name=name, max_age=0)
