"""What `simulator doctor` looks at. Every finding says what was found and, unless all is well, what to do."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from grading import clip, runtimes as rt
from grading.errors import SandboxError
from grading.runners.image import prompts
from grading.sandbox import BackendReport, facts, open_sandbox, probe
from simulator.config import ConfigError, Settings

MARKS = {"ok": "✓", "warn": "!", "fail": "✗"}
MIB, GIB = 1 << 20, 1 << 30
STRICT = "bwrap"


@dataclass(frozen=True)
class Finding:
    """One line of the page. level : `fail` means that exams cannot be marked here; advice : what to do, or ""."""

    name: str
    level: Literal["ok", "warn", "fail"]
    found: str
    advice: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the finding for programs."""
        return asdict(self)


def machine() -> Iterator[Finding]:
    """Yield what the system offers: interpreter, kernel, libraries, namespaces, users, memory."""
    new = sys.version_info >= (3, 11)
    yield Finding("Python", "ok" if new else "fail", platform.python_version(), "" if new else "请安装 Python 3.11 或更新版本。")
    if sys.platform != "linux":
        yield Finding("操作系统", "fail", platform.system(), "沙箱只能在 Linux 上运行；请用 Linux 机器或虚拟机。")
        return
    recent = facts.kernel() >= facts.KERNEL
    yield Finding("内核", "ok" if recent else "fail", platform.release(), "" if recent else "请升级到 Linux 5.14 或更新的内核。")
    version = facts.seccomp_version()
    yield Finding("libseccomp", "ok" if version else "fail", version or "没有找到", "" if version else "请安装系统包 libseccomp2。")
    try:
        yield Finding("bwrap", "ok", facts.bwrap_version())
    except (SandboxError, OSError) as error:
        yield Finding("bwrap", "warn", str(error), "严格复评和非 Python 程序要用它：请安装系统包 bubblewrap。")
    yield _namespaces()
    yield _users()
    yield _memory()
    free, cores = _available_memory(), os.cpu_count() or 1
    enough = free >= cores * GIB
    yield Finding("处理器和内存", "ok" if enough else "warn", f"{cores} 核，可用内存 {free / GIB:.1f} GB",
                  "" if enough else "同时评分的每个程序可能用到 1 GB：请加内存，或把设置 markers 改小。")  # fmt: skip


def _namespaces() -> Finding:
    refused, container = facts.namespaces(), facts.container()
    settings = "，".join(f"{name}={value}" for name, value in facts.sysctls().items())
    found = f"{'不允许（' + refused + '）' if refused else '允许'}；{settings}" + (f"；在容器里（{container}）" if container else "")
    if not refused:
        return Finding("用户命名空间", "ok", found)
    advice = ["sysctl -w user.max_user_namespaces=10000"] if facts.sysctls().get("user.max_user_namespaces") == "0" else []
    if facts.sysctls().get("kernel.unprivileged_userns_clone") == "0":
        advice.append("sysctl -w kernel.unprivileged_userns_clone=1")
    if facts.sysctls().get("kernel.apparmor_restrict_unprivileged_userns") == "1":
        advice.append("sysctl -w kernel.apparmor_restrict_unprivileged_userns=0")
    if container:
        advice.append("容器要加 --security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined")
    return Finding("用户命名空间", "fail", found, "；".join(advice) or "请让管理员允许建立用户命名空间，详见 docs/sandbox.md。")


def _users() -> Finding:
    if facts.is_root():
        return Finding("用户", "warn", "现在是 root", "考场请用普通用户运行：程序若有漏洞，损失小得多。")
    if facts.many_users():
        return Finding("用户", "ok", "普通用户，同时的运行各有自己的用户号（/etc/subuid）")
    return Finding("用户", "warn", "普通用户，同时的运行共用一个用户号",
                   "可以评分；再装系统包 uidmap 并在 /etc/subuid、/etc/subgid 里分配 65536 个号，各次运行隔得更开。")  # fmt: skip


def _memory() -> Finding:
    version = facts.memory_cgroup()
    if version:
        return Finding("内存上限", "ok", f"由内核执行（cgroup v{version}）")
    return Finding("内存上限", "warn", "不能写 cgroup，每 0.05 秒抽样检查合计内存",
                   "可以评分；用 systemd 服务运行并写上 Delegate=yes，就由内核执行。")  # fmt: skip


