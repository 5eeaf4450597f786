"""Settings: defaults → instance/config.toml → SIMULATOR_* environment. `simulator config` prints values and origins."""

from __future__ import annotations

import os
import secrets
import socket
import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PREFIX = "SIMULATOR_"


class ConfigError(Exception):
    """A setting is unknown or has the wrong type; the message names it and where it was set."""


@dataclass(frozen=True)
class Settings:
    """All settings, one comment each; `instance` is where everything is written."""

    instance: Path
    # SQLAlchemy URL; empty means SQLite in the instance folder.
    database_url: str = ""
    # Signs sessions and forms; made at random on the first start and kept in instance/secret_key.
    secret_key: str = ""
    # Folder with tasks/, papers/ and standard/; empty means the one shipped with the program.
    tasks_dir: str = ""
    # Folder of the sandbox runtimes; empty means runtimes/ of the instance folder.
    runtimes_dir: str = ""
    # Address to listen on; 0.0.0.0 for the whole classroom network.
    host: str = "127.0.0.1"
    # Port to listen on.
    port: int = 8000
    # Processes that answer pages; 0 means one, on machines with four cores or more two.
    web_workers: int = 0
    # Threads that answer pages at most, in each of these processes; two as long as none is held up.
    threads: int = 8
    # Workers that mark; 0 means as many as the machine has cores.
    markers: int = 0
    # Time zone in which times are shown and typed.
    timezone: str = "Asia/Shanghai"
    # Largest request body in MiB (uploads).
    max_request_mb: int = 25
    # Log-ins that one address may try in a minute.
    login_rate: int = 20
    # Where log-ins are counted (memory:// or redis://…); empty means in the database, which holds for all processes and machines.
    limits_url: str = ""
    # Set when pages are served over HTTPS: cookies are then sent over HTTPS only.
    https: bool = False
    # Number of proxies in front whose X-Forwarded-* headers are trusted.
    proxies: int = 0
    # Store of uploads: empty means blobs/ of the instance folder, else any fsspec URL (file:///…, s3://…).
    blobs_url: str = ""
    # Largest copy on this machine of what was read from the store of blobs_url, in MiB; 0 means none.
    blobs_cache_mb: int = 1024
    # Celery's broker (redis://… or amqp://…) when several machines mark; empty means the database is asked.
    broker_url: str = ""
    # Name of the queue at the broker; installations that share a broker need different ones.
    broker_queue: str = "simulator"
    # Name of this machine among several that mark; empty means its host name.
    node_name: str = ""
    # Networks whose machines may read /metrics without logging in, separated by commas; administrators always may.
    metrics_from: str = "127.0.0.1/32,::1/128"
    # OpenAI-compatible address of a language model for practice, ending in /v1; empty means none. Its key is no setting.
    llm_url: str = ""
    # Name of the model there.
    llm_model: str = ""
    # File that holds the key, if the environment does not; empty means llm_key in the instance folder.
    llm_key_file: str = ""
    # Seconds that one answer of the model may take.
    llm_timeout_s: int = 60
    # Longest answer that is taken, in characters; the model is asked for no more tokens either.
    llm_answer_chars: int = 1000
    # Requests to the model at a time, from each machine that marks.
    llm_parallel: int = 4
    # Runs with the model that one candidate may start in a minute.
    llm_rate: int = 6
    # Demo school: shows the demo accounts on the log-in page. Set by `simulator demo` only.
    demo: bool = False
    origins: dict[str, str] = field(default_factory=dict, compare=False, repr=False)

    @property
    def database(self) -> str:
        """The effective SQLAlchemy URL."""
        return self.database_url or f"sqlite:///{self.instance / 'simulator.sqlite'}"

    @property
    def node(self) -> str:
        """Name of this machine in the names of workers."""
        return self.node_name or socket.gethostname()

    @property
    def tasks(self) -> Path:
        """The effective folder of tasks."""
        return Path(self.tasks_dir) if self.tasks_dir else shipped("tasks")

    @property
    def runtimes(self) -> Path:
        """Folder of the sandbox runtimes."""
        return Path(self.runtimes_dir) if self.runtimes_dir else self.instance / "runtimes"


def shipped(name: str) -> Path:
    """Return the folder `tasks` or `templates`: beside the package in a checkout, inside it in a wheel."""
    inside = Path(__file__).resolve().parent / name
    return inside if inside.is_dir() else ROOT / name


def default_instance() -> Path:
    """Return $SIMULATOR_INSTANCE, else `instance/` of the checkout, else `instance/` of the current folder."""
    if value := os.environ.get(f"{PREFIX}INSTANCE"):
        return Path(value).resolve()
    return (ROOT if (ROOT / "setup.cfg").is_file() else Path.cwd()) / "instance"


def load_settings(instance: Path | None = None, **overrides: Any) -> Settings:
    """Return the settings; ConfigError names a bad one. Makes the instance folder and the secret if missing."""
    folder = (instance or default_instance()).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for origin, source in (
        ("config.toml", _from_file(folder / "config.toml")), ("environment", _from_environment()), ("argument", overrides)
    ):
        for name, value in source.items():
            values[name] = _typed(name, value, origin)
            origins[name] = origin
    values.setdefault("secret_key", "")
    if not values["secret_key"]:
        values["secret_key"] = _secret(folder / "secret_key")
        origins["secret_key"] = "instance/secret_key"  # noqa: S105  where it is kept, not what it is
    return Settings(instance=folder, origins=origins, **values)


def _from_file(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} 不是有效的 TOML：{error}") from None


def _from_environment() -> dict[str, Any]:
    known = {f.name for f in fields(Settings)} - {"instance", "origins"}
    return {name: os.environ[f"{PREFIX}{name.upper()}"] for name in known if f"{PREFIX}{name.upper()}" in os.environ}


def _typed(name: str, value: Any, origin: str) -> Any:
    kinds = {f.name: f.type for f in fields(Settings)}
    if name not in kinds or name in ("instance", "origins"):
        raise ConfigError(f"{origin} 里的设置 {name!r} 不存在；可用：{', '.join(sorted(set(kinds) - {'instance', 'origins'}))}")
    try:
        if kinds[name] == "bool":
            return value if isinstance(value, bool) else {"1": True, "true": True, "0": False, "false": False}[str(value).lower()]
        return int(value) if kinds[name] == "int" else str(value)
    except (KeyError, ValueError):
        raise ConfigError(f"{origin} 里的设置 {name} 应是 {kinds[name]}，现在是 {value!r}") from None


def _secret(path: Path) -> str:
    if not path.is_file():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32))
    return path.read_text().strip()
