"""What a terminal would show of a program's output, as plain text: progress bars in their last state, no escape codes.

Only the last WINDOW lines can still change (a program may move up to redraw several bars); lines above them are settled.
"""

from __future__ import annotations

import codecs
import re

WINDOW = 12

_TOKEN = re.compile(
    r"\x1b\[(?P<args>[0-?]*)[ -/]*(?P<move>[@-~])"  # cursor, colours
    r"|\x1b[\]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\|(?=\n))"  # titles and the like
    r"|\x1b[ -/]*[0-Z\\^-~]"
    r"|(?P<line>[\n\r\x08])"
    r"|[\x00-\x08\x0b-\x1f\x7f-\x9f]"
)
_UNFINISHED = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|[\]PX^_][^\x07\x1b\n]{0,200}\x1b?|[ -/]*)$")


def plain(text: str, limit: int = 1_000_000) -> str:
    """Return what stands on the screen after `text` has been printed: at most the last `limit` characters.

    >>> plain("10%\\r100%\\n\\x1b[31mred\\x1b[0m\\n")
    '100%\\nred\\n'
    """
    screen = Screen(limit)
    screen.feed(text.encode("utf-8", "replace"))
    return screen.text


class Screen:
    """Takes a stream of output piece by piece.

    cut : characters that are gone at the beginning; settled : text after them that will not change any more; open : what
    follows, which may. settled and open together have at most `limit` characters.
    """

    def __init__(self, limit: int) -> None:
        self.cut = 0
        self.settled = ""
        self._limit = limit
        self._lines = [""]
        self._row = 0
        self._fresh = False  # the cursor is at the beginning of a line that has text
        self._held = ""  # half an escape code
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    @property
    def open(self) -> str:
        """The lines that may still change."""
        return "\n".join(self._lines)

    @property
    def text(self) -> str:
        """All that is kept."""
        return self.settled + self.open

    @property
    def keep(self) -> int:
        """Where `open` begins, counted from the beginning of the output."""
        return self.cut + len(self.settled)

    def feed(self, data: bytes) -> None:
        """Take what was printed next; characters and codes may be split between two calls."""
        text = self._held + self._decoder.decode(data)
        unfinished = _UNFINISHED.search(text, max(0, len(text) - 300))
        text, self._held = (text[: unfinished.start()], unfinished[0]) if unfinished else (text, "")
        begin, done = 0, []
        for token in _TOKEN.finditer(text):
            self._write(text[begin : token.start()])
            self._act(token["line"] or token["move"], token["args"] or "")
            begin = token.end()
            if len(self._lines) > WINDOW and self._row:
                done.append(self._lines.pop(0))
                self._row -= 1
        self._write(text[begin:])
        self._settle(done)

    def _write(self, text: str) -> None:
        if text:
            self._lines[self._row] = text if self._fresh else self._lines[self._row] + text
            self._fresh = False

    def _act(self, what: str | None, args: str) -> None:
        if what == "\n":
            self._row += 1
            self._fresh = self._row < len(self._lines)
            if not self._fresh:
                self._lines.append("")
        elif what == "\r" or (what == "G" and args in ("", "1")):
            self._fresh = True
        elif what == "\x08" and not self._fresh:
            self._lines[self._row] = self._lines[self._row][:-1]
        elif what == "A":
            self._row = max(0, self._row - (int(args) if args.isdecimal() else 1))
        elif what == "K" and (self._fresh or args in ("1", "2")):
            self._lines[self._row] = ""

    def _settle(self, lines: list[str]) -> None:
        """Move finished lines to `settled`, and drop from the beginning what is too much."""
        self.settled += "".join(f"{line}\n" for line in lines)
        if len(self.open) > self._limit // 2:  # one very long line
            self.settled, self._lines, self._row, self._fresh = self.text, [""], 0, False
        excess = len(self.settled) + len(self.open) - self._limit
        if excess > 0:
            line_end = self.settled.find("\n", excess - 1, excess + 200) + 1
            drop = line_end or excess
            self.settled, self.cut = self.settled[drop:], self.cut + drop
