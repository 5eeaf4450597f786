from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from simulator.standings import Cell, Entry, best_per_candidate, rank, tie_rules

T0 = datetime(2026, 3, 2, tzinfo=UTC)


def entry(user: int, theory: str, practical: str, seconds: int = 100, ended: int = 0, pending: int = 0) -> Entry:
    cells = (Cell(Decimal(theory), Decimal(50)), Cell(Decimal(practical), Decimal(50), pending))
    return Entry(user, f"n{user}", f"s{user}", "", cells, (False, True), seconds, T0 + timedelta(seconds=ended))


def ranks(entries, keys=("practical", "practical_time")):
    return [(s.rank, s.entry.user_id) for s in rank(entries, keys)]


def test_ordered_by_total():
    assert ranks([entry(1, "10", "10"), entry(2, "20", "20")]) == [(1, 2), (2, 1)]


def test_tie_goes_to_the_higher_practical_score_then_to_the_shorter_time():
    assert ranks([entry(1, "20", "10"), entry(2, "10", "20")]) == [(1, 2), (2, 1)]
    assert ranks([entry(1, "10", "20", 90), entry(2, "10", "20", 80)]) == [(1, 2), (2, 1)]


def test_full_ties_share_a_rank_and_the_next_is_skipped():
    assert ranks([entry(1, "10", "20"), entry(2, "10", "20"), entry(3, "0", "1")]) == [(1, 1), (1, 2), (3, 3)]


def test_without_keys_equal_totals_tie():
    assert [r for r, _ in ranks([entry(1, "20", "10"), entry(2, "10", "20")], ())] == [1, 1]


def test_earlier_submission_wins_when_the_paper_says_so():
    assert ranks([entry(1, "10", "20", ended=9), entry(2, "10", "20", ended=3)], ("submitted",)) == [(1, 2), (2, 1)]


def test_the_best_attempt_of_a_candidate_counts():
    best = best_per_candidate([entry(1, "10", "10"), entry(1, "30", "10"), entry(2, "5", "5")])
    assert {e.user_id: e.total for e in best} == {1: Decimal(40), 2: Decimal(10)}


def test_tie_rule_in_words():
    assert tie_rules(("practical", "practical_time", "time")) == [("实操得分高者在前", ""), ("用时短者在前", "")]
    assert tie_rules(()) == []
