"""Thin views. The list of blueprints is the map of the site."""

from __future__ import annotations

from flask import Flask

from simulator.views import (
    about,
    admin,
    appeals,
    auth,
    board,
    catalog,
    desk,
    events,
    exam,
    health,
    home,
    labelling,
    linting,
    remark,
    results,
    styleguide,
    trials,
)


def register(app: Flask) -> None:
    """Register every blueprint."""
    places = (
        home, auth, exam, labelling, trials, linting, results, appeals, board, desk, remark, catalog, admin, events, about, styleguide,
        health,
    )
    for module in places:
        app.register_blueprint(module.blueprint)
