"""Images: several pictures, handed in as they are. Raw value: a list of Uploads; parsed value: Pictures.

Only size, name and first bytes are looked at here. A picture is decoded inside the sandbox and nowhere else.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field as Key, model_validator

from grading.errors import ResponseError
from grading.fields import FieldKind
from grading.magic import NAMES, sniff
from grading.model import FieldSpec, Upload
from grading.pictures import Pictures
from grading.tables import MB
from grading.text import shorten

EXTENSIONS = {"png": (".png",), "jpeg": (".jpg", ".jpeg"), "webp": (".webp",)}
Format = Literal["png", "jpeg", "webp"]


class ImagesSpec(FieldSpec):
    """An images field; min_files : what the task asks for (only said, never enforced), max_files : how many are taken at most,
    max_mb : MiB of each, accept : formats."""

    kind: Literal["images"] = "images"
    min_files: int = Key(1, ge=1, le=12)
    max_files: int = Key(4, ge=1, le=12)
    max_mb: float = Key(8, gt=0, le=20)
    accept: Annotated[tuple[Format, ...], Key(min_length=1)] = ("png", "jpeg", "webp")

    @model_validator(mode="after")
    def _in_order(self) -> ImagesSpec:
        if self.min_files > self.max_files:
            raise ValueError(f"min_files: {self.min_files} 大于 max_files: {self.max_files}")
        return self

    def endings(self) -> tuple[str, ...]:
        """Return the extensions of the accepted formats."""
        return tuple(end for name in self.accept for end in EXTENSIONS[name])


def is_blank(raw: Any) -> bool:
    """Return True if no picture was handed in."""
    return not raw


def check_file(upload: Upload, spec: ImagesSpec) -> None:
    """Refuse (ResponseError) one file that cannot be such a picture: its size, its name, its first bytes."""
    name = shorten(upload.name, 40)
    if not upload.data:
        raise ResponseError(f"“{name}”是空的（0 字节）。")
    if len(upload.data) > spec.max_mb * MB:
        raise ResponseError(f"“{name}”有 {len(upload.data) / MB:.1f} MB，超过每张 {spec.max_mb:g} MB。")
    wanted = "、".join(one.upper() for one in spec.accept)
    if not upload.name.lower().endswith(spec.endings()):
        raise ResponseError(f"只接受 {wanted} 图片，收到的是“{name}”。")
    found = "webp" if upload.data[:4] == b"RIFF" and upload.data[8:12] == b"WEBP" else sniff(upload.data)
    if found not in spec.accept:
        what = f"其实是{NAMES.get(found, found)}" if found else "内容不是图片"
        raise ResponseError(f"“{name}”{what}，这里只接受 {wanted} 图片；请用看图或作图软件另存为这些格式。")


def parse(raw: Any, spec: ImagesSpec) -> Pictures:
    """Return the files; ResponseError if one cannot be a picture, or if there are too many."""
    if not isinstance(raw, list) or not all(isinstance(item, Upload) for item in raw):
        raise ResponseError("这里应上传图片文件。")
    if len(raw) > spec.max_files:
        raise ResponseError(f"最多 {spec.max_files} 张图片，收到 {len(raw)} 张。")
    for item in raw:
        check_file(item, spec)
    return Pictures(tuple(raw))


KIND = FieldKind("images", ImagesSpec, Pictures.VALUE_KIND, True, is_blank, parse, many=True, check_file=check_file)