def _available_memory() -> int:
    for line in Path("/proc/meminfo").read_text("ascii").splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return 0


def runtimes(directory: Path) -> Iterator[Finding]:
    """Yield whether the environments of candidates' programs are built."""
    for name in rt.names():
        status = rt.status(name, directory)
        level: Literal["ok", "warn", "fail"] = {"ready": "ok", "outdated": "warn"}.get(status.state, "fail")  # type: ignore[assignment]
        found = {"ready": "可用", "outdated": "与这个版本的程序不一致", "missing": "没有安装"}[status.state]
        yield Finding(f"运行环境 {name}", level, found, "" if level == "ok" else f"请运行 simulator runtimes build {name}")


def clip_model(directory: Path) -> Iterator[Finding]:
    """Yield what lies in the folder for the school's own CLIP model beside the runtimes; not having one is no fault."""
    models = rt.models_folder(directory)
    found = clip.find(models)
    if found is None:
        yield Finding("CLIP 模型", "ok", f"没有放（可选）：不评判提示词是否相符；要用就放进 {models / clip.FOLDER}，见 docs/clip.md")
        return
    for file in found.files:
        yield Finding(f"CLIP 文件 {file.name}", "ok", f"{file.size / MIB:.1f} MB，SHA-256 {file.sha256}")
    if found.problem:
        yield Finding("CLIP 模型", "warn", found.problem, f"修好 {found.folder} 里的文件，或把它们移走；在这之前不评判提示词是否相符。")
        return
    language = "认识中文" if found.language == "zh" else "不认识中文，用试题的英文提示词"
    yield Finding("CLIP 模型", "ok", f"文件齐全，{language}，每次运行最多用 {found.memory_mb} MB 内存，指纹 {found.fingerprint}")


def clip_trial(directory: Path) -> Iterator[Finding]:
    """Yield whether the school's CLIP model really runs in the sandbox; nothing if there is none that could."""
    found = clip.find(rt.models_folder(directory))
    if found is None or found.problem or rt.status("media", directory).state == "missing":
        return
    try:
        with closing(open_sandbox(directory, remember=True)) as sandbox:
            judged = prompts.trial(sandbox)
    except SandboxError:
        return  # told above
    if judged.sheet is None:
        yield Finding("CLIP 试算", "warn", judged.reason, f"换一个模型，或把 {found.folder} 移走；在这之前不评判提示词是否相符。")
    elif judged.result is not None:
        used = f"用时 {judged.result.wall_s:.1f} 秒，内存 {judged.result.memory_mb:.0f} MB"
        yield Finding("CLIP 试算", "ok", f"在沙箱里比较一张图和两句话：{used}")


def sandboxes(directory: Path) -> Iterator[Finding]:
    """Attack every backend; yield which one runs and why another does not."""
    reports = probe(directory)
    chosen = next((report for report in reports if report.ok), None)
    for report in reports:
        yield _sandbox(report, chosen)


def _sandbox(report: BackendReport, chosen: BackendReport | None) -> Finding:
    name = f"沙箱 {report.name}"
    if report.ok:
        use = "考试时用它" if report is chosen else "可用，备用" + ("和严格复评" if report.name == STRICT else "")
        return Finding(name, "ok", f"{use}；守住全部 {len(report.checks)} 项攻击（{report.seconds:.1f} 秒）")
    if chosen is None:
        return Finding(name, "fail", report.reason, "按上面的 ✗ 和 docs/sandbox.md 处理后，再运行 simulator sandbox selftest。")
    lost = "；不能严格复评" if report.name == STRICT else "；评分会慢得多"
    return Finding(name, "warn", report.reason, f"已改用 {chosen.name}{lost}。机器正忙时，等它空闲再试一次。")


