"""The calls that a program really makes, read from its syntax tree: never by searching its text, never by running it.

Import aliases are resolved (`from sklearn.model_selection import train_test_split as tts`). Code that cannot run does
not count: branches of constant conditions, statements after return / raise / break / exit(), functions that nobody
uses. What a program does at run time only (exec, getattr by text) is not seen, and what type an object has is not
known: a method is told by its name alone.
"""

from __future__ import annotations

import ast
import builtins
import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

UNKNOWN: Any = object()
"""A value that cannot be known without running the program."""

_KNOWN_ALIASES = {"pd": "pandas", "np": "numpy", "plt": "matplotlib.pyplot", "sns": "seaborn"}
_EXITS = {"exit", "quit", "sys.exit", "os._exit", "os.abort"}
_Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


@dataclass(frozen=True)
class Call:
    """One call: its resolved dotted name, line, and keyword arguments with their literal values (else UNKNOWN)."""

    name: str
    line: int
    keywords: Mapping[str, Any] = field(default_factory=dict)


class Unreadable(Exception):
    """The program has no syntax tree; the message is a Chinese sentence that names the line."""


def parse(code: str) -> ast.Module:
    """Return the syntax tree of `code`; Unreadable if it has none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "\d" in a plain string is no reason to refuse a program
            return ast.parse(code)
    except SyntaxError as error:
        raise Unreadable(f"代码第 {error.lineno or 1} 行有语法错误，无法识别其中的操作。") from None
    except (ValueError, RecursionError, MemoryError):
        raise Unreadable("代码里有无法识别的字符，或嵌套过深，无法识别其中的操作。") from None


def live_calls(code: str) -> list[Call]:
    """Return the calls of `code` that can run, in order of their lines; Unreadable if it has no syntax tree.

    >>> [call.name for call in live_calls("import pandas as pd\\nif False:\\n    pd.concat([])\\npd.read_csv('a.csv')")]
    ['pandas.read_csv']
    """
    tree = parse(code)
    try:
        return sorted(_Program(tree).calls(), key=lambda call: call.line)
    except RecursionError:
        raise Unreadable("代码嵌套过深，无法识别其中的操作。") from None


def is_call_of(call: Call, wanted: str) -> bool:
    """Return True if `call` is one of `wanted`: a bare name (`drop_duplicates`) or a dotted one (`pd.read_csv`).

    >>> is_call_of(Call("sklearn.model_selection.train_test_split", 1), "train_test_split")
    True
    """
    head, dot, rest = wanted.partition(".")
    full = f"{_KNOWN_ALIASES[head]}.{rest}" if dot and head in _KNOWN_ALIASES else wanted
    return any(call.name == name or call.name.endswith(f".{name}") for name in {wanted, full})


class _Program:
    """One pass over the live statements; functions join when their name is used in live code."""

    def __init__(self, tree: ast.Module) -> None:
        self.tree = tree
        self.aliases, self.constants = _names(tree)
        self.waiting: dict[str, list[_Function]] = defaultdict(list)
        self.used: set[str] = set()
        self.found: list[Call] = []
        self.own = {node.name for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))}

    def calls(self) -> list[Call]:
        """Return all live calls."""
        self._block(self.tree.body)
        while ready := [name for name in self.waiting if name in self.used]:
            for name in ready:
                for function in self.waiting.pop(name):
                    self._enter(function)
        return self.found

    def _enter(self, function: _Function) -> None:
        if isinstance(function, ast.Lambda):
            self._expression(function.body)
        else:
            self._block(function.body)

    def _block(self, statements: Iterable[ast.stmt]) -> bool:
        """Visit `statements` up to the first that leaves the block; return True if there is one."""
        return any(self._statement(statement) for statement in statements)

    def _statement(self, node: ast.stmt) -> bool:
        """Visit one statement; return True if nothing after it in its block can run."""
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            self.waiting[node.name].append(node)
            self._expressions([*node.decorator_list, *node.args.defaults, *(d for d in node.args.kw_defaults if d)])
            return False
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda) and isinstance(node.targets[0], ast.Name):
            self.waiting[node.targets[0].id].append(node.value)
            return False
        if isinstance(node, ast.ClassDef):
            self._class(node)
            return False
        if isinstance(node, (ast.If, ast.While)):
            return self._branch(node)
        if isinstance(node, (ast.Try, ast.TryStar)):
            left = self._block([*node.body, *node.orelse])
            handled = [self._block(handler.body) for handler in node.handlers]
            return self._block(node.finalbody) or (left and all(handled))
        if isinstance(node, (ast.For, ast.AsyncFor)) and isinstance(node.iter, (ast.List, ast.Tuple)) and not node.iter.elts:
            return self._block(node.orelse)
        return self._plain(node)

    def _plain(self, node: ast.stmt) -> bool:
        """Visit a statement by its parts: expressions first, then the blocks inside it."""
        self._expressions(_expressions_of(node))
        inner = [self._block(block) for block in _blocks_of(node)]
        if isinstance(node, (ast.With, ast.AsyncWith)):
            return any(inner)
        if isinstance(node, ast.Assert):
            return _truth(node.test) is False
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            return self._name(node.value.func) in _EXITS
        return isinstance(node, (ast.Return, ast.Raise, ast.Break, ast.Continue))

    def _class(self, node: ast.ClassDef) -> None:
        self._expressions([*node.decorator_list, *node.bases, *(keyword.value for keyword in node.keywords)])
        self._block(node.body)
        for statement in node.body:
            # __init__ and its kin are called by using the class, not by their name.
            if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)) and statement.name.startswith("__"):
                self.waiting[statement.name].remove(statement)
                self.waiting[node.name].append(statement)

    def _branch(self, node: ast.If | ast.While) -> bool:
        self._expression(node.test)
        truth = _truth(node.test)
        body = self._block(node.body) if truth is not False else False
        orelse = self._block(node.orelse) if truth is not True else False
        if isinstance(node, ast.While):
            return False
        return body if truth is True else orelse if truth is False else body and orelse

    def _expressions(self, nodes: Iterable[ast.expr]) -> None:
        for node in nodes:
            self._expression(node)

    def _expression(self, node: ast.AST) -> None:
        """Note the calls and the names used in `node`, leaving out operands that are never reached."""
        if isinstance(node, ast.Call):
            self._note(node)
        if isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Load):
            self.used.add(node.id if isinstance(node, ast.Name) else node.attr)
        if isinstance(node, ast.BoolOp):
            stop = isinstance(node.op, ast.Or)
            for operand in node.values:
                self._expression(operand)
                if _truth(operand) is stop:
                    return
        elif isinstance(node, ast.IfExp):
            truth = _truth(node.test)
            self._expression(node.test)
            self._expressions(([node.body] if truth is not False else []) + ([node.orelse] if truth is not True else []))
        else:
            for child in ast.iter_child_nodes(node):
                self._expression(child)

    def _note(self, node: ast.Call) -> None:
        name = self._name(node.func)
        if name:
            keywords = {k.arg: self._value(k.value) for k in node.keywords if k.arg is not None}
            self.found.append(Call(name, node.lineno, keywords))

    def _value(self, node: ast.expr) -> Any:
        if isinstance(node, ast.Name):
            return self.constants.get(node.id, UNKNOWN)
        return _literal(node)

    def _name(self, node: ast.expr) -> str:
        """Return the dotted name of a called thing, "" for one that the program defines itself or that has none."""
        if isinstance(node, ast.Name):
            if node.id in self.aliases:
                return self.aliases[node.id]
            return node.id if hasattr(builtins, node.id) and node.id not in self.own else self._starred(node.id)
        if isinstance(node, ast.Attribute):
            root = _dotted(node)
            first, _, rest = root.partition(".")
            return f"{self.aliases.get(first, first)}.{rest}"
        return ""

    def _starred(self, name: str) -> str:
        """After `from m import *` an unknown name may come from m."""
        return f"{self.aliases['*']}.{name}" if "*" in self.aliases and name not in self.own else ""


def _names(tree: ast.Module) -> tuple[dict[str, str], dict[str, Any]]:
    """Return name → what it was imported as (or set to an imported name), and name → literal for names set once."""
    aliases: dict[str, str] = {}
    values: dict[str, list[ast.expr]] = defaultdict(list)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for item in node.names:
                top = item.name.partition(".")[0]
                aliases[item.asname or top] = item.name if item.asname else top
        elif isinstance(node, ast.ImportFrom):
            for item in node.names:
                module = node.module or ""
                aliases[item.asname or item.name] = module if item.name == "*" else f"{module}.{item.name}"
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            values[node.targets[0].id].append(node.value)
    once = {name: found[0] for name, found in values.items() if len(found) == 1}
    for name, value in once.items():
        first, dot, rest = _dotted(value).partition(".")
        if first in aliases and name not in aliases:
            aliases[name] = f"{aliases[first]}{dot}{rest}"
    constants = {name: literal for name, value in once.items() if (literal := _literal(value)) is not UNKNOWN}
    return aliases, constants


def _dotted(node: ast.expr) -> str:
    """Return `a.b.c` for attributes of a name, `().c` for those of anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    parts.append(node.id if isinstance(node, ast.Name) else "()")
    return ".".join(reversed(parts))


