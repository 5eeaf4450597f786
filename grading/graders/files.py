"""Files: handed in, of the right kind, of a sensible size."""

from __future__ import annotations

import io
import zipfile
from typing import Annotated

from pydantic import Field as Key

from grading.errors import TaskError
from grading.magic import NAMES, sniff
from grading.model import Mark, Upload
from grading.registry import grader
from grading.text import shorten

Extension = Annotated[str, Key(pattern=r"^\.[a-z0-9]{1,10}$")]

_CONTENT = {
    ".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".gif": "gif", ".pdf": "pdf", ".zip": "zip", ".xlsx": "zip", ".docx": "zip",
    ".pptx": "zip", ".gz": "gzip", ".csv": "", ".tsv": "", ".txt": "", ".md": "", ".html": "", ".json": "", ".py": "", ".ipynb": "",
}
_MAIN_PART = {".xlsx": "xl/workbook.xml", ".docx": "word/document.xml", ".pptx": "ppt/presentation.xml"}


def _check(*, min_bytes: int, max_bytes: int | None, **_: object) -> None:
    if max_bytes is not None and max_bytes < min_bytes:
        raise TaskError(f"max_bytes: {max_bytes} 小于 min_bytes: {min_bytes}", key="args.max_bytes")


@grader(validate=_check)
def file_exists(
    found: Upload, *, extensions: tuple[Extension, ...] = (), min_bytes: Annotated[int, Key(ge=1)] = 1,
    max_bytes: Annotated[int, Key(ge=1)] | None = None,
) -> Mark:
    """Mark that a file is there, is what its name says, and has a sensible size.

    The first bytes of pictures, PDF, zip and Office files are looked at, so a renamed file does not pass.

    Parameters
    ----------
    found : the file
    extensions : accepted ones, such as `.png`; any if there are none
    min_bytes, max_bytes : bounds of its size, both included

    Returns
    -------
    Mark with fraction 1 or 0

    Examples
    --------
    >>> file_exists(Upload("a.csv", b"x,y"), extensions=[".csv"]).fraction
    1.0
    >>> file_exists(Upload("a.png", b"x,y"), extensions=[".png"]).reason
    '文件扩展名是 .png，内容却不是。请用相应的软件导出，不要只改扩展名。'
    """
    size = len(found.data)
    expected = "、".join(extensions) + " 文件" if extensions else "有文件"
    expected = shorten(f"{expected}，{_bounds(min_bytes, max_bytes)}", 120)
    shown = f"{shorten(found.name)}，{size} 字节"
    problem = _problem(found, tuple(extensions))
    if problem is None and size < min_bytes:
        problem = "文件是空的（0 字节）。" if size == 0 else "文件太小，内容可能不完整。"
    if problem is None and max_bytes is not None and size > max_bytes:
        problem = "文件太大，请按要求压缩或裁剪。"
    return Mark(0.0 if problem else 1.0, expected, shown, problem or "文件已提交，类型和大小符合要求。")


def _bounds(min_bytes: int, max_bytes: int | None) -> str:
    return f"不小于 {min_bytes} 字节" + (f"，不大于 {max_bytes} 字节" if max_bytes is not None else "")


def _problem(file: Upload, extensions: tuple[str, ...]) -> str | None:
    """Return what is wrong with the kind of `file`, or None."""
    name = file.name.lower()
    if extensions and not name.endswith(extensions):
        return f"文件类型不对，应是 {'、'.join(extensions)}。"
    extension = name[name.rfind(".") :] if "." in name else ""
    wanted = _CONTENT.get(extension)
    actual = sniff(file.data)
    if wanted is None or not file.data:
        return None
    if wanted != actual or (extension in _MAIN_PART and not _has_part(file.data, _MAIN_PART[extension])):
        what = f"却是 {NAMES[actual]}" if actual and actual != wanted else "却不是"
        return f"文件扩展名是 {extension}，内容{what}。请用相应的软件导出，不要只改扩展名。"
    return None


def _has_part(data: bytes, part: str) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return part in archive.namelist()
    except (zipfile.BadZipFile, ValueError, OSError):
        return False
