"""Write the data of this task, byte for byte the same on every machine.

files/train.csv, files/test_inputs.csv (a few rows to try out), key/test_inputs.csv, test_ids.csv and test_labels.csv.
Own synthetic data of a provider that does not exist; only the standard library is used. Run: python make_data.py
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from pathlib import Path
from random import Random

HERE = Path(__file__).parent
SEED = 20250318
# (customers, of whom left): 18 % leave, and a stratified fifth of the training rows holds exactly 54 of them.
TRAIN, TEST, TRIAL = (1500, 270), (800, 144), (20, 4)
COLUMNS = (
    "customer_id", "tenure", "plan", "contract", "monthly_fee", "data_gb", "usage_change", "faults", "late_payments",
    "app_logins", "cancel_tickets",
)
FEES = {"基础": 59, "家庭": 99, "极速": 159}
CONTRACTS = {"无合约": 1.5, "一年": 0.0, "两年": -1.4}

Customer = dict[str, object]


def main() -> None:
    """Write all files."""
    random = Random(SEED)
    train, test, trial = (group(random, *size) for size in (TRAIN, TEST, TRIAL))
    for number, row in enumerate(train + test + trial):
        row["customer_id"] = f"K{20001 + number}"
    for row in train:
        row["cancel_tickets"] = tickets(random, bool(row["churn"]))
    write(HERE / "files" / "train.csv", (*COLUMNS, "churn"), train)
    write(HERE / "files" / "test_inputs.csv", COLUMNS, trial)
    write(HERE / "key" / "test_inputs.csv", COLUMNS, test)
    write(HERE / "key" / "test_ids.csv", ("customer_id",), test)
    write(HERE / "key" / "test_labels.csv", ("customer_id", "churn"), test)


def group(random: Random, size: int, churned: int) -> list[Customer]:
    """Return `size` customers in mixed order, exactly `churned` of them with churn 1."""
    wanted = {0: size - churned, 1: churned}
    rows: list[Customer] = []
    while len(rows) < size:
        row = customer(random)
        if wanted[int(bool(row["churn"]))]:
            wanted[int(bool(row["churn"]))] -= 1
            rows.append(row)
    return rows


def customer(random: Random) -> Customer:
    """Return one customer as known on the day of the forecast, with what happened in the month after it."""
    plan = random.choices(list(FEES), (45, 35, 20))[0]
    contract = random.choices(list(CONTRACTS), (45, 33, 22))[0]
    tenure = min(96, 1 + int(random.expovariate(1 / 26)))
    fee = FEES[plan] + random.choice((0, 0, 0, 10, 20, 30))
    data = max(2.0, random.gauss(90 + 0.9 * FEES[plan], 40))
    change = random.gauss(0, 22)
    faults, late = poisson(random, 1.0), poisson(random, 0.6)
    logins = poisson(random, 8.0)
    score = (
        -5.0 + 1.6 * CONTRACTS[contract] - 0.055 * (tenure - 24) + 0.018 * (fee - 95) - 0.065 * change
        + 1.3 * faults + 1.4 * late - 0.30 * (logins - 8)
    )
    return {
        "tenure": tenure, "plan": plan, "contract": contract, "monthly_fee": fee, "data_gb": f"{data:.1f}",
        "usage_change": f"{change:.1f}", "faults": faults, "late_payments": late, "app_logins": logins,
        # A ticket is opened only when the customer asks to leave: on the day of the forecast there is none yet.
        "cancel_tickets": 0, "churn": int(random.random() < 1 / (1 + math.exp(-score))),
    }


def poisson(random: Random, mean: float) -> int:
    """Return a Poisson number (Knuth's method, so that the stream depends on nothing but `random`)."""
    limit, count, product = math.exp(-mean), 0, random.random()
    while product > limit:
        count += 1
        product *= random.random()
    return count


def tickets(random: Random, churned: bool) -> int:
    """Return the cancel tickets that the export a month later shows: nearly always for those who left, seldom else."""
    if churned:
        return random.choices((0, 1, 2), (2, 78, 20))[0]
    return int(random.random() < 0.006)


def write(path: Path, columns: Sequence[str], rows: Sequence[Customer]) -> None:
    """Write a UTF-8 CSV file with Unix line ends."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([row[column] for column in columns] for row in rows)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(text.getvalue().encode("utf-8"))


if __name__ == "__main__":
    main()