def installation(settings: Settings) -> Iterator[Finding]:
    """Yield what this installation needs: folder, disk, database, clock."""
    writable = os.access(settings.instance, os.W_OK)
    free = shutil.disk_usage(settings.instance).free
    level: Literal["ok", "warn", "fail"] = "fail" if not writable or free < GIB // 2 else "warn" if free < 5 * GIB else "ok"
    yield Finding("数据目录", level, f"{settings.instance}，{'可写' if writable else '不可写'}，剩余 {free / GIB:.1f} GB",
                  "" if level == "ok" else "请换一个可写、至少有 5 GB 空闲的位置（SIMULATOR_INSTANCE）。")  # fmt: skip
    database = _database(settings)
    yield database
    if database.level == "ok":
        yield _cells(settings)
    yield _clock(settings)


def _database(settings: Settings) -> Finding:
    from simulator import schema
    from simulator.db import Database

    url = make_url(settings.database)
    shown = url.render_as_string(hide_password=True)
    if url.get_backend_name() == "sqlite" and url.database and not Path(url.database).exists():
        return Finding("数据库", "warn", f"{shown}，还没有建立", "第一次运行 simulator serve 时会建立。")
    try:
        db = Database(settings.database)
        try:
            current, newest = schema.revisions(db)
        finally:
            db.engine.dispose()
    except (SQLAlchemyError, ImportError, OSError) as error:
        reason = str(error).splitlines()[0][:160]
        return Finding("数据库", "fail", f"{shown}，连不上：{reason}", "请检查设置 database_url，以及数据库是否在运行。")
    if current != newest:
        return Finding("数据库", "fail", f"{shown}，结构是 {current or '空的'}，应是 {newest}", "请先备份，再运行 simulator db upgrade")
    return Finding("数据库", "ok", f"{shown}，结构是最新的（{current}）")


def _cells(settings: Settings) -> Finding:
    from simulator import cells
    from simulator.db import Database

    db = Database(settings.database)
    try:
        with db.read() as session:
            wrong = cells.check(session)
    finally:
        db.engine.dispose()
    if wrong:
        found = f"{len(wrong)} 格与评分记录不符，例如 {wrong[0]}"
        return Finding("成绩缓存", "fail", found, "请运行 simulator db refresh-cells，并报告这个错误。")
    return Finding("成绩缓存", "ok", "排行榜的每一格都与评分记录一致")


def _clock(settings: Settings) -> Finding:
    try:
        now = datetime.now(UTC).astimezone(ZoneInfo(settings.timezone))
    except (ZoneInfoNotFoundError, ValueError):
        return Finding("时间", "fail", f"没有名为 {settings.timezone} 的时区", "请把设置 timezone 改成例如 Asia/Shanghai。")
    found = f"{now:%Y-%m-%d %H:%M:%S}（{settings.timezone}）"
    if now.year < 2026:
        return Finding("时间", "fail", found, "机器的时钟错了：请先校正，否则场次的开始和结束都会错。")
    if facts.clock_is_synchronised() is False:
        advice = "开考前请核对时间；有时间服务器时用 timedatectl set-ntp true。"
        return Finding("时间", "warn", f"{found}，时钟没有与时间服务器同步", advice)
    return Finding("时间", "ok", found)


def language_model(settings: Settings, *, ask: bool) -> Finding:
    """Return whether a language model is connected for practice; ask : whether it answers, too. It is never needed."""
    from simulator.endpoint import endpoint_of

    name = "大模型（练习用，可选）"
    try:
        endpoint = endpoint_of(settings)
    except ConfigError as error:
        return Finding(name, "fail", str(error), "改正后再启动；不用大模型时，把 llm_url 留空。")
    if endpoint is None:
        return Finding(name, "ok", "没有接入，练习也用内置引擎")
    found = f"{endpoint.model}，{endpoint.url}，密钥{'已设置' if endpoint.key() else '没有设置'}"
    if endpoint.key_file.is_file() and endpoint.key_file.stat().st_mode & 0o077:
        return Finding(name, "warn", found, f"密钥文件别人也能读：请运行 chmod 600 {endpoint.key_file}")
    if not ask:
        return Finding(name, "ok", f"{found}；没有试问（simulator doctor --ask-model 会问一句）")
    answered, sentence = endpoint.try_out()
    return Finding(name, "ok" if answered else "warn", f"{found}；{sentence if answered else '没有回答'}", "" if answered else sentence)
