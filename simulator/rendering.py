"""What templates call hundreds of times a page, made cheap: texts, icons, addresses of files, parts that are the same for everybody."""

from __future__ import annotations

import hashlib
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from flask import Flask, g, has_request_context, render_template, request, url_for
from flask_babel import gettext
from markupsafe import Markup

from simulator.web import chosen_language

MOST_TEXTS = 20_000

_texts: dict[tuple[str, str], Markup] = {}
"""(language, text) → its translation, as far as it was asked for; the texts of templates, of which there are some thousand."""

_parts: dict[tuple[str, str, str], Markup] = {}


def init_app(app: Flask) -> None:
    """Give the templates of `app` their globals; after Babel, whose `_` is replaced."""
    asset = partial(_asset, Path(str(app.static_folder)))
    app.jinja_env.globals.update(
        _=translate, asset=asset, icon=partial(icon, asset), has_asset=lambda path: (Path(str(app.static_folder)) / path).is_file(),
        same_for_all=same_for_all,
    )


def language() -> str:
    """Return this request's interface language, looked up once."""
    if not has_request_context():
        return chosen_language()
    if "language" not in g:
        g.language = chosen_language()
    found: str = g.language
    return found


def translate(text: str, **variables: Any) -> Markup:
    """Return `text` in the visitor's language; like Jinja's own, it is HTML, and each variable is escaped."""
    key = (language(), text)
    found = _texts.get(key)
    if found is None:
        if len(_texts) >= MOST_TEXTS:  # not all that is translated is a constant
            _texts.clear()
        found = _texts[key] = Markup(gettext(text))  # noqa: S704  ours, and a test keeps markup out of translations
    return found % variables


def icon(asset: Any, name: str, text: str = "") -> Markup:
    """Return a symbol of static/icons.svg. Without a text it is decoration and silent."""
    return _icon(asset("icons.svg"), name, text)


@lru_cache(maxsize=1024)
def _icon(address: str, name: str, text: str) -> Markup:
    said = Markup(' role="img" aria-label="{}"').format(text) if text else Markup(' aria-hidden="true"')
    return Markup(
        '<svg class="icon icon--{}" viewBox="0 0 16 16"{} focusable="false"><use href="{}#{}"></use></svg>'
    ).format(name, said, address, name)  # fmt: skip


def same_for_all(template: str) -> Markup:
    """Return the part of a page that depends on nothing but the language, rendered once."""
    key = (language(), request.script_root, template)
    found = _parts.get(key)
    if found is None:
        found = _parts[key] = Markup(render_template(template))  # noqa: S704  rendered, so escaped
    return found


def _asset(folder: Path, path: str) -> str:
    """Return the address of a static file, which changes with its content."""
    return _address(folder / path, path, request.script_root if has_request_context() else "")


@lru_cache(maxsize=2048)
def _address(file: Path, path: str, _script_root: str) -> str:
    return url_for("static", filename=path, v=hashlib.sha256(file.read_bytes()).hexdigest()[:10])
