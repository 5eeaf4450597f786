"""Pictures handed in: the raw files, and what the sandbox measured in them. Plain data; nothing here opens a picture.

Every measured number is rounded by the engine, and counted in whole numbers where that is possible, so that a verdict is
the same on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal

from pydantic import Field as Key

from grading.model import Upload

HUE_BIN = 10
"""Degrees of one bin of the hue histogram."""

FLAT_BELOW = 0.12
"""A picture with a smaller share of lively tiles is one colour, a soft gradient, or nothing but text."""
NOISE_FROM = 22.0
"""A picture with more noise (standard deviation of grey levels) shows nothing but noise; grainy photos stay below 15."""
EVEN_BELOW = 0.3
"""A picture whose tiles are all equally lively is coarse noise or a mere texture."""
SAME_UP_TO = 8
"""Perceptual hashes (64 bits) that differ in so few bits belong to one picture; other pictures differ in about 32."""

Share = Annotated[float, Key(ge=0, le=1)]
Positive = Annotated[float, Key(ge=0, le=1e7)]
Short = Annotated[str, Key(max_length=200)]
Note = Annotated[str, Key(max_length=400)]


@dataclass(frozen=True)
class Pictures:
    """The files of one `images` field, in the candidate's order; not yet decoded."""

    VALUE_KIND: ClassVar[str] = "pictures_raw"
    files: tuple[Upload, ...]


@dataclass(frozen=True)
class TextLine:
    """A line of text that was read. confidence : 0–1; x, y, width, height : its box, shares of the picture's width and
    height; size : height of the letters as a share of the picture's shorter side."""

    text: Short
    confidence: Share
    x: Share
    y: Share
    width: Share
    height: Share
    size: Share


@dataclass(frozen=True)
class Colours:
    """Colours, all as shares. brightness, saturation : means (HSV); colourfulness : Hasler and Süsstrunk 2003, about 0–150;
    hues : share of the pixels in each 10° of hue, only those with some saturation and brightness; dark, light : share of
    nearly black and of nearly white pixels; palette : main colours (#rrggbb) with their shares."""

    brightness: Share
    saturation: Share
    colourfulness: Positive
    hues: Annotated[tuple[Share, ...], Key(min_length=36, max_length=36)]
    dark: Share
    light: Share
    palette: Annotated[tuple[tuple[Annotated[str, Key(pattern=r"^#[0-9a-f]{6}$")], Share], ...], Key(max_length=8)]


@dataclass(frozen=True)
class Label:
    """An `AIGC` label in the metadata (GB 45438-2025): where it stood, and its fields as text."""

    place: Short
    label: Short
    producer: Short
    produce_id: Short


@dataclass(frozen=True)
class Measures:
    """What was measured in one picture.

    width, height : pixels, as seen (after the rotation that EXIF asks for); sharpness : variance of the Laplacian of the grey
    levels; noise : their standard deviation by Immerkær 1996; detail : share of tiles outside the text that are not flat;
    variety : how much the tiles differ in that; brisque : Mittal et al. 2012, 0 good – 100 bad, None where a picture has nothing
    to judge; notes : what was odd.
    """

    format: Literal["PNG", "JPEG", "WEBP"]
    width: Annotated[int, Key(ge=1, le=100_000)]
    height: Annotated[int, Key(ge=1, le=100_000)]
    sharpness: Positive
    noise: Positive
    detail: Share
    variety: Positive
    brisque: Annotated[float, Key(ge=-200, le=300)] | None
    colours: Colours
    lines: Annotated[tuple[TextLine, ...], Key(max_length=80)] = ()
    label: Label | None = None
    software: Short = ""
    metadata: Annotated[tuple[tuple[Short, Short], ...], Key(max_length=30)] = ()
    notes: Annotated[tuple[Note, ...], Key(max_length=10)] = ()


@dataclass(frozen=True)
class Picture:
    """One file. number : from 0, as handed in; size : bytes; digest : start of its SHA-256; problem : why it could not be read,
    a Chinese sentence, "" if it could (then `measures` is there)."""

    number: int
    name: str
    size: int
    digest: str
    problem: str = ""
    measures: Measures | None = None

    @property
    def hollow(self) -> str:
        """Why this picture shows nothing: `flat`, `noise`, or "" if it does show something."""
        if self.measures is None:
            return ""
        if self.measures.detail < FLAT_BELOW:
            return "flat"
        return "noise" if self.measures.noise >= NOISE_FROM or self.measures.variety < EVEN_BELOW else ""

    @property
    def usable(self) -> bool:
        """Whether it could be read and shows something."""
        return self.measures is not None and not self.hollow


@dataclass(frozen=True)
class Pair:
    """Two pictures (numbers from 0) and in how many of 64 bits their perceptual hashes differ; mirrored : one was turned
    left to right for that."""

    first: int
    second: int
    distance: Annotated[int, Key(ge=0, le=64)]
    mirrored: bool = False

    @property
    def same(self) -> bool:
        """Whether both show the same."""
        return self.distance <= SAME_UP_TO


@dataclass(frozen=True)
class PictureSheet:
    """All pictures of one field, measured, and every pair of those that could be read."""

    VALUE_KIND: ClassVar[str] = "pictures"
    pictures: tuple[Picture, ...]
    pairs: tuple[Pair, ...] = field(default=())

    def distinct(self) -> tuple[Picture, ...]:
        """Return the usable pictures without those that repeat an earlier one."""
        repeated = {pair.second for pair in self.doubles()}
        return tuple(picture for picture in self.pictures if picture.usable and picture.number not in repeated)

    def doubles(self) -> tuple[Pair, ...]:
        """Return the pairs of usable pictures that show the same."""
        usable = {picture.number for picture in self.pictures if picture.usable}
        return tuple(pair for pair in self.pairs if pair.same and {pair.first, pair.second} <= usable)
