"""Thin views. The list of blueprints is the map of the site."""

from __future__ import annotations

from flask import Flask

from simulator.views import (
    about,
    admin,
    auth,
    board,
    boarddesk,
    catalog,
    desk,
    events,
    exam,
    health,
    home,
    labelling,
    linting,
    results,
    styleguide,
    trials,
)


def register(app: Flask) -> None:
    """Register every blueprint."""
    exams = (home, auth, exam, labelling, trials, linting, results, board, boarddesk, desk)
    for module in (*exams, catalog, admin, events, about, styleguide, health):
        app.register_blueprint(module.blueprint)
