"""Output as a terminal shows it: progress bars, colours, characters split between two reads, very much text."""

from __future__ import annotations

import random

import pytest

from simulator.terminal import WINDOW, Screen, plain


@pytest.mark.parametrize("printed, shown", [
    ("", ""),
    ("一\n二", "一\n二"),
    ("a\r\nb\r\n", "a\nb\n"),
    ("  5%\r 50%\r100%\n", "100%\n"),
    ("100%|████|\r", "100%|████|"),
    ("long line\rshort\n", "short\n"),
    ("\r\r\r", ""),
    ("\x1b[1;31m红\x1b[0m\n", "红\n"),
    ("\x1b]0;title\x07text", "text"),
    ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
    ("\x1b[?25lx\x1b[?25h", "x"),
    ("a\tb", "a\tb"),
    ("abc\b\bX", "aX"),
    ("bell\a nul\0 vt\x0b", "bell nul vt"),
    ("half\r\x1b[Kwhole\n", "whole\n"),
    ("half\r\x1b[K\n", "\n"),
    ("one\ntwo\n\x1b[2A\rONE\n\n", "ONE\ntwo\n"),
    ("up\x1b[99Aagain", "upagain"),
    ("<b>&amp;</b>", "<b>&amp;</b>"),
])  # fmt: skip
def test_what_is_shown(printed, shown):
    assert plain(printed) == shown


def test_two_progress_bars_stay_two_lines():
    """As tqdm draws an inner bar below an outer one."""
    printed = "epoch 0/3"
    for epoch in range(3):
        for batch in range(50):
            printed += f"\n\rbatch {batch}/50\x1b[A"
        printed += f"\repoch {epoch + 1}/3"
    assert plain(printed) == "epoch 3/3\nbatch 49/50"


PRINTED = "第一行\n\x1b[32m绿\x1b[0m 🚀\n 10%\r 20%\r 30%\n\x1b]0;t\x07" + "".join(f"line {n}\n" for n in range(40)) + "\r\nend"


@pytest.mark.parametrize("seed", range(20))
def test_how_the_output_is_split_does_not_matter(seed):
    data, rng, screen = PRINTED.encode(), random.Random(seed), Screen(10_000)
    while data:
        count = rng.randint(1, 7)
        screen.feed(data[:count])
        data = data[count:]
    assert screen.text == plain(PRINTED)


def test_settled_text_never_changes():
    screen, before = Screen(100_000), ""
    for n in range(200):
        screen.feed(f"line {n}\n{n}%\r".encode())
        assert screen.settled.startswith(before)
        assert screen.keep == len(screen.settled)
        before = screen.settled
    assert before.count("\n") == 200 - WINDOW + 1


def test_of_too_much_the_end_is_kept_and_begins_with_a_whole_line():
    screen = Screen(1000)
    for n in range(1000):
        screen.feed(f"line number {n}\n".encode())
    assert len(screen.text) <= 1000
    assert screen.text.startswith("line number ")
    assert screen.text.endswith("line number 999\n")
    whole = "".join(f"line number {n}\n" for n in range(1000))
    assert whole[screen.cut :] == screen.text


def test_one_endless_line_is_bounded_too():
    screen = Screen(1000)
    for _ in range(100):
        screen.feed(b"x" * 999)
    assert len(screen.text) <= 1000
    assert screen.cut + len(screen.text) == 99_900


def test_bytes_that_are_no_text_are_marked():
    assert Screen(10).text == ""
    screen = Screen(100)
    screen.feed("宁".encode("gbk") + b"\n")
    assert "\ufffd" in screen.text


def test_an_escape_code_without_end_holds_back_little():
    screen = Screen(10_000)
    screen.feed(b"\x1b]" + b"x" * 5000)
    screen.feed(b"\nmore")
    assert screen.text.endswith("\nmore")
