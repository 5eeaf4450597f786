"""Make the data of this task: readings of circulating pumps with four conditions, and the reference model.

Run with the runtime's Python, which has skl2onnx: ``instance/runtimes/python/bin/python tasks/tuning/onnx-export/make_data.py``.
All readings are simulated: a pump's condition, load and speed give each sensor its mean, noise is added.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from skl2onnx import to_onnx
from sklearn.ensemble import RandomForestClassifier

HERE = Path(__file__).parent
SEED = 20261125
FEATURES = ["load", "speed", "vib_rms", "vib_kurtosis", "vib_1x", "bearing_temp", "flow", "pressure_ripple", "noise_hf"]
SHARES = [0.4, 0.2, 0.2, 0.2]  # 0 normal, 1 bearing wear, 2 imbalance, 3 cavitation


def pumps(rng: np.random.Generator, count: int, prefix: str) -> pd.DataFrame:
    """Return `count` readings with their condition `fault`."""
    fault = rng.choice(4, count, p=SHARES)
    load, speed = rng.uniform(0.3, 1.0, count), rng.uniform(1200, 2900, count)
    stage = rng.uniform(0.35, 1.0, count)  # how far the fault has gone
    wear, imbalance, cavitation = ((fault == n) * stage for n in (1, 2, 3))
    turning = (speed / 2900) ** 2
    vib_1x = 0.8 + 0.9 * turning + 3.4 * imbalance * turning + rng.normal(0, 0.22, count)
    columns = {
        "load": load, "speed": speed,
        "vib_rms": 1.1 + 0.9 * load + 0.55 * vib_1x + 1.3 * wear + 1.0 * cavitation + rng.normal(0, 0.3, count),
        "vib_kurtosis": 3.0 + 2.6 * wear + 0.5 * cavitation + rng.gamma(2.0, 0.18, count),
        "vib_1x": vib_1x,
        "bearing_temp": 31 + 18 * load + 6 * turning + 9 * wear + rng.normal(0, 2.4, count),
        "flow": 62 * load * (speed / 2900) * (1 - 0.16 * cavitation) + rng.normal(0, 1.3, count),
        "pressure_ripple": 1.6 + 1.4 * load + 2.3 * cavitation + rng.normal(0, 0.45, count),
        "noise_hf": 42 + 8 * load + 7 * cavitation + 3.0 * wear + rng.normal(0, 2.0, count),
    }
    table = pd.DataFrame({name: columns[name].round(3) for name in FEATURES})
    table.insert(0, "pump_id", [f"{prefix}{n:04d}" for n in range(1, count + 1)])
    table["fault"] = fault
    return table


def main() -> None:
    """Write all files."""
    rng = np.random.default_rng(SEED)
    train, sample, hidden = pumps(rng, 900, "T"), pumps(rng, 40, "S"), pumps(rng, 600, "H")
    train.to_csv(HERE / "files" / "train.csv", index=False)
    sample.drop(columns="fault").to_csv(HERE / "files" / "inputs.csv", index=False)
    hidden.drop(columns="fault").to_csv(HERE / "key" / "inputs.csv", index=False)
    hidden[["pump_id", "fault"]].to_csv(HERE / "key" / "labels.csv", index=False)
    forest = RandomForestClassifier(40, max_depth=6, random_state=0).fit(train[FEATURES].to_numpy(np.float32), train["fault"])
    model = to_onnx(forest, np.zeros((1, len(FEATURES)), np.float32), target_opset=17, options={"zipmap": False})
    (HERE / "key" / "reference.onnx").write_bytes(model.SerializeToString())


if __name__ == "__main__":
    main()
