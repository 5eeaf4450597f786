"""Load a task folder into a checked `Task`. Whatever is wrong fails here, with file, key and what is allowed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from grading import totals
from grading.errors import TaskError
from grading.fields import get_kind
from grading.model import FieldSpec, Produce, RunSpec, ScoringPoint, Task
from grading.registry import Grader, KeyFile, get_grader
from grading.runners import accepts, arguments, check, get_runner, outputs
from grading.specs import parse, task_file
from grading.yamlfile import read_mapping

MAX_FILE = 20 * 1024 * 1024
MAX_STATEMENT = 200_000

# A value of the left kind may be given to a grader that takes one of the right kinds; of any other kind to its own or any.
COMPATIBLE: Mapping[str, frozenset[str]] = {
    "code": frozenset({"code", "text", "any"}),
    "text": frozenset({"text", "any"}),
    "number": frozenset({"number", "any"}),
    "choice": frozenset({"choice", "any"}),
    "table": frozenset({"table", "any"}),
    "upload": frozenset({"upload", "any"}),
    "bytes": frozenset({"upload", "any"}),
    "array": frozenset({"array", "any"}),
    "json": frozenset({"any"}),
}


def load_task(root: Path, *, task_id: str | None = None) -> Task:
    """Return the task in folder `root`; TaskError names the first thing wrong.

    task_id defaults to the path below the nearest folder called `tasks`, else the folder's name.
    """
    root = root.resolve()
    file = root / "task.yaml"
    if not root.is_dir():
        raise TaskError("不是一个试题文件夹", file=root)
    data: Any = parse(task_file(), read_mapping(file), file=file)
    _files(root / "key")  # refuses links there even if no point names a key file
    task = Task(
        id=task_id or id_of(root), title=data.title, statement=_statement(root), minutes=data.minutes, marks=data.marks,
        fields=data.fields, runs=data.runs, points=data.points, level=data.level, tags=data.tags,
        difficulty=data.difficulty, root=root, files=_files(root / "files"), baseline_max=Decimal(data.baseline_max),
        licence=data.licence,
    )
    return checked(task, file)


def checked(task: Task, file: Path) -> Task:
    """Return `task` with its graders' arguments bound, after every cross-check; TaskError otherwise."""
    _check_sum(task, file)
    _check_ids(task, file)
    for index, field in enumerate(task.fields):
        _check_field(task, field, file, f"fields.{index}")
    for index, run in enumerate(task.runs):
        _check_run(task, run, file, f"runs.{index}")
    kinds = value_kinds(task)
    bound = {p.id: _bind(task, p, kinds, file, f"points.{index}") for index, p in enumerate(task.points)}
    return replace(task, bound=bound)


def value_kinds(task: Task) -> dict[str, str]:
    """Return the kind of value behind every id that a point may look at (fields and artifacts)."""
    kinds = {field.id: get_kind(field.kind).value for field in task.fields}
    for run in task.runs:
        own = outputs(run.runner)
        kinds.update({name: own[p.output] if p.output else str(p.kind) for name, p in run.produces.items()})
    return kinds


def fits(kind: str, accepted: str) -> bool:
    """Return whether a value of `kind` may be given to a grader that takes `accepted`."""
    return accepted in COMPATIBLE.get(kind, {kind, "any"})


def id_of(root: Path) -> str:
    """Return the path below the nearest folder called `tasks`, else the folder's name."""
    parents = [parent.name for parent in root.parents]
    if "tasks" not in parents:
        return root.name
    return root.relative_to(root.parents[parents.index("tasks")]).as_posix()


def _statement(root: Path) -> str:
    path = root / "statement.md"
    try:
        text = path.read_text("utf-8-sig")
    except FileNotFoundError:
        raise TaskError("缺少题面 statement.md", file=path) from None
    except UnicodeDecodeError:
        raise TaskError("题面不是 UTF-8 编码", file=path) from None
    if not text.strip() or len(text) > MAX_STATEMENT:
        raise TaskError(f"题面不能为空，也不能超过 {MAX_STATEMENT} 字", file=path)
    return text


