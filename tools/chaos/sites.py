"""Where the check happens: one machine with SQLite (`embedded`), or several with PostgreSQL, Redis and Celery (`cluster`)."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import sys
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from random import Random

from sqlalchemy import Engine, create_engine, make_url, select, text
from sqlalchemy.exc import OperationalError

from simulator.config import PREFIX, ROOT, Settings, load_settings
from simulator.models import Lease, Marking
from simulator.services import Services
from tools.chaos.processes import Unit, Units, children, command, fork_servers
from tools.chaos.school import TASKS
from tools.chaos.strikes import Killer, Strike

POSTGRESQL = "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"
VICTIM = "chaos-victim"
"""How the connections of the processes under test call themselves at PostgreSQL: those of the check itself are spared."""


class Missing(Exception):
    """Something that this mode needs is not on this machine; the message says what."""


@dataclass(frozen=True)
class Site:
    """A site whose processes are not started yet.

    services : the check's own way to the database; ports : where pages are served; strikes : kind → how to kill one of them.
    """

    services: Services
    units: Units
    ports: list[int]
    strikes: Mapping[str, Strike]
    weights: Mapping[str, int]

    def answers(self) -> bool:
        """Return whether every web server answers."""
        return all(_healthy(port) for port in self.ports)


def _healthy(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def free_port() -> int:
    """Return a port that nobody uses at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Builder:
    """Makes the units of one site in `folder`; all have the same settings, each machine an instance folder of its own."""

    def __init__(self, folder: Path, runtimes: Path, **settings: str) -> None:
        self._folder = folder
        self._settings = {
            "tasks_dir": str(TASKS), "runtimes_dir": str(runtimes), "login_rate": "1000000", "secret_key": secrets.token_hex(32),
            **settings,
        }
        (folder / "log").mkdir()

    def services(self) -> Services:
        """Return the check's own services."""
        return Services(self.settings())

    def settings(self) -> Settings:
        """Return the settings as the processes have them."""
        return load_settings(self._folder / "check", **self._settings)

    def unit(self, name: str, *command: str, **more: str) -> Unit:
        """Return the service `simulator …` on a machine called `name`."""
        given = {f"{PREFIX}{key.upper()}": value for key, value in {**self._settings, "node_name": name, **more}.items()}
        plain = {key: value for key, value in os.environ.items() if not key.startswith(PREFIX)}
        environment = {**plain, **given, f"{PREFIX}INSTANCE": str(self._folder / name), "PGAPPNAME": VICTIM, "PYTHONPATH": str(ROOT)}
        return Unit(name, [sys.executable, "-m", "simulator", *command], environment, self._folder / "log" / f"{name}.log")


@contextmanager
def embedded(folder: Path, runtimes: Path) -> Iterator[Site]:
    """One `simulator serve`: pages, pool and scheduler on one SQLite file."""
    database = folder / "simulator.sqlite"
    builder = Builder(folder, runtimes, database_url=f"sqlite:///{database}")
    port = free_port()
    units = Units([builder.unit("hall", "serve", "--port", str(port))])
    services, kill = builder.services(), Killer()
    try:
        yield Site(services, units, [port], {
            "整个服务": kill.one_of(lambda: _mains(units, "hall") if _healthy(port) else []),
            "网页进程": kill.one_of(lambda: _below(units, "hall", "spawn_main") if _healthy(port) else []),
            "评分进程": kill.one_of(lambda: _at_work(services, _below(units, "hall", " worker "))),
            "沙箱的派生进程": kill.one_of(lambda: _fork_servers(services, _below(units, "hall", " worker "))),
            "正在写数据库的进程": kill.writer(Path(f"{database}-shm")),
        }, {"整个服务": 1, "网页进程": 3, "评分进程": 3, "沙箱的派生进程": 2, "正在写数据库的进程": 2})
    finally:
        services.db.engine.dispose()