def _literal(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return UNKNOWN


def _truth(node: ast.expr) -> bool | None:
    """Return the truth of a condition that never changes, None for any other.

    `__name__ == "__main__"` is left open: both of its branches count.
    """
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        inner = _truth(node.operand)
        return None if inner is None else not inner
    if isinstance(node, ast.BoolOp):
        truths = [_truth(value) for value in node.values]
        decisive = isinstance(node.op, ast.Or)
        return decisive if decisive in truths else None if None in truths else not decisive
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        left, right = _literal(node.left), _literal(node.comparators[0])
        if left is not UNKNOWN and right is not UNKNOWN and isinstance(node.ops[0], (ast.Eq, ast.NotEq)):
            return (left == right) is isinstance(node.ops[0], ast.Eq)
        return None
    value = _literal(node)
    return None if value is UNKNOWN else bool(value)


def _expressions_of(node: ast.stmt) -> Iterator[ast.expr]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            yield child
        elif isinstance(child, ast.withitem):
            yield child.context_expr


def _blocks_of(node: ast.stmt) -> Iterator[list[ast.stmt]]:
    for name in ("body", "orelse"):
        block = getattr(node, name, None)
        if isinstance(block, list):
            yield block
    if isinstance(node, ast.Match):
        for case in node.cases:
            yield case.body