def _files(folder: Path) -> tuple[str, ...]:
    if not folder.is_dir():
        return ()
    # pip compiles every program that it installs, those of tasks too.
    paths = [path for path in folder.iterdir() if path.name != "__pycache__"]
    for path in paths:
        if path.is_symlink() or not path.is_file():
            raise TaskError("这里只能放普通文件（不能有子文件夹或链接）", file=path)
        if path.stat().st_size > MAX_FILE:
            raise TaskError(f"文件超过 {MAX_FILE // 1024 // 1024} MB", file=path)
    return tuple(sorted(path.name for path in paths))


def _check_sum(task: Task, file: Path) -> None:
    total = totals.possible(task.points)
    if total != task.marks:
        which = "评分点（不含 board: public 的）" if any(point.board for point in task.points) else "评分点"
        raise TaskError(f"{which}之和是 {total}，与 marks: {task.marks} 不符", file=file, key="marks")
    public, private = (sum((p.marks for p in task.points if p.board == board), Decimal(0)) for board in ("public", "private"))
    if public != private:
        raise TaskError(f"公开部分之和是 {public}，非公开部分之和是 {private}，应相等", file=file, key="points.board")


def _check_ids(task: Task, file: Path) -> None:
    artifacts = [name for run in task.runs for name in run.produces]
    _unique([*(f.id for f in task.fields), *artifacts], file, "fields / runs.produces")
    _unique([run.id for run in task.runs], file, "runs")
    _unique([point.id for point in task.points], file, "points")


def _unique(ids: Iterable[str], file: Path, key: str) -> None:
    seen: set[str] = set()
    for name in ids:
        if name in seen:
            raise TaskError(f"id {name!r} 重复", file=file, key=key)
        seen.add(name)


def _check_field(task: Task, field: FieldSpec, file: Path, key: str) -> None:
    starter = getattr(field, "file", None)
    if starter is not None and starter not in task.files:
        raise TaskError(f"files/ 里没有 {starter!r}；现有：{_names(task.files)}", file=file, key=f"{key}.file")
    own_check = get_kind(field.kind).check
    if own_check is not None:
        try:
            own_check(field, task)
        except TaskError as error:
            raise TaskError(error.message, file=file, key=".".join(filter(None, (key, error.key)))) from None


def _check_run(task: Task, run: RunSpec, file: Path, key: str) -> None:
    try:
        get_runner(run.runner)
    except TaskError as error:
        raise TaskError(error.message, file=file, key=f"{key}.runner") from None
    fields = {field.id: field for field in task.fields}
    if run.of not in fields:
        raise TaskError(f"没有名为 {run.of!r} 的作答项；可用：{_names(fields)}", file=file, key=f"{key}.of")
    value = get_kind(fields[run.of].kind).value
    if value not in accepts(run.runner):
        raise TaskError(f"运行器 {run.runner} 运行 {_names(accepts(run.runner))}，而 {run.of} 是 {value}", file=file, key=f"{key}.of")
    hidden = _files(task.root / "key") if task.root else ()
    for where, wanted, present in (("files", run.files, task.files), ("hidden", run.hidden, hidden)):
        for name in wanted:
            if name not in present:
                folder = "files/" if where == "files" else "key/"
                raise TaskError(f"{folder} 里没有 {name!r}；现有：{_names(present)}", file=file, key=f"{key}.{where}")
    for name, produce in run.produces.items():
        _check_produce(run, produce, file, f"{key}.produces.{name}")
    parse(arguments(run.runner), run.args, file=file, prefix=f"{key}.args")
    try:
        check(run, task)
    except TaskError as error:
        raise TaskError(error.message, file=error.file or file, key=".".join(filter(None, (key, error.key)))) from None


