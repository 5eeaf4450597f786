from __future__ import annotations

import stat

import pytest

from simulator.config import ConfigError, load_settings


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
