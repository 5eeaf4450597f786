from __future__ import annotations

import pytest

from simulator.statement import render, render_inline


def test_tables_formulas_and_code():
    html = render("| a | b |\n|---|---|\n| 1 | 2 |\n\n$\\frac{1}{2}$ 与 `code`\n")
    assert "<table>" in html
    assert "<mfrac>" in html
    assert "<code>code</code>" in html


def test_prices_are_not_formulas():
    assert "$5 和 $6" in render("价格 $5 和 $6 元")


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>", "[x](javascript:alert(1))", "<img src=x onerror=alert(1)>", "$<script>$", "`<b onclick=x>`",
        "[a](data:text/html,x)",
    ],
)
def test_nothing_that_runs_survives(text):
    for html in (render(text), render_inline(text)):
        assert "<script" not in html
        assert "<img" not in html
        assert 'href="javascript' not in html
        assert 'href="data' not in html
        assert "<b " not in html


def test_inline_has_no_paragraph():
    assert render_inline("**粗** $a$").startswith("<strong>粗</strong>")
