"""Make the data of this task: readings of circulating pumps with four conditions; each pump has its own offsets.

Run with any Python that has numpy: ``python make_data.py``. All readings are simulated: condition, load and speed give each
sensor its mean, the pump an offset that all its readings share, and noise is added. So readings of one pump are alike, and
whoever validates on pumps that were also trained on is too hopeful.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
SEED = 20261124
FEATURES = ["load", "speed", "vib_rms", "vib_kurtosis", "vib_1x", "bearing_temp", "flow", "pressure_ripple", "noise_hf", "current"]
SHARES = [0.4, 0.2, 0.2, 0.2]  # 0 normal, 1 bearing wear, 2 imbalance, 3 cavitation
READINGS = 6
"""Readings of each pump; its condition stays the same."""


def pumps(rng: np.random.Generator, count: int) -> dict[str, np.ndarray]:
    """Return the readings of `count` pumps: {feature: values, pump: number, fault: condition}."""
    pump = np.repeat(np.arange(count), READINGS)
    fault, stage = rng.choice(4, count, p=SHARES)[pump], rng.uniform(0.3, 1.0, count)[pump]
    load, speed = rng.uniform(0.3, 1.0, len(pump)), rng.uniform(1200, 2900, len(pump))
    wear, imbalance, cavitation = ((fault == n) * stage for n in (1, 2, 3))
    turning = (speed / 2900) ** 2

    def noise(between: float, within: float) -> np.ndarray:
        return rng.normal(0, between, count)[pump] + rng.normal(0, within, len(pump))

    vib_1x = 0.8 + 0.9 * turning + 3.4 * imbalance * turning + noise(0.2, 0.15)
    values = {
        "load": load, "speed": speed, "vib_1x": vib_1x,
        "vib_rms": 1.1 + 0.9 * load + 0.55 * vib_1x + 1.3 * wear + 1.0 * cavitation + noise(0.3, 0.15),
        "vib_kurtosis": 3.4 + 2.6 * wear + 0.5 * cavitation + noise(0.3, 0.15),
        "bearing_temp": 31 + 18 * load + 6 * turning + 9 * wear + noise(2.6, 1.0),
        "flow": 62 * load * (speed / 2900) * (1 - 0.16 * cavitation) + noise(1.5, 0.6),
        "pressure_ripple": 1.6 + 1.4 * load + 2.3 * cavitation + noise(0.5, 0.2),
        "noise_hf": 42 + 8 * load + 7 * cavitation + 3.0 * wear + noise(2.2, 0.9),
        "current": 11 + 22 * load * turning + 1.5 * imbalance + noise(1.6, 0.4),
    }
    return {**{name: values[name].round(3) for name in FEATURES}, "pump": pump, "fault": fault}


def take(table: dict[str, np.ndarray], rows: np.ndarray) -> dict[str, np.ndarray]:
    """Return some rows."""
    return {name: values[rows] for name, values in table.items()}


def joined(*tables: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the rows of all tables below each other."""
    return {name: np.concatenate([table[name] for table in tables]) for name in tables[0]}


def write(path: Path, columns: dict[str, object]) -> None:
    """Write a CSV."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))


def test(
    rng: np.random.Generator, new: dict[str, np.ndarray], seen: dict[str, np.ndarray], first: int
) -> tuple[list[str], np.ndarray, dict[str, np.ndarray]]:
    """Return ids, which rows are new, and the rows, new and seen ones mixed."""
    order = rng.permutation(len(new["fault"]) + len(seen["fault"]))
    return [f"Q{first + n:05d}" for n in range(len(order))], order < len(new["fault"]), take(joined(new, seen), order)


def main() -> None:
    """Write all files."""
    rng = np.random.default_rng(SEED)
    train, hidden, sample = pumps(rng, 120), pumps(rng, 120), pumps(rng, 4)
    ids = [f"R{n + 1:05d}" for n in range(len(train["fault"]))]
    names = [f"P{n + 1:03d}" for n in train["pump"]]
    features = {name: train[name] for name in FEATURES}
    write(HERE / "files" / "train.csv", {"reading_id": ids, "pump": names, **features, "fault": train["fault"]})
    known = rng.permutation(len(ids))
    test_ids, is_new, rows = test(rng, hidden, take(train, known[:360]), 1)
    write(HERE / "key" / "test_inputs.csv", {"reading_id": test_ids, **{name: rows[name] for name in FEATURES}})
    for file, chosen in (("new_labels.csv", is_new), ("seen_labels.csv", ~is_new)):
        write(HERE / "key" / file, {"reading_id": [i for i, c in zip(test_ids, chosen, strict=True) if c], "fault": rows["fault"][chosen]})
    public_ids, _, public = test(rng, sample, take(train, known[360:384]), 90001)
    write(HERE / "files" / "test_inputs.csv", {"reading_id": public_ids, **{name: public[name] for name in FEATURES}})


if __name__ == "__main__":
    main()