def _check_produce(run: RunSpec, produce: Produce, file: Path, key: str) -> None:
    own = outputs(run.runner)
    if sum(source is not None for source in (produce.file, produce.variable, produce.stdout, produce.output)) != 1:
        raise TaskError("file、variable、stdout、output 要写且只写一个", file=file, key=key)
    if produce.output is None and own:
        raise TaskError(f"运行器 {run.runner} 的产物写成 output；可用：{_names(own)}", file=file, key=key)
    if produce.output is not None and produce.output not in own:
        raise TaskError(f"运行器 {run.runner} 没有产物 {produce.output!r}；可用：{_names(own)}", file=file, key=f"{key}.output")
    if (produce.kind is None) == (produce.output is None):
        raise TaskError("file、variable、stdout 要写 kind；output 的类型由运行器决定，不写 kind", file=file, key=f"{key}.kind")


def _bind(task: Task, point: ScoringPoint, kinds: Mapping[str, str], file: Path, key: str) -> dict[str, Any]:
    try:
        grader = get_grader(point.grader)
        _check_sources(point, grader, kinds)
        _check_marked(task, point)
        _check_proof(point, kinds)
        return grader.bind(_with_key_files(task, grader, point.args, "args"))
    except TaskError as error:
        place = ".".join(part for part in (key, error.key) if part)
        raise TaskError(error.message, file=error.file or file, key=place) from None


def _check_sources(point: ScoringPoint, grader: Grader, kinds: Mapping[str, str]) -> None:
    for source, accepted in zip(point.sources, grader.accepts, strict=False):
        if source not in kinds:
            raise TaskError(f"没有名为 {source!r} 的作答项或产物；可用：{_names(kinds)}", key="of")
        if not fits(kinds[source], accepted):
            raise TaskError(f"评分器 {grader.name} 需要 {accepted}，而 {source} 是 {kinds[source]}", key="of")
    if not grader.required <= len(point.sources) <= len(grader.accepts):
        raise TaskError(f"评分器 {grader.name} 要看 {grader.required}–{len(grader.accepts)} 项，这里写了 {len(point.sources)} 项", key="of")


def _check_marked(task: Task, point: ScoringPoint) -> None:
    unseen = {name for run in task.runs if run.purpose == "trial" for name in run.produces}
    for source in point.sources:
        if source in unseen:
            raise TaskError(f"{source!r} 出自只供试运行的运行（purpose: trial），不能评分", key="of")


def _check_proof(point: ScoringPoint, kinds: Mapping[str, str]) -> None:
    """A proof (see `ast_step`) is another grader that looks at the second item of `of`."""
    proof = point.args.get("proof")
    if not isinstance(proof, Mapping) or not isinstance(proof.get("grader"), str):
        return
    if len(point.sources) < 2:
        raise TaskError("写了 proof，of 里就要有它看的产物：[作答项, 产物]", key="of")
    try:
        accepted = get_grader(proof["grader"]).accepts[0]
    except TaskError as error:
        raise TaskError(error.message, key="args.proof.grader") from None
    if not fits(kinds[point.sources[1]], accepted):
        raise TaskError(f"proof 的评分器 {proof['grader']} 需要 {accepted}，而 {point.sources[1]} 是 {kinds[point.sources[1]]}", key="of")


def _with_key_files(task: Task, grader: Grader, args: Mapping[str, Any], place: str) -> dict[str, Any]:
    """Replace the names of key files by the files themselves, wherever the grader's signature asks for one."""
    resolved = dict(args)
    for name in grader.key_files & args.keys():
        if args[name] is not None:
            resolved[name] = _key_file(task, args[name], f"{place}.{name}")
    proof = args.get("proof")
    if isinstance(proof, Mapping) and isinstance(proof.get("grader"), str) and isinstance(proof.get("args", {}), Mapping):
        nested = get_grader(proof["grader"])
        resolved["proof"] = {**proof, "args": _with_key_files(task, nested, proof.get("args", {}), f"{place}.proof.args")}
    return resolved


def _key_file(task: Task, name: Any, key: str) -> KeyFile:
    present = _files(task.root / "key") if task.root else ()
    if name not in present:
        raise TaskError(f"key/ 里没有 {name!r}；现有：{_names(present)}", key=key)
    assert task.root is not None
    return KeyFile(task.root / "key" / str(name))


def _names(names: Iterable[str]) -> str:
    return ", ".join(names) or "（无）"
