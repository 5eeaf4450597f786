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
    mistakes,
    modules,
    reports,
    results,
    seats,
    styleguide,
    trials,
)


def register(app: Flask) -> None:
    """Register every blueprint."""
    sitting = (exam, modules, seats, labelling, trials, linting)
    after = (results, reports, mistakes, board)
    for module in (home, auth, *sitting, *after, boarddesk, desk, catalog, admin, events, about, styleguide, health):
        app.register_blueprint(module.blueprint)
