"""A step of a program: seen in its code, or proved by the state that it left; either is enough."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field as Key

from grading.calls import UNKNOWN, Call, Unreadable, is_call_of, live_calls
from grading.errors import ResponseError, TaskError
from grading.model import Mark, Spec
from grading.registry import get_grader, grader
from grading.text import shorten

CallName = Annotated[str, Key(pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$")]
Keyword = Annotated[str, Key(pattern=r"^[A-Za-z_]\w*$")]


class Proof(Spec):
    """Another grader that looks at the state."""

    grader: str
    args: Mapping[str, Any] = {}


def _check(*, proof: Proof | None, **_: object) -> None:
    if proof is None:
        return
    try:
        nested = get_grader(proof.grader)
        nested.bind(proof.args)
    except TaskError as error:
        raise TaskError(f"proof：{error.message}", file=error.file or None, key=f"args.proof.{error.key}") from None
    if nested.required != 1 or nested.function is ast_step:
        raise TaskError(f"{proof.grader} 不能作 proof：它要看的不是一项产物", key="args.proof.grader")


@grader(validate=_check)
def ast_step(
    code: str, state: Any = None, *, calls: Annotated[tuple[CallName, ...], Key(min_length=1)], keywords: Mapping[Keyword, Any] = {},
    proof: Proof | None = None,
) -> Mark:
    """Mark that a program does a step, by a call in its code or by the state after its run.

    A call in code that cannot run (`if False:`, after `return`, in a function that nobody uses), in a comment or in a
    text does not count. Import aliases are resolved.

    Parameters
    ----------
    code : the program
    state : an artifact for `proof`; None if the run did not get that far
    calls : names of functions or methods, any of which is the step: `drop_duplicates` for a method or an imported
        function, `pd.read_csv` or `sklearn.preprocessing.scale` to name the module too
    keywords : keyword arguments that the call must have: name → allowed value, or list of allowed values (an empty list
        allows any)
    proof : `{grader: …, args: …}`, another grader that judges `state`

    Returns
    -------
    Mark with fraction 1 if the call is there, else what `proof` gives, else 0

    Examples
    --------
    >>> ast_step("import pandas as p\\ndf = p.read_csv('a.csv')", calls=["pd.read_csv"]).reason
    '代码第 2 行调用了 read_csv。'
    >>> ast_step("df = df[~df.duplicated()]", 37, calls=["drop_duplicates"], proof={"grader": "number", "args": {"equals": 37}}).fraction
    1.0
    """
    expected = _expected(calls, keywords, proof is not None)
    seen = _seen(code, calls, keywords)
    if seen.fraction == 1.0 or proof is None or state is None:
        return Mark(seen.fraction, expected, seen.found, seen.reason)
    proved = _proved(Proof.model_validate(proof), state)
    if proved.fraction == 0.0:
        return Mark(0.0, expected, seen.found, f"{seen.reason}运行结果也不能证明：{proved.reason}")
    return Mark(proved.fraction, expected, proved.found, f"由运行结果判定：{proved.reason}")


def _expected(calls: Sequence[str], keywords: Mapping[str, Any], proved: bool) -> str:
    options = "，".join(f"{name}={'任意值' if value == [] else _alternatives(value)}" for name, value in keywords.items())
    text = f"调用 {' 或 '.join(calls)}" + (f"（{options}）" if options else "")
    return shorten(text, 150) + ("，或由结果证明" if proved else "")


def _alternatives(value: Any) -> str:
    return "/".join(map(repr, value)) if isinstance(value, list) else repr(value)


def _seen(code: str, calls: Sequence[str], keywords: Mapping[str, Any]) -> Mark:
    """Mark what is seen in the code alone."""
    try:
        candidates = [call for call in live_calls(code) if any(is_call_of(call, wanted) for wanted in calls)]
    except Unreadable as error:
        return Mark(0.0, found="代码无法识别", reason=str(error))
    if not candidates:
        return Mark(0.0, found="没有这一调用", reason="代码中没有找到这一步操作（注释、文字和不会执行的代码不算）。")
    wrong = [_wrong_keywords(call, keywords) for call in candidates]
    best = min(range(len(wrong)), key=lambda i: len(wrong[i]))
    call, name = candidates[best], candidates[best].name.rpartition(".")[2]
    where = f"代码第 {call.line} 行调用了 {shorten(name)}"
    if not wrong[best]:
        return Mark(1.0, found=f"第 {call.line} 行 {shorten(name)}", reason=f"{where}。")
    return Mark(0.0, found=f"第 {call.line} 行 {shorten(name)}", reason=f"{where}，但参数 {'、'.join(wrong[best])} 没有写或不合要求。")


def _wrong_keywords(call: Call, keywords: Mapping[str, Any]) -> list[str]:
    """Return the names of the keyword arguments that are not as they must be."""
    wrong = []
    for name, allowed in keywords.items():
        value = call.keywords.get(name)
        values = allowed if isinstance(allowed, list) else [allowed]
        if name not in call.keywords or (values and not any(_equal(value, option) for option in values)):
            wrong.append(name)
    return wrong


def _equal(value: Any, option: Any) -> bool:
    """Compare two literals: a tuple of the program equals a list of YAML, True is not 1."""
    if value is UNKNOWN:
        return False
    if isinstance(value, (tuple, list)) and isinstance(option, (tuple, list)):
        return len(value) == len(option) and all(map(_equal, value, option))
    return isinstance(value, bool) == isinstance(option, bool) and bool(value == option)


def _proved(proof: Proof, state: Any) -> Mark:
    nested = get_grader(proof.grader)
    try:
        return nested.function(state, **nested.bind(proof.args))
    except ResponseError as error:
        return Mark(0.0, reason=str(error))
