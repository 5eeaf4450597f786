"""Write pictures that are odd or meant to harm, into the folder named. Run by the runtime `media`, which has Pillow."""

import struct
import sys
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, PngImagePlugin

OUT = Path(sys.argv[1])
PHOTO = Image.open(sys.argv[2]).convert("RGB")


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, body=b"", *more, depth=8, colour=0):
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + b"".join(more) + chunk(b"IDAT", zlib.compress(body)) + chunk(b"IEND", b"")


def keep(name, data):
    (OUT / name).write_bytes(data)


def plain():
    PHOTO.save(OUT / "photo.png")
    PHOTO.save(OUT / "photo.jpg", quality=92)
    PHOTO.save(OUT / "photo.webp", quality=92)
    PHOTO.filter(ImageFilter.GaussianBlur(3)).save(OUT / "blurred.png")
    noisy = np.clip(np.asarray(PHOTO) + np.random.default_rng(0).normal(0, 30, (PHOTO.height, PHOTO.width, 3)), 0, 255)
    Image.fromarray(noisy.astype(np.uint8)).save(OUT / "noisy.png")
    PHOTO.crop((10, 10, PHOTO.width - 10, PHOTO.height - 8)).save(OUT / "cropped.png")
    PHOTO.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(OUT / "mirrored.png")
    Image.blend(PHOTO, Image.new("RGB", PHOTO.size, (200, 60, 60)), 0.3).save(OUT / "tinted.png")


def odd():
    PHOTO.convert("CMYK").save(OUT / "cmyk.jpg", quality=92)
    grey = np.asarray(PHOTO.convert("L")).astype(np.uint16) * 257
    Image.fromarray(grey).save(OUT / "deep.png")
    PHOTO.convert("P").save(OUT / "palette.png")
    PHOTO.convert("1").save(OUT / "one-bit.png")
    clear = PHOTO.convert("RGBA")
    clear.putalpha(Image.linear_gradient("L").resize(PHOTO.size))
    clear.save(OUT / "alpha.png")
    exif = Image.Exif()
    exif[0x0112] = 6
    PHOTO.save(OUT / "turned.jpg", quality=92, exif=exif)
    PHOTO.save(OUT / "icc.jpg", quality=92, icc_profile=b"\xff" * 5000)
    PHOTO.save(OUT / "wrong-name.png.jpg", format="PNG")
    PHOTO.save(OUT / "labelled.jpg", quality=92, comment='{"AIGC": {"Label": "1", "ContentProducer": "a", "ProduceID": 7}}')
    info = PngImagePlugin.PngInfo()
    info.add_itxt("AIGC", "只是文字")
    info.add_text("Software", "Some Tool 1.0")
    PHOTO.save(OUT / "half-label.png", pnginfo=info)


def grain():
    rng = np.random.default_rng(1)
    ground = np.full((1024, 768, 3), (20, 140, 140), float)
    for name, block, strength in (("grain-10", 1, 10), ("grain-20", 1, 20), ("grain-45", 1, 45), ("blocks-2", 2, 20), ("blocks-4", 4, 20),
                                  ("blocks-8", 8, 20)):
        coarse = np.kron(rng.normal(0, strength, (1024 // block, 768 // block)), np.ones((block, block)))
        Image.fromarray(np.clip(ground + coarse[..., None], 0, 255).astype(np.uint8)).save(OUT / f"{name}.png")


def hostile():
    keep("bomb.png", png(50_000, 50_000, b""))
    keep("wide-bomb.png", png(2**31 - 1, 2**31 - 1, b""))
    keep("real-bomb.png", png(30_000, 30_000, b"\0" * 30_001 * 400, depth=8))
    keep("text-bomb.png", png(64, 64, (b"\0" + b"\x7f" * 64) * 64, *[chunk(b"zTXt", b"k\0\0" + zlib.compress(b"a" * 900_000))] * 30))
    keep("giant-text.png", png(64, 64, (b"\0" + b"\x7f" * 64) * 64, chunk(b"zTXt", b"k\0\0" + zlib.compress(b"a" * 50_000_000))))
    keep("lone-pixel.png", png(1, 1, b"\0\0"))
    keep("thread.png", png(10_000, 40, (b"\0" + b"\x7f" * 10_000) * 40))
    keep("no-rows.png", png(64, 64, b""))
    keep("zero.png", png(0, 0, b""))
    keep("bad-crc.png", (OUT / "photo.png").read_bytes()[:60] + b"\0" * 40 + (OUT / "photo.png").read_bytes()[100:])
    keep("truncated.jpg", (OUT / "photo.jpg").read_bytes()[:9000])
    keep("truncated.png", (OUT / "photo.png").read_bytes()[:90_000])
    keep("truncated.webp", (OUT / "photo.webp").read_bytes()[:3000])
    keep("head-only.jpg", b"\xff\xd8\xff\xe0" + b"\0" * 64)
    keep("polyglot.png", (OUT / "photo.png").read_bytes() + b"PK\x03\x04<script>alert(1)</script>" * 40)
    keep("gif.png", b"GIF89a" + struct.pack("<HH", 64, 64) + b"\0" * 400)
    keep("vector.png", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>")
    frames = [PHOTO.resize((64, 64)).rotate(90 * n) for n in range(4)]
    frames[0].save(OUT / "moving.webp", save_all=True, append_images=frames[1:])
    frames[0].save(OUT / "moving.png", save_all=True, append_images=frames[1:])
    exif = b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", 0xFFFF) + b"\x86\x92\x07\0\xff\xff\xff\x7f\0\0\0\0" * 2000
    PHOTO.save(OUT / "exif-bomb.jpg", quality=92, exif=exif[:60_000])
    xmp = b"<x:xmpmeta><!DOCTYPE a [<!ENTITY b '" + b"b" * 200 + b"'>]><T:AIGC>" + b"[" * 20_000 + b"</T:AIGC></x:xmpmeta>"
    PHOTO.save(OUT / "xmp-bomb.jpg", quality=92, xmp=xmp)
    crowded = Image.new("RGB", (1280, 1280), "white")
    draw = ImageDraw.Draw(crowded)
    for y in range(0, 1280, 14):
        draw.text((4, y), "the quick brown fox 0123456789 " * 7, fill="black")
    crowded.save(OUT / "crowded.png")


plain()
odd()
grain()
hostile()
