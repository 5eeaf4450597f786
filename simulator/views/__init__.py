"""Thin views. The list of blueprints is the map of the site."""

from __future__ import annotations

from flask import Flask

from simulator.views import (
    about,
    admin,
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
    mistakes,
    reports,
    results,
    styleguide,
    trials,
)


def register(app: Flask) -> None:
    """Register every blueprint."""
    for module in (
        home, auth, exam, labelling, trials, linting, results, reports, mistakes, board, desk, catalog, admin, events, about,
        styleguide, health,
    ):
        app.register_blueprint(module.blueprint)
