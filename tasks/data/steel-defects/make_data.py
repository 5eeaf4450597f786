"""Make the pictures, the truth and the sample answers of this task: synthetic rolled steel with defects at known places.

Run with the Python of the sandbox runtime, which has numpy and Pillow, from the project's folder:

    instance/runtimes/python/bin/python tasks/data/steel-defects/make_data.py

The seed is fixed: the same versions of numpy and Pillow write the same files. Nothing here is a photograph.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

HERE = Path(__file__).parent
SEED = 20260711
WIDTH, HEIGHT = 400, 300
LEVELS = 16  # grey levels: a 4-bit PNG is small, and the grain hides the steps
LABELS = ("scratch", "pit", "inclusion", "crazing")
SEVERE = 80  # pixels of the longer side from which a defect is 严重
PLAN = {  # image → defects on it; two plates are sound
    "steel-01.png": ("scratch", "pit"),
    "steel-02.png": ("inclusion", "inclusion", "scratch"),
    "steel-03.png": ("crazing", "pit"),
    "steel-04.png": (),
    "steel-05.png": ("scratch", "scratch", "inclusion", "pit"),
    "steel-06.png": ("crazing", "inclusion"),
    "steel-07.png": ("pit", "pit", "scratch"),
    "steel-08.png": ("crazing", "scratch", "inclusion"),
    "steel-09.png": (),
    "steel-10.png": ("pit", "inclusion", "crazing", "scratch"),
}


def plate(rng):
    """Return a sound plate as grey values around 0: streaks along the rolling direction, grain, uneven light."""
    rows = np.convolve(rng.normal(0, 1, HEIGHT + 8), np.ones(9) / 9, "valid")[:, None] * 14
    streaks = np.stack([np.convolve(rng.normal(0, 1, WIDTH + 60), np.ones(61) / 61, "valid") for _ in range(HEIGHT)]) * 46
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    light = 14 * np.cos((x - rng.uniform(100, 300)) / 260) + 8 * np.sin((y - rng.uniform(50, 250)) / 210)
    return rows + streaks + light + rng.normal(0, 5.5, (HEIGHT, WIDTH))


def canvas():
    """Return an empty mask and its pen."""
    mask = Image.new("L", (WIDTH, HEIGHT), 0)
    return mask, ImageDraw.Draw(mask)


def scratch(rng, x, y, big):
    """A thin bent line, bright in the middle of dark edges."""
    mask, pen = canvas()
    length, angle = rng.uniform(100, 150) if big else rng.uniform(48, 66), rng.uniform(0.45, 1.1) * rng.choice([-1, 1])
    steps = np.linspace(-length / 2, length / 2, 9)
    bend = rng.normal(0, 1.6, 9)
    along, across = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
    points = [tuple(float(v) for v in np.array([x, y]) + s * along + b * across) for s, b in zip(steps, bend, strict=True)]
    pen.line(points, fill=255, width=3, joint="curve")
    return mask, 62.0


def pit(rng, x, y, big):
    """A group of round dark spots."""
    mask, pen = canvas()
    reach = rng.uniform(46, 58) if big else rng.uniform(18, 26)
    for n in range(22 if big else 9):
        turn, far = rng.uniform(0, 2 * np.pi), reach * np.sqrt(rng.uniform(0, 1)) if n > 3 else reach
        turn = n * np.pi / 2 if n <= 3 else turn
        cx, cy, r = x + far * np.cos(turn), y + 0.8 * far * np.sin(turn), rng.uniform(3, 5)
        pen.ellipse((cx - r, cy - r, cx + r, cy + r), fill=255)
    return mask, -66.0


def inclusion(rng, x, y, big):
    """A dark irregular body drawn out along the rolling direction."""
    mask, pen = canvas()
    a, b = (rng.uniform(48, 62), rng.uniform(14, 20)) if big else (rng.uniform(20, 30), rng.uniform(9, 13))
    turns = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    edge = 1 + rng.uniform(-0.22, 0.22, 24)
    pen.polygon([(x + a * e * np.cos(t), y + b * e * np.sin(t)) for t, e in zip(turns, edge, strict=True)], fill=255)
    return mask, -58.0


def crazing(rng, x, y, big):
    """A net of fine dark cracks."""
    mask, pen = canvas()
    reach = rng.uniform(50, 60) if big else rng.uniform(27, 33)
    cells = 7 if big else 5
    side = 2 * reach / cells
    knots = {
        (i, j): (x - reach + (i + rng.uniform(-0.38, 0.38)) * side, y - 0.8 * reach + 0.8 * (j + rng.uniform(-0.38, 0.38)) * side)
        for i in range(cells + 1) for j in range(cells + 1) if (i - cells / 2) ** 2 + (j - cells / 2) ** 2 <= (cells / 2 + 0.4) ** 2
    }
    for (i, j), start in knots.items():
        for end in ((i + 1, j), (i, j + 1)):
            if end in knots and rng.uniform() < 0.85:
                pen.line((*start, *knots[end]), fill=255, width=1)
    return mask, -70.0


DRAW = {"scratch": scratch, "pit": pit, "inclusion": inclusion, "crazing": crazing}


def box_of(mask):
    """Return [x, y, w, h] of what a mask holds."""
    left, top, right, bottom = mask.getbbox()
    return [left, top, right - left, bottom - top]


def apart(box, others, margin):
    """Whether a box keeps its distance to the others and to the edge."""
    x, y, w, h = box
    if x < 4 or y < 4 or x + w > WIDTH - 4 or y + h > HEIGHT - 4:
        return False
    return all(x > a + c + margin or a > x + w + margin or y > b + d + margin or b > y + h + margin for a, b, c, d in others)


def paint(rng, defects):
    """Return the picture of a plate with `defects`, and its true entries."""
    grey = plate(rng)
    entries = []
    for number, label in enumerate(defects):
        while True:
            big = bool((number + len(defects)) % 2)
            mask, depth = DRAW[label](rng, rng.uniform(40, WIDTH - 40), rng.uniform(40, HEIGHT - 40), big)
            box = box_of(mask) if mask.getbbox() else [0, 0, 0, 0]
            sizes = max(box[2:]) >= SEVERE + 6 if big else 0 < max(box[2:]) <= SEVERE - 10
            if sizes and min(box[2:]) >= 16 and apart(box, [e["box"] for e in entries], 14):
                break
        soft = np.asarray(mask.filter(ImageFilter.GaussianBlur(0.8)), dtype=float) / 255
        grey += soft * (depth + rng.normal(0, 12, grey.shape))
        entries.append({"label": label, "box": box, "attributes": {"程度": "严重" if big else "轻微"}})
    return grey, entries


def save(grey, path):
    """Write grey values as a 4-bit PNG."""
    levels = np.clip(np.round((grey + 120) / 240 * (LEVELS - 1)), 0, LEVELS - 1).astype(np.uint8)
    picture = Image.fromarray(levels, "P")
    picture.putpalette([value for n in range(LEVELS) for value in (round(n * 255 / (LEVELS - 1)),) * 3])
    picture.save(path, bits=4, optimize=True)


def coco(images):
    """Return a COCO dataset of {image: entries}."""
    annotations = [
        {"id": 0, "image_id": n, "category_id": LABELS.index(e["label"]) + 1, "bbox": e["box"], "area": e["box"][2] * e["box"][3],
         "iscrowd": 0, "attributes": e.get("attributes", {})}
        for n, entries in enumerate(images.values(), start=1) for e in entries
    ]
    for number, entry in enumerate(annotations, start=1):
        entry["id"] = number
    return {
        "images": [{"id": n, "file_name": name, "width": WIDTH, "height": HEIGHT} for n, name in enumerate(images, start=1)],
        "categories": [{"id": n, "name": label} for n, label in enumerate(LABELS, start=1)],
        "annotations": annotations,
    }


def write(path, data):
    """Write JSON, one image or entry a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in data.items()]
    path.write_text("{\n" + ",\n".join(rows) + "\n}\n", "utf-8")


