"""What templates call most: the same as the library's, only cheaper."""

from __future__ import annotations

from flask import session
from markupsafe import Markup

from simulator.rendering import same_for_all, translate


def test_texts_follow_the_language_and_escape_what_is_put_in(app):
    with app.test_request_context():
        assert translate("登录") == "登录"
        assert translate("第 %(n)s 题", n="<b>") == "第 &lt;b&gt; 题"
    with app.test_request_context():
        session["lang"] = "en"
        assert translate("登录") == "Log in"


def test_an_icon_is_silent_or_says_its_escaped_text(app):
    icon = app.jinja_env.globals["icon"]
    with app.test_request_context():
        silent = icon("check")
        assert 'aria-hidden="true"' in silent
        assert "icons.svg?v=" in silent
        assert isinstance(silent, Markup)
        assert 'aria-label="&lt;&#34;&gt;"' in icon("check", '<">')


def test_an_address_changes_with_the_content_and_knows_where_the_application_is(app):
    asset = app.jinja_env.globals["asset"]
    with app.test_request_context():
        assert asset("app.css").startswith("/static/app.css?v=")
    with app.test_request_context(base_url="http://localhost/school"):
        assert asset("app.css").startswith("/school/static/app.css?v=")


def test_a_part_is_rendered_once_for_each_language(app):
    with app.test_request_context():
        chinese = same_for_all("partials/_dialogs.html")
        assert same_for_all("partials/_dialogs.html") is chinese
    with app.test_request_context():
        session["lang"] = "en"
        assert "Cancel" in same_for_all("partials/_dialogs.html")
