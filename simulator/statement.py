"""Statements: Markdown from trusted authors → sanitised HTML, formulas as MathML (no script in the browser)."""

from __future__ import annotations

from functools import lru_cache
from html import escape

import nh3
from latex2mathml.converter import convert
from markdown_it import MarkdownIt
from markupsafe import Markup
from mdit_py_plugins.dollarmath import dollarmath_plugin

MATHML = {
    "math", "mrow", "mi", "mn", "mo", "mtext", "mfrac", "msqrt", "mroot", "msub", "msup", "msubsup", "munder", "mover",
    "munderover", "mtable", "mtr", "mtd", "mspace", "mstyle", "mpadded", "mfenced", "semantics",
}
TAGS = {
    "p", "br", "hr", "h2", "h3", "h4", "ul", "ol", "li", "strong", "em", "code", "pre", "blockquote", "table", "thead", "tbody",
    "tr", "th", "td", "a", "kbd", "sub", "sup", "del", "span", "div",
} | MATHML
ATTRIBUTES = {
    "a": {"href", "title"}, "ol": {"start"}, "th": {"align"}, "td": {"align"}, "span": {"class"}, "div": {"class"},
    "code": {"class"}, "math": {"display", "xmlns"}, "mo": {"stretchy", "fence", "separator"}, "mspace": {"width"},
}


def _formula(content: str, options: dict[str, bool]) -> str:
    try:
        return str(convert(content, display="block" if options.get("display_mode") else "inline"))
    except Exception:  # latex2mathml raises many kinds; an unreadable formula is shown as it was typed
        return f"<code>{escape(content)}</code>"


_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).use(
    dollarmath_plugin, renderer=_formula, double_inline=True, allow_digits=False, allow_space=False,
)


@lru_cache(maxsize=4096)
def render(text: str) -> Markup:
    """Return `text` (Markdown) as safe HTML."""
    return Markup(_clean(_MARKDOWN.render(text)))  # noqa: S704  sanitised


@lru_cache(maxsize=8192)
def render_inline(text: str) -> Markup:
    """Return one line of Markdown as safe HTML without a paragraph around it (options, stems)."""
    return Markup(_clean(_MARKDOWN.renderInline(text)))  # noqa: S704  sanitised


def _clean(html: str) -> str:
    return nh3.clean(html, tags=TAGS, attributes=ATTRIBUTES, link_rel=None, url_schemes={"http", "https"})
