"""`simulator item-analysis`: item analysis of any table of marks."""

from __future__ import annotations

import json
from pathlib import Path

import click

from grading.cells import Cell, as_number, as_text
from grading.errors import GradingError, ResponseError
from grading.itemanalysis import ItemAnalysis, analyse
from grading.model import Upload
from grading.tables import Table, read_table
from simulator.commands.benches.report import show, table

ID = "id"
MAX_ITEMS = 2000
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
HEADS = (
    ("id", "题"), ("n", "人数"), ("facility", "得分率"), ("sd", "标准差"), ("random_guess_score", "猜测得分率"),
    ("intended_weight", "设计权重"), ("effective_weight", "实际权重"), ("discrimination_index", "区分度"),
    ("discriminative_efficiency", "区分效率"),
)
TEST_HEADS = (
    ("n", "人数"), ("mean", "平均得分率"), ("sd", "标准差"), ("skewness", "偏度"), ("kurtosis", "峰度"), ("alpha", "信度 α"),
    ("error_ratio", "误差比"), ("standard_error", "标准误"),
)


@click.command("item-analysis")
@click.argument("marks", type=FILE)
@click.option("--max", "maxima", required=True, type=FILE, help="各题满分：同样的列名，一行")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON。")
def item_analysis(marks: Path, maxima: Path, as_json: bool) -> None:
    """题目分析：MARKS 一行一名考生，一列一道题，可有 id 列；空格按 0 分。比例都是小数，不是百分数。"""
    rows, most = _read(marks), _read(maxima)
    ids = [name for name in rows.columns if name != ID]
    missing = [name for name in ids if name not in most.columns]
    if len(most.rows) != 1 or missing:
        problem = f"缺少 {missing[0]}" if missing else f"有 {len(most.rows)} 行"
        raise GradingError(f"{maxima}：满分表应与得分表同列名、只有一行数据；现在{problem}。")
    found = analyse(
        [[_mark(marks, row, name, rows) for name in ids] for row in rows.rows], [_mark(maxima, most.rows[0], n, most) for n in ids], ids
    )
    click.echo(json.dumps(found.as_json(), ensure_ascii=False, indent=2) if as_json else _tables(found))


def _read(path: Path) -> Table:
    try:
        return read_table(Upload(path.name, path.read_bytes()), max_columns=MAX_ITEMS + 1)
    except ResponseError as error:
        raise GradingError(f"{path}：{error}") from None


def _mark(path: Path, row: tuple[Cell, ...], name: str, of: Table) -> float:
    cell = row[of.columns.index(name)]
    number = as_number(cell)
    if number is None and as_text(cell):
        raise GradingError(f"{path}：列 {name} 里的“{str(cell)[:20]}”不是数字。")
    return number or 0.0


def _tables(found: ItemAnalysis) -> str:
    data = found.as_json()
    items = [tuple(head for _, head in HEADS)] + [tuple(_cell(item[key]) for key, _ in HEADS) for item in data["items"]]
    test = [tuple(head for _, head in TEST_HEADS), tuple(_cell(data["test"][key]) for key, _ in TEST_HEADS)]
    return f"{table(items)}\n\n{table(test)}"


def _cell(value: object) -> str:
    if isinstance(value, float):
        return show(value)
    return "–" if value is None else str(value)
