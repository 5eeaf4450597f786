"""Boxes on images."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from grading.boxes import Box, Boxes
from grading.boxformats.coco import write_coco
from tests.grading.cases import Case

BOXES = Boxes(
    {"a.png": (Box("pit", 10, 10, 20, 20, {"程度": "轻"}), Box("scratch", 50, 30, 30, 20, {"程度": "重"}))}, {"a.png": (100, 80)},
    {"pit": "麻点", "scratch": "划痕"},
)
BANDS = [{"at": 0.95, "fraction": 1}, {"at": 0.6, "fraction": 0.5}]
KEYS = {"truth.json": write_coco(BOXES), "given.json": write_coco(replace(BOXES, images={"a.png": BOXES.images["a.png"][:1]}))}

GRADERS = {
    "boxes_match": Case({"key": "truth.json"}, (BOXES,)),
    "mean_iou": Case({"key": "truth.json", "bands": BANDS}, (BOXES,)),
    "boxes_map": Case({"key": "truth.json", "bands": BANDS}, (BOXES,)),
    "box_labels": Case({"key": "truth.json"}, (BOXES,)),
    "box_attributes": Case({"key": "truth.json", "names": ["程度"]}, (BOXES,)),
    "box_repairs": Case({"key": "truth.json", "starter": "given.json", "mistake": "missing"}, (BOXES,)),
}

GARBAGE = {
    "boxes": [
        Boxes({}, {}, {}), replace(BOXES, images={"a.png": ()}), replace(BOXES, images={"b.png": BOXES.images["a.png"]}),
        replace(BOXES, images={"a.png": (Box("pit", 0, 0, 100, 80),)}), replace(BOXES, images={"a.png": (Box("", 0, 0, 1e308, 1e308),)}),
        replace(BOXES, images={"a.png": (Box("\ud800", 90, 70, 1, 1),) * 50}), replace(BOXES, labels={}, images={"": ()}),
    ],
}

VALUES = {
    "boxes": st.lists(st.builds(
        Box, st.sampled_from(["pit", "scratch", "x"]), st.floats(0, 60), st.floats(0, 40), st.floats(1, 40), st.floats(1, 40),
        st.just({}) | st.just({"程度": "轻"}), st.floats(0, 1),
    ), max_size=8).map(lambda drawn: replace(BOXES, images={"a.png": tuple(drawn)})),
}
