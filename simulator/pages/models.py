"""The school's own models, for the administrator: what lies in the folder, and whether it can be used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask_babel import gettext as _, lazy_gettext as _l

from grading import clip
from grading.runtimes import models_folder

ROLES = {
    "vision": _l("图片编码器"), "text": _l("文字编码器"), "both": _l("图片和文字编码器"), "tokenizer": _l("分词器"),
    "images": _l("图片预处理"), "texts": _l("分词器设置"),
}


def clip_view(runtimes: Path) -> dict[str, Any]:
    """Return what is known of the CLIP model beside the runtimes."""
    models = models_folder(runtimes)
    found = clip.find(models)
    if found is None:
        return {"state": "none", "folder": str(models / clip.FOLDER), "files": []}
    return {
        "state": "bad" if found.problem else "ok", "folder": str(found.folder), "problem": found.problem, "fingerprint": found.fingerprint,
        "language": str(_("认识中文") if found.language == "zh" else _("不认识中文，用试题的英文提示词")), "memory_mb": found.memory_mb,
        "files": [{"role": str(ROLES[f.role]), "name": f.name, "size": f.size, "sha256": f.sha256} for f in found.files],
    }