def grown(box, by):
    """Return a box with `by` pixels more on every side, within the image."""
    x, y, w, h = box
    left, top = max(0, x - by), max(0, y - by)
    return [left, top, min(WIDTH, x + w + by) - left, min(HEIGHT, y + h + by) - top]


def samples(truth, rng):
    """Yield (name, answer) of all samples that hold boxes."""
    shaky = {
        name: [{**e, "box": [round(side + rng.uniform(-1, 1), 1) for side in e["box"]]} for e in reversed(entries)]
        for name, entries in reversed(truth.items())
    }
    yield "full", truth
    yield "full-other-way", shaky
    yield "wrong-labels", {name: [{**e, "label": "inclusion"} for e in entries] for name, entries in truth.items()}
    yield "wrong-loose", {name: [{**e, "box": grown(e["box"], 7)} for e in entries] for name, entries in truth.items()}
    yield "wrong-half", dict(list(truth.items())[:5])
    yield "wrong-severity", {n: [{**e, "attributes": {"程度": "轻微"}} for e in entries] for n, entries in truth.items()}
    yield "wrong-swapped", {  # one kind mistaken for another, everything else right
        n: [{**e, "label": {"pit": "inclusion"}.get(e["label"], e["label"])} for e in entries] for n, entries in truth.items()
    }
    yield "wrong-whole-image", {name: [{"label": "scratch", "box": [0, 0, WIDTH, HEIGHT]}] for name in truth}
    yield "wrong-random", {name: [random_entry(rng) for _ in range(40)] for name in truth}


def random_entry(rng):
    """Return a box of any place, size and label."""
    w, h = (int(side) for side in rng.integers(16, 130, 2))
    x, y = int(rng.integers(0, WIDTH - w)), int(rng.integers(0, HEIGHT - h))
    return {"label": str(rng.choice(LABELS)), "box": [x, y, w, h], "attributes": {"程度": "严重" if max(w, h) >= SEVERE else "轻微"}}


def main():
    """Write everything."""
    rng = np.random.default_rng(SEED)
    truth = {}
    (HERE / "files").mkdir(exist_ok=True)
    for name, defects in PLAN.items():
        grey, truth[name] = paint(rng, defects)
        save(grey, HERE / "files" / name)
    write(HERE / "key" / "truth.json", coco(truth))
    for name, answer in samples(truth, rng):
        write(HERE / "samples" / name / "boxes.json", answer)
    size = sum(path.stat().st_size for path in (HERE / "files").glob("*.png"))
    print(f"{sum(map(len, truth.values()))} boxes on {len(truth)} images, {size / 1024:.0f} KB")


if __name__ == "__main__":
    main()
