"""Draw the sample posters of this folder. Everything is drawn here with Pillow: no photo, no model, no foreign picture.

Needs Pillow, numpy and the font Noto Sans CJK (Debian: fonts-noto-cjk); the texts become pixels, so no font is shipped.

    python make_data.py
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont, PngImagePlugin

SIZE = (768, 1024)
SLOGANS = ("一壶山泉 清早装满", "保温十二小时", "轻到忘了带它", "不漏水 放心装包")
BRAND = "青山杯"
LABEL = "AI生成"
FONTS = Path("/usr/share/fonts/opentype/noto")
HERE = Path(__file__).parent / "samples"
DEEP, TEAL, PALE, SAND, INK = (8, 74, 82), (20, 140, 140), (206, 236, 230), (244, 232, 206), (14, 40, 46)


def font(size: int, bold: bool = True) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(FONTS / ("NotoSansCJK-Bold.ttc" if bold else "NotoSansCJK-Regular.ttc")), size, index=2)


def gradient(top: tuple[int, int, int], bottom: tuple[int, int, int]) -> Image.Image:
    width, height = SIZE
    ramp = np.linspace(0, 1, height)[:, None, None]
    rows = np.array(top) * (1 - ramp) + np.array(bottom) * ramp
    return Image.fromarray(np.repeat(rows, width, axis=1).round().astype(np.uint8))


def ridge(draw: ImageDraw.ImageDraw, rng: np.random.Generator, base: float, rise: float, colour: tuple[int, int, int]) -> None:
    """A line of hills from side to side, filled to the bottom."""
    width, bottom = SIZE
    phases = rng.uniform(0, 2 * math.pi, 4)

    def height_at(x: int) -> float:
        return base - rise / 2 * sum(math.sin(x * (k + 1) / 140 + phase) / (k + 1) for k, phase in enumerate(phases))

    line = [(x, height_at(x)) for x in range(0, width + 1, 4)]
    draw.polygon([*line, (width, bottom), (0, bottom)], fill=colour)


def bottle(draw: ImageDraw.ImageDraw, x: float, y: float, scale: float, body: tuple[int, int, int]) -> None:
    """A flask, standing on (x, y)."""
    def box(left: float, top: float, right: float, bottom: float) -> list[float]:
        return [x + left * scale, y + top * scale, x + right * scale, y + bottom * scale]

    draw.rounded_rectangle(box(-60, -330, 60, 0), 26 * scale, fill=body)
    draw.rounded_rectangle(box(-44, -390, 44, -322), 12 * scale, fill=INK)
    draw.rectangle(box(-60, -300, 60, -290), fill=SAND)
    draw.rounded_rectangle(box(-44, -270, -26, -40), 8 * scale, fill=tuple(min(255, c + 60) for c in body))
    draw.polygon([(x + dx * scale, y + dy * scale) for dx, dy in ((-10, -110), (18, -170), (46, -110))], fill=PALE)


def leaf(draw: ImageDraw.ImageDraw, x: float, y: float, size: float, turn: float, colour: tuple[int, int, int]) -> None:
    outline = []
    for t in np.linspace(0, 2 * math.pi, 40):
        u, v = size * math.cos(t), size * 0.35 * math.sin(t) * abs(math.cos(t / 2))
        outline.append((x + u * math.cos(turn) - v * math.sin(turn), y + u * math.sin(turn) + v * math.cos(turn)))
    draw.polygon(outline, fill=colour)


def mountains(rng: np.random.Generator) -> Image.Image:
    image = gradient((196, 232, 232), SAND)
    draw = ImageDraw.Draw(image)
    draw.ellipse([560, 250, 690, 380], fill=(250, 214, 130))
    for step, colour in enumerate(((120, 190, 190), (64, 160, 160), TEAL, (12, 104, 110), DEEP)):
        ridge(draw, rng, 520 + 105 * step, 90, colour)
    bottle(draw, 240, 930, 1.15, (18, 120, 128))
    return image


def thermos(rng: np.random.Generator) -> Image.Image:
    image = gradient(DEEP, (30, 120, 124))
    draw = ImageDraw.Draw(image)
    for _ in range(140):
        x, y, r = rng.uniform(0, 768), rng.uniform(220, 1000), rng.uniform(2, 9)
        draw.ellipse([x - r, y - r, x + r, y + r], fill=tuple(int(c) for c in rng.integers([90, 170, 170], [200, 240, 235])))
    for hour in range(12):
        angle = hour * math.pi / 6
        x, y = 384 + 290 * math.sin(angle), 600 - 290 * math.cos(angle)
        draw.ellipse([x - 22, y - 22, x + 22, y + 22], fill=SAND if hour < 9 else TEAL, outline=PALE, width=4)
    bottle(draw, 384, 790, 1.2, TEAL)
    return image


def feather(rng: np.random.Generator) -> Image.Image:
    image = gradient(PALE, (150, 214, 208))
    draw = ImageDraw.Draw(image)
    for _ in range(70):
        x, y = rng.uniform(-40, 800), rng.uniform(210, 960)
        colour = tuple(int(c) for c in rng.integers([10, 110, 105], [90, 185, 175]))
        leaf(draw, x, y, rng.uniform(40, 105), rng.uniform(0, 2 * math.pi), colour)
    draw.ellipse([190, 420, 578, 808], fill=(240, 250, 246))
    bottle(draw, 384, 785, 0.95, (22, 132, 134))
    return image


def bag(rng: np.random.Generator) -> Image.Image:
    image = gradient((24, 110, 116), (10, 64, 72))
    draw = ImageDraw.Draw(image)
    for row in range(0, 1100, 64):
        for column in range(0, 800, 64):
            shift = 32 if (row // 64) % 2 else 0
            shade = int(rng.integers(0, 46))
            draw.regular_polygon((column + shift, row, 40), 6, fill=(16 + shade // 2, 96 + shade, 102 + shade))
    draw.rounded_rectangle([150, 470, 618, 930], 60, fill=SAND, outline=INK, width=8)
    draw.rounded_rectangle([220, 660, 548, 880], 34, fill=(228, 206, 160), outline=INK, width=6)
    draw.arc([270, 340, 498, 620], 180, 360, fill=INK, width=22)
    bottle(draw, 520, 660, 0.75, TEAL)
    return image


SCENES: tuple[Callable[[np.random.Generator], Image.Image], ...] = (mountains, thermos, feather, bag)
LIGHT_BEHIND = (True, False, True, False)


def lettered(image: Image.Image, number: int, *, slogan: str | None = None, label: bool = True, top: bool = True) -> Image.Image:
    """Write brand, slogan and label onto a scene."""
    draw = ImageDraw.Draw(image)
    ink = INK if LIGHT_BEHIND[number] else (250, 250, 240)
    at = 60 if top else 820
    draw.text((60, at), BRAND, fill=ink, font=font(46))
    words = SLOGANS[number] if slogan is None else slogan
    draw.text((60, at + 68), words, fill=ink, font=font(72))
    if label:
        draw.rounded_rectangle([584, 948, 752, 1010], 10, fill=INK)
        draw.text((668, 978), LABEL, fill="white", font=font(44), anchor="mm")
    return image


def posters(seed: int = 7, **options: object) -> list[Image.Image]:
    return [lettered(scene(np.random.default_rng(seed + n)), n, **options) for n, scene in enumerate(SCENES)]


def implicit(number: int) -> str:
    """The metadata label of GB 45438-2025."""
    label = {"Label": "1", "ContentProducer": "考生工作站", "ProduceID": f"POSTER-{number + 1:03d}", "ReservedCode1": "",
             "ContentPropagator": "", "PropagateID": "", "ReservedCode2": ""}
    return json.dumps(label, ensure_ascii=False)


def save_png(image: Image.Image, path: Path, number: int | None) -> None:
    info = PngImagePlugin.PngInfo()
    if number is not None:
        info.add_itxt("AIGC", implicit(number))
    few = image.quantize(200, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)  # small files; still sharp
    few.save(path, pnginfo=info, optimize=True)


def save_jpeg(image: Image.Image, path: Path, number: int | None, quality: int = 82) -> None:
    """The label lies in XMP, as the practice guide TC260-PG-20258A shows it."""
    text = "" if number is None else implicit(number).replace('"', "&quot;")
    xmp = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
        f'rdf:about="" xmlns:TC260="http://www.tc260.org.cn/ns/AIGC/1.0/"><TC260:AIGC>{text}</TC260:AIGC></rdf:Description>'
        "</rdf:RDF></x:xmpmeta>"
    )
    image.save(path, quality=quality, optimize=True, **({} if number is None else {"xmp": xmp.encode()}))


def save_webp(image: Image.Image, path: Path, number: int, quality: int = 45) -> None:
    """The label lies in the EXIF comment."""
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9286] = b"ASCII\0\0\0" + json.dumps({"AIGC": json.loads(implicit(number))}).encode()
    image.save(path, quality=quality, exif=exif.tobytes(), method=6)


def night(number: int) -> Image.Image:
    """Another style: night colours, text below, soft light."""
    rng = np.random.default_rng(90 + number)
    image = gradient((6, 40, 52), (22, 128, 130))
    draw = ImageDraw.Draw(image)
    for _ in range(60 + 30 * number):
        x, y, r = rng.uniform(0, 768), rng.uniform(0, 700), rng.uniform(2, 7)
        draw.regular_polygon((x, y, r * 2), 4, rotation=45, fill=(214, 236, 226))
    if number == 0:
        draw.ellipse([90, 90, 330, 330], fill=(250, 236, 196))
        ridge(draw, rng, 690, 150, (10, 70, 78))
    elif number == 1:
        for ring in range(6):
            draw.arc([384 - 60 * ring, 380 - 60 * ring, 384 + 60 * ring, 380 + 60 * ring], 200, 340, fill=PALE, width=10)
    elif number == 2:
        for wave in range(7):
            points = [(x, 120 + 80 * wave + 30 * math.sin(x / 70 + wave)) for x in range(0, 769, 6)]
            draw.line(points, fill=(120, 214, 204), width=14)
    else:
        for bar in range(0, 768, 96):
            draw.rectangle([bar, 300 + int(rng.integers(0, 180)), bar + 70, 800], fill=(14, 92, 100), outline=PALE, width=4)
    bottle(draw, (560, 384, 210, 600)[number], 780, 1.05, (26, 150, 148))
    glow = image.filter(ImageFilter.GaussianBlur(14))
    image = Image.blend(image, Image.composite(glow, image, Image.new("L", SIZE, 90)), 0.5)
    draw = ImageDraw.Draw(image)
    draw.text((60, 812), BRAND, fill=SAND, font=font(44))
    draw.text((60, 874), SLOGANS[number], fill="white", font=font(66))
    draw.text((740, 26), "AI 合成", fill="white", font=font(44), anchor="ra")
    return image


def folder(name: str) -> Path:
    path = HERE / name
    path.mkdir(parents=True, exist_ok=True)
    for old in path.iterdir():
        if old.suffix in (".png", ".jpg", ".webp"):
            old.unlink()
    return path


def main() -> None:
    full = folder("full")
    for number, image in enumerate(posters()):
        save_png(image, full / f"poster-{number + 1}.png", number)
    other = folder("full-other-way")
    for number in range(4):
        if number % 2:
            save_webp(night(number), other / f"night-{number + 1}.webp", number)
        else:
            save_jpeg(night(number), other / f"night-{number + 1}.jpg", number, 45)
    wrong()


def wrong() -> None:
    """One folder for every mistake that the task is meant to catch."""
    copies = folder("wrong-copies")  # one scene four times, with the four slogans and another tint
    for number in range(4):
        image = lettered(mountains(np.random.default_rng(7)), 0, slogan=SLOGANS[number])
        if number == 3:
            image = Image.blend(image, Image.new("RGB", SIZE, (40, 150, 150)), 0.15)
        save_png(image, copies / f"copy-{number + 1}.png", number)
    blurred = folder("wrong-blurred")  # drawn small and enlarged: soft edges
    for number, image in enumerate(posters()):
        small = image.resize((192, 256), Image.Resampling.BOX).resize(SIZE, Image.Resampling.BICUBIC)
        soft = small.filter(ImageFilter.GaussianBlur(2)) if number < 3 else image
        save_webp(soft, blurred / f"soft-{number + 1}.webp", number)
    size = folder("wrong-size")  # square, and one lying down
    for number, image in enumerate(posters()):
        cut = image.resize((768, 768), Image.Resampling.NEAREST) if number < 3 else image.transpose(Image.Transpose.ROTATE_90)
        save_png(cut, size / f"square-{number + 1}.png", number)
    text = folder("wrong-text")  # slogans in another order, one brand name missing
    for number, image in enumerate(posters(label=True)):
        if number == 2:
            ImageDraw.Draw(image).rectangle([50, 60, 260, 124], fill=(200, 234, 228))
        save_png(image, text / f"{'bacd'[number]}.png", number)
    label = folder("wrong-label")  # no label to be seen on two; no metadata on two others
    for number in range(4):
        image = lettered(SCENES[number](np.random.default_rng(7 + number)), number, label=number > 1)
        save_png(image, label / f"poster-{number + 1}.png", number if number < 2 else None)
    hollow()




def hollow() -> None:
    """Pictures that show nothing: noise, text on plain ground, one colour."""
    noise = folder("wrong-noise")
    for number in range(4):
        rng = np.random.default_rng(number)
        tile = rng.integers(0, 256, (32, 32, 3)) // (4, 1, 1)  # small and repeated, so that the file is small
        image = Image.fromarray(np.tile(tile.astype(np.uint8), (32, 24, 1)))
        save_png(lettered(image, 1, slogan=SLOGANS[number]), noise / f"noise-{number + 1}.png", number)
    plain = folder("wrong-plain-text")
    for number in range(4):
        ground = Image.new("RGB", SIZE, TEAL) if number < 2 else gradient(TEAL, DEEP)
        save_png(lettered(ground, 1, slogan=SLOGANS[number]), plain / f"text-{number + 1}.png", number)
    colour = folder("wrong-one-colour")
    for number in range(4):
        save_png(Image.new("RGB", SIZE, (20, 120 + 10 * number, 140)), colour / f"colour-{number + 1}.png", number)


if __name__ == "__main__":
    main()
