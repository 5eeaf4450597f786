"""Make the pictures, the truth, the boxes to review and the sample answers of this task.

Run with the Python of the sandbox runtime, which has numpy and Pillow, from the project's folder:

    instance/runtimes/python/bin/python tasks/data/label-review/make_data.py

The plates are painted by the generator of data/steel-defects, with another seed. The mistakes are seeded below by hand.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
SEED = 20260712
_spec = importlib.util.spec_from_file_location("steel", HERE.parent / "steel-defects" / "make_data.py")
steel = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(steel)

PLAN = {
    "plate-01.png": ("scratch", "pit", "inclusion"),
    "plate-02.png": ("crazing", "inclusion", "scratch"),
    "plate-03.png": ("pit", "scratch"),
    "plate-04.png": ("inclusion", "crazing", "pit"),
    "plate-05.png": ("scratch", "inclusion", "pit", "scratch"),
    "plate-06.png": ("crazing", "pit", "inclusion"),
    "plate-07.png": (),
    "plate-08.png": ("scratch", "crazing", "pit", "inclusion"),
    "plate-09.png": ("inclusion", "pit"),
    "plate-10.png": ("crazing", "scratch"),
}
# (image, number of the true box) → what is wrong with it in the boxes to review
MISSING = (("plate-02.png", 2), ("plate-05.png", 3), ("plate-06.png", 1), ("plate-08.png", 0))
LABEL = {("plate-01.png", 1): "inclusion", ("plate-04.png", 1): "pit", ("plate-08.png", 3): "pit", ("plate-10.png", 1): "crazing"}
SHIFTED = {  # by shares of width and height
    ("plate-03.png", 0): (0.4, 0.3), ("plate-05.png", 1): (-0.45, 0.2), ("plate-06.png", 2): (0.35, -0.3), ("plate-09.png", 1): (0.4, 0.25),
}
DOUBLE = (("plate-02.png", 0), ("plate-05.png", 0), ("plate-09.png", 0))
EXTRA = {"plate-01.png": "crazing", "plate-07.png": "scratch", "plate-10.png": "inclusion"}


def bare(entries):
    """Return entries without attributes: this task has none."""
    return [{"label": e["label"], "box": e["box"]} for e in entries]


def within(box):
    """Push a box back into the image."""
    x, y, w, h = box
    return [min(max(0, x), steel.WIDTH - w), min(max(0, y), steel.HEIGHT - h), w, h]


def free_place(rng, entries):
    """Return a box that touches none of the true ones."""
    while True:
        w, h = (int(side) for side in rng.integers(40, 70, 2))
        box = [int(rng.integers(5, steel.WIDTH - w - 5)), int(rng.integers(5, steel.HEIGHT - h - 5)), w, h]
        if steel.apart(box, [e["box"] for e in entries], 10):
            return box


def spoil(truth, rng):
    """Return the boxes to review: the truth with all the mistakes above."""
    given = {}
    for name, entries in truth.items():
        given[name] = []
        for number, entry in enumerate(entries):
            place = (name, number)
            if place in MISSING:
                continue
            x, y, w, h = entry["box"]
            dx, dy = SHIFTED.get(place, (0, 0))
            box = within([x + round(dx * w), y + round(dy * h), w, h])
            given[name].append({"label": LABEL.get(place, entry["label"]), "box": box})
            if place in DOUBLE:
                given[name].append({"label": entry["label"], "box": within([x + 3, y + 2, w - 2, h])})
        if name in EXTRA:
            given[name].append({"label": EXTRA[name], "box": free_place(rng, entries)})
    return given


def samples(truth, given, rng):
    """Yield (name, answer)."""
    yield "full", truth
    yield "full-other-way", {
        name: [{**e, "box": [round(side + rng.uniform(-1, 1), 1) for side in e["box"]]} for e in reversed(entries)]
        for name, entries in truth.items()
    }
    yield "wrong-untouched-but-one", {**given, "plate-07.png": []}
    yield "wrong-no-additions", {n: [e for i, e in enumerate(entries) if (n, i) not in MISSING] for n, entries in truth.items()}
    yield "wrong-labels-left", {n: [{**e, "label": LABEL.get((n, i), e["label"])} for i, e in enumerate(es)] for n, es in truth.items()}
    yield "wrong-shifts-left", {
        n: [e if (n, i) not in SHIFTED else next(g for g in given[n] if g["box"][2:] == e["box"][2:] and g["box"] != e["box"])
            for i, e in enumerate(entries)] for n, entries in truth.items()
    }
    yield "wrong-deleted-all", {"plate-01.png": truth["plate-01.png"][:1]}
    yield "wrong-whole-image", {n: [*e, {"label": "pit", "box": [0, 0, steel.WIDTH, steel.HEIGHT]}] for n, e in given.items()}
    yield "wrong-covered", {name: [*entries, *bare(steel.random_entry(rng) for _ in range(30))] for name, entries in given.items()}


def main():
    """Write everything."""
    rng = np.random.default_rng(SEED)
    truth = {}
    (HERE / "files").mkdir(exist_ok=True)
    for name, defects in PLAN.items():
        grey, entries = steel.paint(rng, defects)
        truth[name] = bare(entries)
        steel.save(grey, HERE / "files" / name)
    given = spoil(truth, rng)
    steel.write(HERE / "files" / "given.json", given)
    steel.write(HERE / "key" / "truth.json", steel.coco(truth))
    steel.write(HERE / "key" / "given.json", steel.coco(given))
    for name, answer in samples(truth, given, rng):
        steel.write(HERE / "samples" / name / "boxes.json", answer)
        (HERE / "samples" / name / "response.yaml").write_text("boxes: {file: boxes.json}\n", "utf-8")
    size = sum(path.stat().st_size for path in (HERE / "files").glob("*.png"))
    print(f"{sum(map(len, truth.values()))} true, {sum(map(len, given.values()))} given boxes, {size / 1024:.0f} KB")


if __name__ == "__main__":
    main()
