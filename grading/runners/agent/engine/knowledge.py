"""The knowledge base: documents in chunks, found by keyword (BM25), by meaning, or by both.

Scores lie between 0 and 1. By keyword: BM25 as a share of what a chunk with every term would get. By meaning: 0.5 plus ten times
the margin over the off-topic sentence that is closest to the question, so that 0.5 means "no closer than chance".
"""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

from .pool import mapping, number_in
from .semantics import Semantics
from .words import telling, terms

K1, B = 1.5, 0.75
STEEPNESS = 10.0
MAX_CHUNKS = 400


@dataclass(frozen=True)
class Chunk:
    """A part of a document: place counts from 1; heading : the titles above it."""

    document: str
    place: int
    heading: str
    text: str

    @property
    def whole(self) -> str:
        """The text with its titles, which is what is searched."""
        return f"# {self.heading}\n{self.text}" if self.heading else self.text


@dataclass(frozen=True)
class Hit:
    """A found chunk and its score."""

    chunk: Chunk
    score: float


class Knowledge:
    """The documents of a run, in chunks as each retrieval node wants them."""

    def __init__(self, documents: dict[str, str], semantics: Semantics) -> None:
        self.documents = documents
        self.semantics = semantics
        self._made: dict[tuple[str, int, int], list[Chunk]] = {}

    def search(self, query: str, data: dict[str, Any]) -> list[Hit]:
        """Return the chunks that answer `query`, best first, as a node's settings `data` want them."""
        config, own = mapping(data.get("multiple_retrieval_config")), mapping(data.get("retrieval"))
        method = own.get("search_method", "semantic_search")
        chunks = self._wanted(data, mapping(own.get("chunk")))
        if not chunks or not query.strip():
            return []
        scores = self._scores(query, chunks, method, mapping(config.get("weights")))
        order = sorted(range(len(chunks)), key=lambda n: (-scores[n], n))
        top = int(number_in(config.get("top_k"), 3, 1, 20))
        least = number_in(config.get("score_threshold"), 0.0, 0.0, 1.0)
        return [Hit(chunks[n], scores[n]) for n in order[:top] if scores[n] >= least and scores[n] > 0]

    def _wanted(self, data: dict[str, Any], settings: dict[str, Any]) -> list[Chunk]:
        mode = str(settings.get("mode", "heading"))
        size = int(number_in(settings.get("size"), 300, 50, 1000))
        overlap = min(int(number_in(settings.get("overlap"), 0, 0, 500)), size // 2)
        key = (mode, size, overlap)
        if key not in self._made:
            self._made[key] = [c for name, text in self.documents.items() for c in split(name, text, *key)][:MAX_CHUNKS]
        named = data.get("dataset_ids")
        names = {str(name) for name in named} if isinstance(named, list) else set()
        chosen = [c for c in self._made[key] if c.document in names or c.document.rpartition(".")[0] in names]
        return chosen or self._made[key]

    def _scores(self, query: str, chunks: list[Chunk], method: Any, weights: dict[str, Any]) -> list[float]:
        if method == "full_text_search":
            return keyword_scores(query, chunks)
        meaning = self.meaning_scores(query, chunks)
        if method != "hybrid_search":
            return meaning
        v = number_in(mapping(weights.get("vector_setting")).get("vector_weight"), 0.7, 0, 1)
        k = number_in(mapping(weights.get("keyword_setting")).get("keyword_weight"), 0.3, 0, 1)
        total = v + k or 1.0
        words = keyword_scores(query, chunks)
        return [round((v * a + k * b) / total, 4) for a, b in zip(meaning, words, strict=True)]

    def meaning_scores(self, query: str, chunks: list[Chunk]) -> list[float]:
        """Return how close each chunk is to the query in meaning, 0 to 1."""
        base = self.semantics.background(query)
        found = self.semantics.alike(query, [chunk.whole for chunk in chunks], passages=True)
        return [round(min(max(0.5 + STEEPNESS * (score - base), 0.0), 1.0), 4) for score in found]


def keyword_scores(query: str, chunks: list[Chunk]) -> list[float]:
    """Return the BM25 score of each chunk (Robertson's k1 = 1.5, b = 0.75), as a share of the best that is possible."""
    wanted = telling(query) or list(dict.fromkeys(terms(query)))
    counts = [Counter(terms(chunk.whole)) for chunk in chunks]
    lengths = [sum(count.values()) for count in counts]
    mean = sum(lengths) / len(lengths) or 1.0
    weight = {t: math.log(1 + (len(chunks) - n + 0.5) / (n + 0.5)) for t in wanted for n in [sum(t in c for c in counts)]}
    best = sum(weight.values()) * (K1 + 1) or 1.0
    found = []
    for count, length in zip(counts, lengths, strict=True):
        norm = K1 * (1 - B + B * length / mean)
        score = sum(weight[t] * count[t] * (K1 + 1) / (count[t] + norm) for t in wanted if count[t])
        found.append(round(min(score / best * 1.6, 1.0), 4))
    return found


def split(name: str, text: str, mode: str, size: int, overlap: int) -> list[Chunk]:
    """Return a document in chunks of at most `size` characters. mode : `heading` (a chunk a section, long ones by paragraph),
    `paragraph` (neighbouring paragraphs together), `size` (windows, whatever they cut through)."""
    if mode == "size":
        step = size - overlap
        parts = [("", text[at : at + size]) for at in range(0, max(len(text) - overlap, 1), step)]
    else:
        sections = _sections(text) if mode == "heading" else [("", text)]
        parts = [(heading, part) for heading, body in sections for part in _paragraphs(body, size, overlap)]
    kept = [(heading, part.strip()) for heading, part in parts if part.strip()]
    return [Chunk(name, place, heading, part) for place, (heading, part) in enumerate(kept, start=1)]


def _sections(text: str) -> list[tuple[str, str]]:
    """Return (titles above, body) for every heading of a Markdown text."""
    titles: list[str] = []
    found: list[tuple[str, list[str]]] = [("", [])]
    for line in text.splitlines():
        heading = re.match(r"(#{1,6})\s+(.*\S)", line)
        if heading:
            titles = [*titles[: len(heading[1]) - 1], heading[2]]
            found.append((" > ".join(titles), []))
        else:
            found[-1][1].append(line)
    return [(title, "\n".join(lines)) for title, lines in found]


def _paragraphs(text: str, size: int, overlap: int) -> list[str]:
    """Return whole paragraphs together up to `size`; a longer one is cut, with `overlap` characters said twice."""
    made: list[str] = []
    current = ""
    for paragraph in (p.strip() for p in re.split(r"\n\s*\n", text)):
        if current and len(current) + len(paragraph) + 1 > size:
            made.append(current)
            current = current[-overlap:] + "\n" + paragraph if overlap else paragraph
        else:
            current = f"{current}\n{paragraph}" if current else paragraph
        while len(current) > size:
            made.append(current[:size])
            current = current[size - overlap :]
    return [*made, current]
