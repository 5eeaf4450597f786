"""Plausible contexts of the boxes widget and of the evidence of boxes."""

from grading.boxes import Box, Boxes
from grading.boxevidence import evidence_of
from grading.boxmatch import match
from tests import exam_samples as exams

SIZES = {"steel-01.png": (400, 300), "steel-02.png": (400, 300)}
LABELS = {"scratch": "划痕", "pit": "麻点"}
VALUE = '{"steel-01.png": [{"label": "pit", "box": [20, 150, 121, 98], "attributes": {"程度": "严重"}}]}'
SPEC = {
    "images": {name: list(size) for name, size in SIZES.items()},
    "labels": LABELS,
    "attributes": {"程度": ["轻微", "严重"]},
    "max_boxes": 40,
}
FILES = [{"name": name, "size": 25000, "url": f"/attempts/7/files/41/{name}"} for name in SIZES]

TRUTH = Boxes(
    {"steel-01.png": (Box("pit", 20, 150, 121, 98, {"程度": "严重"}), Box("scratch", 256, 111, 53, 40)), "steel-02.png": ()}, SIZES, LABELS
)
OWN = Boxes(
    {"steel-01.png": (Box("scratch", 22, 151, 118, 96), Box("pit", 5, 5, 30, 30, {"程度": "轻微"})), "steel-02.png": ()}, SIZES, LABELS
)
EVIDENCE = evidence_of(match(OWN, TRUTH, SIZES, 0.5), OWN, TRUTH)


def widget(**more):
    """Context of widgets/boxes.html."""
    field = exams.field(41, "boxes", "缺陷框", help="在图上拖动画框。", **{"value": VALUE, **more})
    field["spec"] = SPEC
    return {"field": field, "task": exams.task(41, "1", "", [field], files=FILES), "attempt": exams.ATTEMPT}


FRAGMENTS = [
    ("boxes-widget", "widgets/boxes.html", widget()),
    ("boxes-widget-review", "widgets/boxes.html", widget(starter=VALUE, value=None)),
    ("boxes-evidence", "evidence/boxes.html", {"evidence": EVIDENCE, "links": exams.LINKS}),
]
