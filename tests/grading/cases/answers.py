"""What candidates type, choose, upload or write as a table."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from hypothesis import strategies as st

from grading.model import Upload
from grading.tables import Table
from tests.grading.cases import Case

TRUTH = "id,y,z\n1,0,甲\n2,1,乙\n3,1,丙\n4,0,丁\n"
ANSWER = Table(("id", "y", "z"), (("1", "0", "甲"), ("2", "1", "乙"), ("3", "1", "丙"), ("4", "0", "丁")))
RUBRIC = [{"id": "a", "title": "去重", "any": ["去重"]}, {"id": "b", "title": "缺失值", "all": [["缺失"], ["填充"]]}]
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"\0" * 20

STRANGE_CELLS = (None, "", "NaN", float("nan"), float("inf"), 10**400, True, datetime(1, 1, 1), "\ud800", "\0", "x" * 30_000, "=1+1")
STRANGE = Table(tuple(f"c{n}" for n in range(len(STRANGE_CELLS))), (STRANGE_CELLS,))
CELLS = st.one_of(st.none(), st.text(max_size=5), st.floats(), st.integers(), st.booleans(), st.datetimes(),
    st.sampled_from(["0", "1", "甲"]))
ROWS = st.lists(st.tuples(st.sampled_from(["1", "2", 3, "4", "5", None]), CELLS, CELLS).map(tuple), max_size=6)
KEYS = {"truth.csv": TRUTH.encode()}

GRADERS = {
    "choice": Case({"key": ["A", "C"], "options": 4}, (frozenset("AC"),)),
    "number": Case({"equals": 37, "abs_tol": 0.5}, (37.0,)),
    "blank": Case({"accept": ["K-Means", "K均值"]}, (" ｋ均值 ",)),
    "text_points": Case({"points": RUBRIC}, ("先去重，再填充缺失值。",)),
    "file_exists": Case({"extensions": [".png"]}, (Upload("a.png", PNG),)),
    "row_count": Case({"equals": 4}, (ANSWER,), order_free=True),
    "columns": Case({"names": ["id", "y", "z"], "all_or_nothing": True}, (ANSWER,), order_free=True),
    "no_missing": Case({"column": "y"}, (ANSWER,), order_free=True, column="y"),
    "unique": Case({"columns": "z"}, (ANSWER,), order_free=True),
    "in_range": Case({"column": "y", "min": 0, "max": 1}, (ANSWER,), order_free=True, column="y"),
    "allowed_values": Case({"column": "y", "values": [0, 1]}, (ANSWER,), order_free=True, column="y"),
    "dtype": Case({"column": "y", "type": "integer"}, (ANSWER,), order_free=True, column="y"),
    "table_match": Case({"key": "truth.csv", "on": "id", "columns": ["y"]}, (ANSWER,), order_free=True, column="y"),
    "metric": Case(
        {"key": "truth.csv", "on": "id", "predicted": "y", "actual": "y", "metric": "f1_score", "better": "higher",
         "bands": [{"at": 0.5, "fraction": 0}, {"at": 1, "fraction": 1}], "interpolate": True},
        (ANSWER,), order_free=True, column="y",
    ),
    "ast_step": Case(
        {"calls": ["drop_duplicates"], "proof": {"grader": "number", "args": {"equals": 37}}}, ("df.drop_duplicates()", 37.0)
    ),
}

GARBAGE = {
    "choice": [frozenset(), frozenset(["Z"]), frozenset(["BD", ""]), frozenset(map(str, range(500)))],
    "number": [float("nan"), float("inf"), float("-inf"), 1e308, -0.0, 10**400],
    "text": ["", " \n", "\0", "\ud800", "。" * 5000, "🙂" * 5000, "a" * 50_000, "((((", "不" * 3000],
    "table": [Table((), ()), Table(("id", "y"), ()), STRANGE, Table(("id", "y", "y2"), (STRANGE_CELLS[:3],)),
              replace(STRANGE, columns=("y", "w", "id", *STRANGE.columns[3:]))],
    "upload": [Upload("", b""), Upload("a.png", b""), Upload("a.png", b"PK\x03\x04"), Upload("x" * 5000, b"\0" * 100)],
    "any": [None, float("nan"), 1e308],
}

VALUES = {
    "choice": st.frozensets(st.sampled_from("ABCDEZ")),
    "number": st.floats() | st.integers(),
    "text": st.text(max_size=60) | st.lists(st.sampled_from(["去重", "填充", "缺失", "，", "不", "k均值", "df.drop_duplicates()",
    "\n"])).map("".join),
    "table": ROWS.map(lambda rows: Table(("id", "y", "z"), tuple(rows))),
    "upload": st.builds(Upload, st.text(max_size=8) | st.just("a.png"), st.binary(max_size=30) | st.just(PNG)),
    "any": st.none() | st.floats(),
}
