"""Extract the interface's texts, update the English catalogue, compile it. `--check` only tells whether it is complete."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from simulator.standings import TIE_TEXT
from simulator.web import STATUS_TEXT

ROOT = Path(__file__).resolve().parent.parent
PO = ROOT / "simulator" / "locale" / "en" / "LC_MESSAGES" / "messages.po"
KEYWORDS = {**DEFAULT_KEYWORDS, "_l": None}
SOURCES = (
    ("simulator", [("**.py", "python")], {}),
    ("templates", [("**.html", "jinja2")], {"**.html": {"silent": "false"}}),
)


def extract() -> Catalog:
    """Return every text of the program and its templates."""
    catalog = Catalog(fuzzy=False)
    for folder, methods, options in SOURCES:
        found = extract_from_dir(ROOT / folder, methods, options, keywords=KEYWORDS)
        for filename, _line, message, _comments, context in found:
            catalog.add(message, None, [(f"{folder}/{filename}", None)], context=context)
    for text in constants():
        catalog.add(text)
    return catalog


def constants() -> Iterator[str]:
    """Yield the texts that are translated when they are shown: of every `Refused(…)`, the error pages, the tie-break rules."""
    for path in sorted((ROOT / "simulator").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Refused":
                yield from (a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str) and a.value)
    yield from (text for pair in STATUS_TEXT.values() for text in pair)
    yield from TIE_TEXT.values()


def merged() -> Catalog:
    """Return the English catalogue with all present texts; those that are gone are dropped."""
    with PO.open("rb") as file:
        english = read_po(file, locale="en")
    created = english.creation_date
    english.update(extract(), no_fuzzy_matching=True)
    english.creation_date = created  # the file changes only when a text does
    english.obsolete.clear()
    return english


def missing(catalog: Catalog) -> list[str]:
    """Return the texts without a translation."""
    return [str(message.id) for message in catalog if message.id and not message.string]


def main() -> int:
    """Update and compile, or check."""
    english = merged()
    po, mo = BytesIO(), BytesIO()
    write_po(po, english, omit_header=False, sort_output=True, no_location=True, width=120)
    write_mo(mo, english)
    untranslated = missing(english)
    for text in untranslated:
        print(f"没有英文：{text}", file=sys.stderr)
    if "--check" in sys.argv:
        return 1 if untranslated or PO.with_suffix(".mo").read_bytes() != mo.getvalue() else 0
    PO.write_bytes(po.getvalue())
    PO.with_suffix(".mo").write_bytes(mo.getvalue())
    print(f"{len(english)} 条文字，{len(untranslated)} 条没有英文")
    return 0


if __name__ == "__main__":
    sys.exit(main())
