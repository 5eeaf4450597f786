"""Thin views. The list of blueprints is the map of the site."""

from __future__ import annotations

from flask import Flask

from simulator.views import (
    about,
    admin,
    appeals,
    auth,
    board,
    boarddesk,
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
    mistakes,
    modules,
    monitor,
    remark,
    reports,
    results,
    rosters,
    seats,
    styleguide,
    trials,
)


def register(app: Flask) -> None:
    """Register every blueprint."""
    sitting = (exam, modules, seats, labelling, trials, linting, messages)
    after = (results, appeals, reports, mistakes, board)
    staff = (boarddesk, desk, monitor, remark, catalog, admin, classes, rosters, events)
    for module in (home, auth, *sitting, *after, *staff, about, styleguide, health):
        app.register_blueprint(module.blueprint)
