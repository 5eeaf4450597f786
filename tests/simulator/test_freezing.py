"""Ranking, freeze, staged release and awards as pure rules: nothing hidden shows, and all of it shows in the end."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from simulator import awards
from simulator.awards import Award
from simulator.freezing import frozen, mask
from simulator.standings import Cell, Entry, best_per_candidate, rank, total, with_cells

T0 = datetime(2026, 3, 2, tzinfo=UTC)
FREEZE = T0 + timedelta(minutes=60)
TIES = ("practical", "practical_time", "module:b")


def cell(earned, minutes=30, public=None):
    return Cell(Decimal(earned), Decimal(50), public=None if public is None else Decimal(public), submitted=T0 + timedelta(minutes=minutes))


def entry(user, *cells, seconds=100, attempt=0, **more):
    base = {"name": f"n{user}", "number": f"s{user}", "group": "", "practical": (False, True), "modules": ("a", "b")}
    return Entry(user_id=user, cells=cells, seconds=seconds, ended=T0, attempt_id=attempt or user, **base, **more)


cells = st.builds(cell, st.integers(0, 50), st.integers(0, 120))
entries = st.lists(st.tuples(cells, cells, st.integers(0, 3)), max_size=12).map(
    lambda rows: [entry(n, a, b, seconds=seconds) for n, (a, b, seconds) in enumerate(rows, 1)]
)


@given(entries)
def test_ranks_are_those_of_counting_who_is_better(found):
    standings = rank(found, TIES)
    assert sorted(s.entry.user_id for s in standings) == [e.user_id for e in found]

    def worth(e):
        return (e.total, e.part(True), -e.seconds, e.module("b"))

    assert all(s.rank == 1 + sum(worth(o) > worth(s.entry) for o in found) for s in standings)
    assert [s.rank for s in standings] == sorted(s.rank for s in standings)


@given(entries, st.integers(0, 15))
def test_nothing_handed_in_after_the_freeze_shows_before_it_is_revealed(found, revealed):
    board = frozen(found, FREEZE, revealed, TIES)
    late = {e.user_id for e in found if any(c.submitted > FREEZE for c in e.cells)}
    assert board.steps == len(late)
    assert len(board.hidden) == max(len(late) - revealed, 0)
    for standing in board.standings:
        shown = standing.entry
        [real] = [e for e in found if e.user_id == shown.user_id]
        if shown.user_id in board.hidden:
            assert (shown.seconds, shown.ended, shown.practical_seconds) == (None, None, None)
            for own, true in zip(shown.cells, real.cells, strict=True):
                hidden = (own.hidden, own.earned, own.public, own.submitted) == (True, 0, 0, None)
                assert own == true if true.submitted <= FREEZE else hidden
        else:
            assert shown == real


@given(entries, st.data())
def test_what_is_hidden_cannot_be_guessed_from_the_board(found, data):
    """Other marks after the freeze give the very same board."""
    changed = []
    for one in found:
        marks = [data.draw(st.integers(0, 50)) if c.submitted > FREEZE else c.earned for c in one.cells]
        own = tuple(Cell(Decimal(m), c.marks, submitted=c.submitted) for m, c in zip(marks, one.cells, strict=True))
        changed.append(entry(one.user_id, *own, seconds=one.seconds if own == one.cells else data.draw(st.integers(0, 9))))
    assert frozen(found, FREEZE, 0, TIES) == frozen(changed, FREEZE, 0, TIES)


@given(entries)
def test_the_staged_release_opens_the_lowest_row_and_ends_with_the_whole_board(found):
    steps = frozen(found, FREEZE, 0, TIES).steps
    for step in range(steps):
        before, after = frozen(found, FREEZE, step, TIES), frozen(found, FREEZE, step + 1, TIES)
        closed = [s.entry.user_id for s in before.standings if s.entry.user_id in before.hidden]
        assert before.hidden - after.hidden == {closed[-1]} == {after.latest}
        ranks = {s.entry.user_id: s.rank for s in before.standings}, {s.entry.user_id: s.rank for s in after.standings}
        assert ranks[1][after.latest] <= ranks[0][after.latest]
    assert frozen(found, FREEZE, steps, TIES).standings == rank(best_per_candidate(found), TIES)
    assert frozen(found, None, 0, TIES).hidden == frozenset()


def test_handed_in_at_the_very_moment_of_the_freeze_is_shown():
    assert not mask(entry(1, cell(10, 60), cell(5, 61)), FREEZE).cells[0].hidden
    assert mask(entry(1, cell(10, 60), cell(5, 61)), FREEZE).cells[1].hidden


def test_a_later_attempt_waits_behind_an_earlier_one_that_shows():
    first, second = entry(1, cell(10), cell(10), attempt=1), entry(1, cell(40, 90), cell(40, 90), attempt=2)
    board = frozen([first, second], FREEZE, 0, TIES)
    assert [s.entry.attempt_id for s in board.standings] == [1]
    assert board.hidden == {1}
    assert [s.entry.attempt_id for s in frozen([first, second], FREEZE, 1, TIES).standings] == [2]


def test_overtime_takes_off_marks_but_never_below_nothing():
    assert entry(1, cell(10), cell(5), penalty=Decimal(3)).total == 12
    assert total((cell(1),), Decimal(3)) == 0
    assert mask(entry(1, cell(10, 90), cell(5), penalty=Decimal(3)), FREEZE).penalty == 0


def test_the_clock_of_practical_modules_decides_where_there_is_one():
    slow, quick = entry(1, cell(1), cell(1), seconds=1, practical_seconds=90), entry(2, cell(1), cell(1), seconds=9, practical_seconds=80)
    assert [s.entry.user_id for s in rank([slow, quick], ("practical_time",))] == [2, 1]
    assert [s.entry.user_id for s in rank([slow, quick], ("time",))] == [1, 2]


def test_the_score_of_one_module_can_decide():
    assert [s.entry.user_id for s in rank([entry(1, cell(5), cell(1)), entry(2, cell(1), cell(5))], ("module:a",))] == [1, 2]
    assert [s.entry.user_id for s in rank([entry(1, cell(5), cell(1)), entry(2, cell(1), cell(5))], ("module:b",))] == [2, 1]


def test_before_the_release_the_public_half_counts():
    one = entry(1, cell(40, public=10), cell(5))
    assert (with_cells(one, final=False).total, with_cells(one, final=True).total) == (15, 45)


@pytest.mark.parametrize(("percent", "people", "places"), [(10, 16, 2), (10, 15, 2), (10, 14, 1), (10, 3, 1), ("12.5", 20, 3), (100, 7, 7)])
def test_a_share_is_rounded_half_up_and_is_one_at_least(percent, people, places):
    assert Award("奖", percent=Decimal(percent)).places(people) == places


def winners(points, given):
    standings = rank([entry(n, cell(p), cell(0)) for n, p in enumerate(points, 1)], ())
    return awards.winners(standings, given)


GIVEN = [Award("一等奖", 1), Award("二等奖", 2), Award("优胜奖", percent=Decimal(20))]


def test_awards_go_from_the_top():
    assert winners([50, 40, 30, 20, 10], GIVEN) == {1: "一等奖", 2: "二等奖", 3: "二等奖", 4: "优胜奖"}


def test_a_tie_at_a_border_shares_the_better_award_and_uses_up_the_places_of_the_next():
    assert winners([50, 50, 40, 30, 10], GIVEN) == {1: "一等奖", 2: "一等奖", 3: "二等奖", 4: "优胜奖"}
    assert winners([50, 40, 40, 40, 10], GIVEN) == {1: "一等奖", 2: "二等奖", 3: "二等奖", 4: "二等奖"}


counts = st.integers(1, 4).map(lambda n: Award("人", n))
shares = st.integers(1, 60).map(lambda p: Award("%", percent=Decimal(p)))


@given(st.lists(st.integers(0, 5), max_size=15), st.lists(st.one_of(counts, shares), max_size=4))
def test_awards_never_pass_over_anybody(points, given_awards):
    standings = rank([entry(n, cell(p), cell(0)) for n, p in enumerate(points, 1)], ())
    numbered = [Award(f"{n}", a.count, a.percent) for n, a in enumerate(given_awards)]
    won = awards.winners(standings, numbered)
    order = [int(won.get(s.entry.user_id, 99)) for s in standings]
    assert order == sorted(order)
    for one, other in itertools.pairwise(standings):
        assert one.rank != other.rank or won.get(one.entry.user_id) == won.get(other.entry.user_id)
    assert len(won) >= min(sum(a.places(len(points)) for a in numbered), len(points))


def test_awards_are_read_as_people_write_them():
    text = "一等奖 10%\n 二等奖：12.5％ \n\n优胜奖, 3 人\n鼓励奖 5名"
    stored = awards.parse(text)
    assert stored == {"rows": [{"name": "一等奖", "percent": "10"}, {"name": "二等奖", "percent": "12.5"}, {"name": "优胜奖", "count": 3},
                               {"name": "鼓励奖", "count": 5}]}  # fmt: skip
    assert awards.parse(awards.lines(awards.stored(stored))) == stored
    assert awards.stored({"rows": [{"name": "甲", "percent": 10}]}) == [Award("甲", percent=Decimal(10))]


@pytest.mark.parametrize("line", [
    "一等奖", "10%", "一等奖 0%", "一等奖 101%", "一等奖 2.5 人", "一等奖 0", "一等奖 -3", f"{'长' * 30} 1", "甲 1\n甲 2",
])
def test_an_award_that_makes_no_sense_is_named(line):
    with pytest.raises(ValueError, match=r"."):
        awards.parse(line)


def test_there_are_only_so_many_awards():
    with pytest.raises(ValueError, match="奖12 1"):
        awards.parse("\n".join(f"奖{n} 1" for n in range(30)))
