"""The tiny model, built once, and runtimes beside which it lies."""

from __future__ import annotations

import pytest

from grading import runtimes
from grading.sandbox import BACKENDS, make_backend
from tests.grading.clip import tiny


@pytest.fixture(scope="session")
def media(runtimes_dir):
    """Folder with the built runtime `media`; tests fail, not skip, without it."""
    if runtimes.status("media", runtimes_dir).state != "ready":
        pytest.fail(f"运行环境 media 不在 {runtimes_dir} 或不是最新：请先运行 simulator runtimes build media。")
    return runtimes_dir


@pytest.fixture(scope="session")
def model(python_runtime, tmp_path_factory):
    """Folder `models` with a good model in `clip`."""
    models = tmp_path_factory.mktemp("good") / "models"
    models.mkdir()
    tiny.build(python_runtime, models / "clip")
    return models


@pytest.fixture
def spoilt(model, tmp_path):
    """A copy of the good model that a test may spoil: the folder `models`."""
    return tiny.copied(model, tmp_path / "models")


@pytest.fixture(scope="session", params=list(BACKENDS))
def beside(request, media, model, tmp_path_factory):
    """Every backend in turn, with the good model beside its runtimes."""
    folder = tmp_path_factory.mktemp("beside")
    tiny.copied(model, folder / "models")
    backend = make_backend(request.param, tiny.instance(media, folder))
    yield backend
    backend.close()
