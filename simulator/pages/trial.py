"""A trial run as its panel shows it, and what is new for a page that already shows a part of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import render_template, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from simulator import asking, trials, workers
from simulator.models import Trial, TrialFigure
from simulator.pages.links import sitting_links

STREAMS = ("stdout", "stderr")


def panel_view(session: Session, trial: Trial, now: datetime) -> dict[str, Any]:
    """Return everything that the panel of a trial shows."""
    where: dict[str, Any] = {"attempt_id": trial.attempt_id, "trial_id": trial.id}
    return {
        **head_view(session, trial, now), "seen": _seen(session, trial, now),
        "url": url_for("trials.news", **where), "cancel_url": url_for("trials.cancel", **where),
        "streams": [{"name": name, **_stream(trial, name, 0)} for name in STREAMS], "figures": _figures(session, trial, 0),
        "artifacts": trial.result.get("artifacts", []), "problems": trial.result.get("problems", []),
        "evidence": trial.result.get("evidence"), "links": sitting_links(trial.attempt_id, trial.position),
        "left_out": trial.result.get("left_out", 0), "failed": trial.result.get("status") != "ok",
    }


def head_view(session: Session, trial: Trial, now: datetime) -> dict[str, Any]:
    """Return the line that says how the trial stands. tone : live, ok, stopped or bad."""
    result, live = trial.result, trial.state in trials.UNFINISHED
    fine = result.get("status") == "ok" and not result.get("problems")
    return {
        "state": _state(trial), "model": trial.model, "live": live, "stopping": live and trial.cancel, "title": _title(trial),
        "tone": "live" if live else "stopped" if trial.state == "cancelled" else "ok" if fine else "bad",
        "message": _message(session, trial, now), "elapsed_ms": _elapsed_ms(trial, now),
        "wall_s": result.get("wall_s"), "memory_mb": result.get("memory_mb"),
    }


def news_view(session: Session, trial: Trial, now: datetime, have: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what is new, None if nothing is.

    have : `seen` of the last answer, how much of each stream is settled there, how many figures are there.
    """
    seen = _seen(session, trial, now)
    if have["seen"] == seen:
        return None
    head = head_view(session, trial, now)
    news: dict[str, Any] = {
        "seen": seen, "state": head["state"], "live": head["live"], "stopping": head["stopping"], "elapsed_ms": head["elapsed_ms"],
        "said": " ".join(filter(None, (head["title"], head["message"]))), "head": render_template("partials/_trial_head.html", trial=head),
        "streams": {name: _stream(trial, name, have[name]) for name in STREAMS},
        "figures": render_template("partials/_trial_figures.html", figures=_figures(session, trial, have["figures"])),
    }
    if not head["live"]:
        news["products"] = render_template("partials/_trial_products.html", trial=panel_view(session, trial, now))
    return news


def _state(trial: Trial) -> str:
    """Return the state as the page shows it: what goes on between two answers of a language model is all `asking`."""
    live = trial.state in trials.UNFINISHED
    return "asking" if live and trial.model and asking.progress(trial.result) is not None else trial.state


def _seen(session: Session, trial: Trial, now: datetime) -> str:
    """Return a word that changes with everything that a page shows of the trial."""
    if _state(trial) != "queued":
        return f"{trial.state}-{trial.version}"
    return f"queued-{trial.version}-{trials.ahead(session, trial)}-{workers.summary(session, now).able > 0:d}"


def _elapsed_ms(trial: Trial, now: datetime) -> int:
    since = trial.started_at or trial.queued_at
    return max(0, int(((trial.done_at or now) - since).total_seconds() * 1000))


def _stream(trial: Trial, name: str, have: int) -> dict[str, Any]:
    """Return the text of a stream from `have` on: `settled` will not change any more, `open` may.

    begin : where the settled text begins, counted from the first character that was printed; keep : where it ends.
    """
    text: str = getattr(trial, name)
    place = trial.result.get(name) or {"cut": 0, "keep": 0}
    cut, keep = int(place["cut"]), int(place["keep"])
    if trial.state not in trials.UNFINISHED:
        keep = cut + len(text)
    begin = have if cut <= have <= keep else cut
    return {"begin": begin, "keep": keep, "cut": cut, "settled": text[begin - cut : keep - cut], "open": text[keep - cut :]}


def _figures(session: Session, trial: Trial, have: int) -> list[dict[str, Any]]:
    found = (TrialFigure.trial_id == trial.id, TrialFigure.number > have)
    numbers = session.scalars(select(TrialFigure.number).where(*found).order_by(TrialFigure.number))
    where: dict[str, Any] = {"attempt_id": trial.attempt_id, "trial_id": trial.id, "v": int(trial.queued_at.timestamp())}
    return [{"number": number, "url": url_for("trials.figure", number=number, **where)} for number in numbers]


def _title(trial: Trial) -> str:
    if trial.state in trials.UNFINISHED and trial.cancel:
        return str(_("正在停止"))
    if trial.state == "cancelled":
        return str(_("已停止") if trial.started_at else _("已取消"))
    titles = {
        "asking": _("等大模型回答"), "no_answer": _("没有得到大模型的回答"),
        "queued": _("排队中"), "leased": _("运行中"), "ok": _("运行完成"), "runtime_error": _("程序出错"), "time_limit": _("超过时间限制"),
        "memory_limit": _("超过内存限制"), "output_limit": _("输出太多"), "process_limit": _("进程太多"),
    }
    word = _state(trial) if _state(trial) in titles else trial.result.get("status")
    return str(titles.get(word or "", _("未能运行")))


def _message(session: Session, trial: Trial, now: datetime) -> str:
    """Return the sentence after the title; what the sandbox says of a run comes in Chinese."""
    if _state(trial) == "asking":
        return str(_("已得到 %(n)s 个回答。", n=asking.progress(trial.result)))
    if trial.state == "queued":
        return _queue_message(session, trial, now)
    if trial.state == "error":
        hint = _("请再运行一次；若反复出现，请告诉监考教师。作答已保存，不受影响。")
        return f"{trial.result.get('message', '')}{hint}"
    return "" if trial.state in ("leased", "cancelled") else str(trial.result.get("message", ""))


def _queue_message(session: Session, trial: Trial, now: datetime) -> str:
    if not workers.summary(session, now).able:
        return str(_("评分进程暂时没有响应，恢复后会自动运行。"))
    count = trials.ahead(session, trial)
    return str(_("前面还有 %(n)s 个试运行。", n=count) if count else _("下一个就是你。"))
