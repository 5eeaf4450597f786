"""Where a tag stands in the standard."""

from __future__ import annotations

from grading.library import load_library
from grading.syllabus import Place, names, place, places
from simulator.config import ROOT


def test_every_shipped_tag_has_a_place_with_a_name():
    library = load_library(ROOT / "tasks")
    named = names(library.standards.values())
    tags = {tag for task in library.tasks.values() for tag in (*task.tags, *(t for point in task.points for t in point.tags))}
    assert len(tags) > 50
    for tag in tags:
        where = place(tag)
        assert where.code in named, tag
        assert {where.function, where.content} <= set(named), tag


def test_contest_and_unknown_codes():
    assert place("C4") == place("C4.2.03") == Place("C4", "C", "C")
    assert place("K5.2") == Place("K5.2", "", "")
    assert places([]) == (Place("", "", ""),)
    assert places(["T3.1.1.2.07", "T3.1.1.2.08"]) == (Place("T3.1.1.2", "3/1", "3/1.1"),)


def test_order_is_the_standards_then_contest_then_unknown():
    tags = ["X", "C1", "P3.1.1", "S3-1.1.1", "T3.1.1.1", "T3.0.1.1"]
    assert [w.code for w in sorted(map(place, tags), key=lambda w: w.order)] == ["T3.0.1.1", "T3.1.1.1", "S3-1.1.1", "P3.1.1", "C1", "X"]
