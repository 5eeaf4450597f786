"""Finishing the runtime `media`: weights are read without torch and without trusting the file; packages that brought them go."""

from __future__ import annotations

import io
import os
import pickle
import sys
import types
from collections import OrderedDict

import numpy as np
import pytest

from grading.runtimes import media, spec


class Storage:
    def __init__(self, key, count):
        self.key, self.count = key, count


def torch_file(monkeypatch, weights, *, magic=media.MAGIC, lie=0, kind="FloatStorage"):
    """Return a file as torch wrote it before version 1.6, without torch."""
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
    torch.FloatStorage = type("FloatStorage", (), {"__module__": "torch"})
    torch.ByteStorage = type("ByteStorage", (), {"__module__": "torch"})

    def _rebuild_tensor_v2():
        """Stands for torch's function of that name."""

    _rebuild_tensor_v2.__module__, _rebuild_tensor_v2.__qualname__ = "torch._utils", "_rebuild_tensor_v2"
    utils._rebuild_tensor_v2 = _rebuild_tensor_v2
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setitem(sys.modules, "torch._utils", utils)

    class Tensor:
        def __init__(self, key, array):
            self.key, self.array = key, array

        def __reduce__(self):
            strides = tuple(step // 4 for step in self.array.strides)
            return _rebuild_tensor_v2, (Storage(self.key, self.array.size), 0, self.array.shape, strides, False, OrderedDict())

    class Pickler(pickle.Pickler):
        def persistent_id(self, found):
            return ("storage", getattr(torch, kind), found.key, "cpu", found.count, None) if isinstance(found, Storage) else None

    out = io.BytesIO()
    for head in (magic, media.PROTOCOL, {"little_endian": True}):
        pickle.dump(head, out, protocol=2)
    named = {f"s{n}": array for n, array in enumerate(weights.values())}
    Pickler(out, protocol=2).dump({"step": 1, "model_state": OrderedDict(zip(weights, map(Tensor, named, named.values()), strict=True))})
    pickle.dump(list(named), out, protocol=2)
    for array in named.values():
        out.write((array.size + lie).to_bytes(8, "little") + array.astype("<f4").tobytes())
    monkeypatch.delitem(sys.modules, "torch")
    monkeypatch.delitem(sys.modules, "torch._utils")
    return out.getvalue()


@pytest.fixture
def weights():
    generator = np.random.default_rng(0)
    return {
        "lstm.weight": generator.standard_normal((8, 3)).astype(np.float32), "linear.bias": generator.standard_normal(5).astype(np.float32),
        "similarity_weight": np.ones(1, np.float32),
    }


def test_weights_are_read_without_torch(monkeypatch, tmp_path, weights):
    path = tmp_path / "pretrained.pt"
    path.write_bytes(torch_file(monkeypatch, weights))
    found = media.speaker(path)
    assert list(found) == ["lstm.weight", "linear.bias"]
    for name, array in found.items():
        assert array.dtype == np.float16
        assert np.array_equal(array, weights[name].astype(np.float16))


@pytest.mark.parametrize(("changes", "error"), [
    ({"magic": 1}, ValueError), ({"lie": 1}, ValueError), ({"kind": "ByteStorage"}, pickle.UnpicklingError),
])
def test_another_file_is_refused(monkeypatch, tmp_path, weights, changes, error):
    path = tmp_path / "pretrained.pt"
    path.write_bytes(torch_file(monkeypatch, weights, **changes))
    with pytest.raises(error):
        media.speaker(path)


class Evil:
    def __reduce__(self):
        return os.system, ("exit 1",)


def test_nothing_but_tensors_is_unpickled():
    for protocol in (0, 2, 5):
        with pytest.raises(pickle.UnpicklingError, match=r"unexpected (posix|nt)\.system"):
            media.Tensors(io.BytesIO(pickle.dumps(Evil(), protocol=protocol))).load()


def test_models_stay_and_their_packages_go(monkeypatch, tmp_path, weights):
    packages = tmp_path / "lib" / "python3.11" / "site-packages"
    for package, wanted in media.SOUND.items():
        for name in wanted or {"pretrained.pt": ""}:
            path = packages / package / name
            path.parent.mkdir(parents=True)
            path.write_bytes(b"model of " + package.encode())
        (packages / f"{package.capitalize()}-1.0.dist-info").mkdir()
    (packages / "numpy").mkdir()
    (packages / "resemblyzer" / "pretrained.pt").write_bytes(torch_file(monkeypatch, weights))
    media.main(tmp_path)
    assert sorted(path.name for path in packages.iterdir()) == ["media_models", "numpy"]
    models = sorted(path.name for path in (packages / "media_models").iterdir())
    assert models == ["__init__.py", "dnsmos.onnx", "silero_vad.onnx", "speaker.npz"]
    assert (packages / "media_models" / "dnsmos.onnx").read_bytes() == b"model of speechmos"


def test_everything_is_pinned_and_nothing_needs_torch():
    wanted = spec("media")
    assert all("==" in package for package in (*wanted.packages, *wanted.bare))
    assert not any(name in package.lower() for package in (*wanted.packages, *wanted.bare) for name in ("torch", "librosa"))
