"""What a candidate reads while results are not there yet: who waits before them, for how long, and whether anybody marks."""

from __future__ import annotations

import math
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from simulator import queueing, workers


def wait_text(session: Session, attempt_id: int, now: datetime) -> str:
    """Return one sentence about the markings of an attempt that are not done."""
    wait = queueing.estimate(session, attempt_id, now)
    if not wait.workers:
        if workers.summary(session, now).alive:
            return str(_("评分进程没有可用的沙箱，作答已保存，修复后自动评分。"))
        return str(_("没有评分进程在线，作答已保存，启动后自动评分。"))
    if wait.ahead:
        if wait.seconds is None:
            return str(_("前面还有 %(n)s 份。", n=wait.ahead))
        return str(_("前面还有 %(n)s 份，约 %(time)s。", n=wait.ahead, time=about(wait.seconds)))
    return str(_("正在评分。")) if wait.seconds is None else str(_("正在评分，约 %(time)s。", time=about(wait.seconds)))


def about(seconds: float) -> str:
    """Return a duration as people say it, never too short: 5 秒, 20 秒, 3 分钟."""
    if seconds <= 60:
        step = 5 if seconds <= 20 else 10
        return str(_("%(n)s 秒", n=max(math.ceil(seconds / step), 1) * step))
    return str(_("%(n)s 分钟", n=math.ceil(seconds / 60)))
