"""The work that the marking bench measures: one typical program, its data, and a task of ten points around it.

The program is cut into ten cells, one scoring point each, so that it can also be a notebook. Its data come from a seed.
"""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

DATA = "people.csv"
OUTPUT = "predictions.csv"
ROWS, DUPLICATES, TEST_ROWS = 5000, 50, 1250
COLUMNS = ("id", "city", "age", "income", "score", "visits", "churn")
CITIES = ("Hangzhou", "Ningbo", "Wenzhou", "Jiaxing")

CELLS = (
    """\
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

people = pd.read_csv("people.csv")
n_raw = len(people)""",
    """\
people = people.drop_duplicates(subset="id").reset_index(drop=True)
n_rows = len(people)""",
    """\
people["city"] = people["city"].str.strip().str.title()
n_cities = people["city"].nunique()""",
    """\
numbers = ["age", "income", "score"]
n_missing = int(people[numbers].isna().sum().sum())
people[numbers] = people[numbers].fillna(people[numbers].median())""",
    """\
mean_income = people.groupby("city")["income"].mean()["Hangzhou"]""",
    """\
features = pd.get_dummies(people.drop(columns=["id", "churn"]), columns=["city"])
n_features = features.shape[1]""",
    """\
x_train, x_test, y_train, y_test = train_test_split(features, people["churn"], test_size=0.25, random_state=42)
n_test = len(x_test)""",
    """\
linear = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)).fit(x_train, y_train)
linear_accuracy = accuracy_score(y_test, linear.predict(x_test))""",
    """\
forest = RandomForestClassifier(n_estimators=30, max_depth=8, random_state=42).fit(x_train, y_train)
forest_accuracy = accuracy_score(y_test, forest.predict(x_test))""",
    """\
predictions = pd.DataFrame({"id": people.loc[x_test.index, "id"], "churn": forest.predict(x_test)})
predictions.to_csv("predictions.csv", index=False)""",
)
PROGRAM = "\n\n".join(CELLS) + "\n"

_KNOWN = {"n_raw": ROWS + DUPLICATES, "n_rows": ROWS, "n_cities": len(CITIES), "n_features": 8, "n_test": TEST_ROWS}
_FOUND = ("n_missing", "mean_income", "linear_accuracy", "forest_accuracy")
VARIABLES = ("n_raw", "n_rows", "n_cities", "n_missing", "mean_income", "n_features", "n_test", "linear_accuracy", "forest_accuracy")
"""The variable that shows what a cell did, for the first nine cells; the tenth is judged by its file."""

PROBE = PROGRAM + f"""
import json
print(json.dumps({{name: float(globals()[name]) for name in {VARIABLES!r}}}))
"""
"""The program, which then prints its variables: for the run in which the expected values are found."""


def data(seed: int = 20260) -> bytes:
    """Return the CSV that the program reads: 5,000 people, some rows twice, cities spelled anyhow, some cells empty."""
    rng = random.Random(seed)
    rows = [_person(rng, number) for number in range(1, ROWS + 1)]
    rows += rng.sample(rows, DUPLICATES)
    rng.shuffle(rows)
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([COLUMNS, *rows])
    return text.getvalue().encode()


def _person(rng: random.Random, number: int) -> tuple[Any, ...]:
    city = rng.choice(CITIES)
    age, income, score, visits = rng.randint(18, 80), rng.gauss(50_000, 12_000), rng.random(), rng.randint(0, 30)
    churn = int(rng.gauss(age / 80 - income / 60_000 + score - visits / 40, 0.35) > 0)
    spelled = rng.choice((city, city.upper(), f" {city}", f"{city.lower()} "))
    cells = [text if rng.random() > 0.03 else "" for text in (str(age), f"{income:.2f}", f"{score:.4f}")]
    return number, spelled, *cells, visits, churn


@dataclass(frozen=True)
class Reference:
    """What the program gives when it runs as it is: its variables, and the bytes of its file."""

    variables: Mapping[str, float]
    output: bytes

    @classmethod
    def read(cls, stdout: str, output: bytes) -> Reference:
        """Return the reference from a run of `PROBE`; ValueError if it is not what the data were made for."""
        variables = json.loads(stdout.splitlines()[-1])
        wrong = [name for name, value in _KNOWN.items() if variables[name] != value]
        if wrong or output.count(b"\n") != TEST_ROWS + 1:
            raise ValueError(f"the typical program went wrong: {wrong or output[:40]!r}")
        return cls({name: variables[name] for name in (*_KNOWN, *_FOUND)}, output)

    def tolerance(self, name: str) -> float:
        """Return how far a right value of variable `name` may be from this one."""
        return {"mean_income": 0.01, "linear_accuracy": 0.005, "forest_accuracy": 0.005}.get(name, 0.0)

    def tests(self) -> tuple[str, ...]:
        """Return one assertion for each cell, as a notebook grader wants them."""
        on_variables = [f"assert abs({name} - {self.variables[name]!r}) <= {self.tolerance(name)!r}" for name in VARIABLES]
        bound = round(self.variables["forest_accuracy"] - 0.005, 4)
        on_file = f'assert accuracy_score(y_test, pd.read_csv("{OUTPUT}")["churn"]) >= {bound!r}'
        return (*on_variables, on_file)


def write_task(folder: Path, reference: Reference) -> None:
    """Write the task of ten points into `folder`: the same checks as `Reference.tests`, by our own graders."""
    (folder / "files").mkdir(parents=True)
    (folder / "key").mkdir()
    (folder / "statement.md").write_text("清洗数据，训练两个模型，写出预测。\n", "utf-8")
    (folder / "files" / DATA).write_bytes(data())
    (folder / "key" / "truth.csv").write_bytes(_truth(reference.output))
    (folder / "task.yaml").write_text(yaml.safe_dump(_task(reference), allow_unicode=True, sort_keys=False), "utf-8")


def _truth(predictions: bytes) -> bytes:
    """Return the true `churn` of everyone in `predictions`."""
    people = {row["id"]: row["churn"] for row in csv.DictReader(io.StringIO(data().decode()))}
    asked = [row["id"] for row in csv.DictReader(io.StringIO(predictions.decode()))]
    return ("id,churn\n" + "".join(f"{number},{people[number]}\n" for number in asked)).encode()


def _task(reference: Reference) -> dict[str, Any]:
    return {
        "title": "客户流失预测", "minutes": 20, "marks": len(CELLS), "level": 3,
        "fields": [{"id": "program", "kind": "code", "label": "程序"}],
        "runs": [{
            "id": "main", "runner": "python", "of": "program", "files": [DATA],
            "produces": {
                **{name: {"variable": name, "kind": "number"} for name in VARIABLES},
                "predictions": {"file": OUTPUT, "kind": "table"},
            },
        }],
        "points": [_point(number, name, reference) for number, name in enumerate((*VARIABLES, "predictions"), start=1)],
    }  # fmt: skip


def _point(number: int, source: str, reference: Reference) -> dict[str, Any]:
    point: dict[str, Any] = {"id": f"M{number}", "title": f"第 {number} 步", "marks": 1, "of": source}
    if source != "predictions":
        exact = {"equals": reference.variables[source], "abs_tol": reference.tolerance(source)}
        return {**point, "grader": "number", "args": exact}
    bands = [{"at": round(reference.variables["forest_accuracy"] - 0.005, 4), "fraction": 1}]
    args = {
        "key": "truth.csv", "on": "id", "predicted": "churn", "actual": "churn", "metric": "accuracy_score", "better": "higher",
        "bands": bands,
    }
    return {**point, "grader": "metric", "args": args}