@contextmanager
def cluster(folder: Path, runtimes: Path) -> Iterator[Site]:
    """Two web servers, two machines that mark, two schedulers; PostgreSQL, a Redis of its own, blobs behind fsspec."""
    redis = shutil.which("redis-server")
    if redis is None:
        raise Missing("没有找到 redis-server（Debian：apt install redis-server）。")
    if find_spec("celery") is None:
        raise Missing("没有安装 Celery（pip install '.[cluster]'）。")
    (folder / "blobs").mkdir()
    broker, ports = free_port(), [free_port(), free_port()]
    with _database() as (url, admin):
        builder = Builder(
            folder, runtimes, database_url=url, broker_url=f"redis://127.0.0.1:{broker}/0",
            blobs_url=f"local://{folder / 'blobs'}", markers="1",
        )
        units = Units([
            Unit(
                "redis", [redis, "--port", str(broker), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(folder)],
                os.environ, folder / "log" / "redis.log", pause=4.0, base=True,
            ),
            *(builder.unit(f"web-{n}", "serve", "--web-only", "--port", str(port)) for n, port in enumerate(ports, 1)),
            *(builder.unit(f"worker-{n}", "worker") for n in (1, 2)), *(builder.unit(f"scheduler-{n}", "scheduler") for n in (1, 2)),
        ])
        services, kill = builder.services(), Killer()
        try:
            yield Site(services, units, ports, {
                "网页服务": kill.one_of(lambda: _mains(units, "web")),
                "网页进程": kill.one_of(lambda: _below(units, "web", "spawn_main")),
                "评分服务": kill.one_of(lambda: _mains(units, "worker")),
                "评分进程": kill.one_of(lambda: _at_work(services, _below(units, "worker", " worker"))),
                "沙箱的派生进程": kill.one_of(lambda: _fork_servers(services, _below(units, "worker", " worker"))),
                "计时进程": kill.one_of(lambda: _owner(services, units)),
                "Redis": kill.one_of(lambda: _mains(units, "redis")),
                "数据库连接": lambda random: _end_connections(admin, make_url(url).database or "", random),
            }, {
                "网页服务": 2, "网页进程": 2, "评分服务": 2, "评分进程": 3, "沙箱的派生进程": 2, "计时进程": 2, "Redis": 2, "数据库连接": 3,
            })
        finally:
            services.db.engine.dispose()


MODES: Mapping[str, Callable[[Path, Path], AbstractContextManager[Site]]] = {"embedded": embedded, "cluster": cluster}


@contextmanager
def _database() -> Iterator[tuple[str, Engine]]:
    """Give the URL of a fresh database, and an engine of its server; the database is dropped afterwards."""
    server = os.environ.get("SIMULATOR_TEST_POSTGRESQL") or POSTGRESQL
    admin = create_engine(server, isolation_level="AUTOCOMMIT", pool_pre_ping=True)
    name = f"chaos_{uuid.uuid4().hex[:12]}"
    try:
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
    except (OperationalError, ImportError) as error:
        raise Missing(f"不能使用 PostgreSQL（{server}，可用 SIMULATOR_TEST_POSTGRESQL 另外指定）：{str(error).splitlines()[0]}。") from None
    try:
        yield f"{server.rpartition('/')[0]}/{name}", admin
    finally:
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        admin.dispose()


def _mains(units: Units, prefix: str) -> list[int]:
    return [unit.pid for unit in units.named(prefix) if unit.pid is not None]


def _below(units: Units, prefix: str, word: str) -> list[int]:
    return [child for main in _mains(units, prefix) for child in children(main) if word in command(child)]


def _at_work(services: Services, workers: list[int]) -> list[int]:
    """Return those of `workers` that are marking now: a kill in the middle shows most."""
    with services.db.read() as session:
        names = session.scalars(select(Marking.leased_by).where(Marking.state == "leased"))
        marking = {int(name.rpartition(":")[2].partition("/")[0]) for name in names}
    return [worker for worker in workers if worker in marking]


def _fork_servers(services: Services, workers: list[int]) -> list[int]:
    return [server for worker in _at_work(services, workers) for server in fork_servers(worker)]


def _owner(services: Services, units: Units) -> list[int]:
    """Return the scheduler that owns the lease, both if it is not one of them."""
    with services.db.read() as session:
        lease = session.get(Lease, "scheduler")
    owner = int(lease.owner.rpartition(":")[2]) if lease is not None else 0
    both = _mains(units, "scheduler")
    return [owner] if owner in both else both


def _end_connections(admin: Engine, database: str, random: Random) -> str:
    """End some of the connections of the processes under test, at least one; return what was done."""
    with admin.connect() as connection:
        mine = text("SELECT pid FROM pg_stat_activity WHERE datname = :name AND application_name = :victim")
        pids = [row.pid for row in connection.execute(mine, {"name": database, "victim": VICTIM})]
        chosen = random.sample(pids, random.randint(1, len(pids))) if pids else []
        for pid in chosen:
            connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
    return f"{len(chosen)}/{len(pids)}" if chosen else ""
