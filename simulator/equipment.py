"""Whether this machine has what the tasks of a paper need to be marked here, besides what is always there."""

from __future__ import annotations

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from grading import runners
from grading.runtimes import models_folder
from simulator import catalog
from simulator.models import PaperVersion
from simulator.services import Services


def lacking(session: Session, services: Services, paper: PaperVersion) -> str:
    """Return a sentence that names the first task of `paper` that cannot be marked on this machine, and why; "" if all can."""
    models = models_folder(services.settings.runtimes)
    for version in catalog.paper_tasks(session, paper).values():
        runs = () if version.form else services.tasks.get(session, version).runs  # items of a bank run nothing
        for run in runs:
            reason = runners.lacking(run, models) if run.purpose != "trial" else ""
            if reason:
                return str(_("试题“%(title)s”在这台机器上评不了：%(reason)s", title=version.title, reason=reason))
    return ""
