"""Thin views. The list of blueprints is the map of the site."""

from __future__ import annotations

from flask import Flask

from simulator.views import (
    about,
    admin,
    auth,
    board,
    catalog,
    classes,
    desk,
    events,
    exam,
    health,
    home,
    labelling,
    linting,
    messages,
    monitor,
    results,
    rosters,
    styleguide,
    trials,
)


def register(app: Flask) -> None:
    """Register every blueprint."""
    modules = (
        home, auth, exam, labelling, trials, linting, messages, results, board, desk, monitor, catalog, admin, classes, rosters, events,
        about, styleguide, health,
    )
    for module in modules:
        app.register_blueprint(module.blueprint)
