from __future__ import annotations

import socket
import stat
import sys

import pytest

from simulator import create_app
from simulator.config import ConfigError, load_settings
from simulator.jobs.notify import make_notify
from simulator.pages.admin import settings_view


def test_defaults_then_file_then_environment_then_argument(tmp_path, monkeypatch):
    assert load_settings(tmp_path).port == 8000
    (tmp_path / "config.toml").write_text("port = 9000\nthreads = 3\n")
    assert load_settings(tmp_path).port == 9000
    monkeypatch.setenv("SIMULATOR_PORT", "9001")
    settings = load_settings(tmp_path)
    assert (settings.port, settings.threads) == (9001, 3)
    assert settings.origins["port"] == "environment"
    assert load_settings(tmp_path, port=9002).port == 9002


def test_the_secret_is_random_kept_and_private(tmp_path):
    one, again, other = load_settings(tmp_path / "a"), load_settings(tmp_path / "a"), load_settings(tmp_path / "b")
    assert one.secret_key == again.secret_key
    assert one.secret_key != other.secret_key
    assert len(one.secret_key) == 64
    assert stat.S_IMODE((tmp_path / "a" / "secret_key").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("prot = 1", "prot.*可用.*port"), ("port = 'x'", "port 应是 int"), ("demo = 2", "demo 应是 bool"), ("= 1", "不是有效的 TOML"),
    ],
)
def test_a_bad_setting_is_named(tmp_path, text, words):
    (tmp_path / "config.toml").write_text(text)
    with pytest.raises(ConfigError, match=words):
        load_settings(tmp_path)


def test_the_database_file_is_private(tmp_path):
    from simulator.db import Database

    Database(f"sqlite:///{tmp_path / 'new.sqlite'}")
    assert stat.S_IMODE((tmp_path / "new.sqlite").stat().st_mode) == 0o600


def test_passwords_in_addresses_are_not_shown(tmp_path):
    settings = load_settings(
        tmp_path, database_url="postgresql+psycopg://exam:se%40cret@db/exam", broker_url="redis://:secret@broker:6379/0",
        blobs_url="s3://key:secret@bucket/uploads", limits_url="redis://broker:6379/1",
    )
    shown = {row["key"]: row["value"] for row in settings_view(settings)}
    assert shown["database_url"] == "postgresql+psycopg://exam:***@db/exam"
    assert shown["broker_url"] == "redis://:***@broker:6379/0"
    assert shown["blobs_url"] == "s3://key:***@bucket/uploads"
    assert shown["limits_url"] == "redis://broker:6379/1"
    assert settings.secret_key not in str(shown)


def test_a_machine_has_its_own_name_or_its_host_name(tmp_path):
    assert load_settings(tmp_path).node == socket.gethostname()
    assert load_settings(tmp_path, node_name="room-2").node == "room-2"


def test_limits_that_cannot_be_counted_anywhere_are_named(tmp_path):
    with pytest.raises(ConfigError, match="limits_url"):
        create_app(load_settings(tmp_path, limits_url="nowhere://x"))


def test_a_broker_without_celery_is_a_sentence(tmp_path, monkeypatch):
    monkeypatch.delattr("simulator.jobs.celery", raising=False)
    monkeypatch.setitem(sys.modules, "simulator.jobs.celery", None)
    with pytest.raises(ConfigError, match="没有安装 Celery"):
        make_notify(load_settings(tmp_path, broker_url="redis://broker:6379/0"))
