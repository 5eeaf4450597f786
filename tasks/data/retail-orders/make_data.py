"""Write files/orders.csv and key/cleaned.csv of this task, byte for byte the same on every machine.

Own synthetic data of a chain that does not exist. Only the standard library is used, and the key is cleaned here
without pandas, so that it is a check on the sample programs and not a copy of one. Run: python make_data.py
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from random import Random
from statistics import median

HERE = Path(__file__).parent
SEED = 20250964
ORDERS = 560
RAW_COLUMNS = ("订单号", "下单日期", "城市", "品类", "单价", "数量", "顾客年龄")
CLEAN_COLUMNS = ("order_id", "date", "city", "category", "price", "quantity", "age", "amount")
CITIES = {"杭州": "HZ", "宁波": "NB", "温州": "WZ", "嘉兴": "JX"}
FULL_WIDTH = {"HZ": "ＨＺ", "NB": "ＮＢ", "WZ": "ＷＺ", "JX": "ＪＸ"}
PRICES = {"蔬菜": (3, 20), "水果": (8, 60), "肉禽": (15, 90), "乳品": (10, 70), "礼盒": (180, 1680)}
SENTINELS = (9999, -1)

Row = dict[str, str]


def main() -> None:
    """Write both files."""
    random = Random(SEED)
    rows = shuffled(random, dirtied(random))
    write(HERE / "files" / "orders.csv", RAW_COLUMNS, [[row[c] for c in RAW_COLUMNS] for row in rows], "gbk")
    cleaned, facts = clean(rows)
    check_traps(rows, cleaned)
    write(HERE / "key" / "cleaned.csv", CLEAN_COLUMNS, cleaned, "utf-8")
    for name, value in facts.items():
        print(f"{name} = {value}")


def dirtied(random: Random) -> list[tuple[Row, list[Row]]]:
    """Return (order, copies and corrections that follow it in the file) for every order."""
    orders = [order(random, f"QH{10001 + n}") for n in range(ORDERS)]
    free = list(range(ORDERS))
    random.shuffle(free)
    spoil(random, orders, free)
    groups: list[tuple[Row, list[Row]]] = [(row, []) for row in orders]
    # Copies come mostly from older customers and dearer goods, so that filling before removing them shows in the medians.
    dear = sorted(free, key=lambda n: -(number(orders[n]["顾客年龄"]) or 0) - (number(orders[n]["数量"]) or 0))
    for n in dear[:28]:
        groups[n] = (orders[n], [dict(orders[n])] * (2 if n == dear[0] else 1))
    for n in random.sample(dear[120:], 16):
        groups[n] = (orders[n], [corrected(random, orders[n])])
    for n in random.sample([n for n in free if number(orders[n]["数量"]) and not groups[n][1]], 4):
        groups[n] = ({**orders[n], "数量": random.choice(("-1", "9999"))}, [orders[n]])
    return groups


def order(random: Random, order_id: str) -> Row:
    """Return one order, right in content but written in one of many ways."""
    day = date(2025, 7, 1) + timedelta(days=random.randrange(92))
    category = random.choices(list(PRICES), (30, 25, 18, 17, 10))[0]
    low, high = PRICES[category]
    price = random.randint(low, high) if category == "礼盒" else random.randint(low * 10, high * 10) / 10
    quantity = random.randint(1, 6) if category == "礼盒" else min(40, 1 + int(random.expovariate(0.14)))
    return {
        "订单号": order_id,
        "下单日期": written_date(random, day),
        "城市": written_city(random, random.choices(list(CITIES), (40, 28, 18, 14))[0]),
        "品类": category,
        "单价": written_price(random, price),
        "数量": f"{quantity}件" if random.random() < 0.25 else str(quantity),
        "顾客年龄": str(min(78, max(18, round(random.gauss(41, 13))))),
    }


def written_date(random: Random, day: date) -> str:
    return random.choices(
        (day.isoformat(), f"{day.year}/{day.month}/{day.day}", f"{day.year}年{day.month}月{day.day}日", f"{day:%Y%m%d}"),
        (40, 25, 20, 15),
    )[0]


def written_city(random: Random, name: str) -> str:
    code = CITIES[name]
    forms = (name, f"{name}市", f" {name}", f"{name} ", code, code.lower(), FULL_WIDTH[code])
    return random.choices(forms, (52, 14, 6, 8, 8, 6, 6))[0]


def written_price(random: Random, price: float) -> str:
    text = f"{price:,.10g}" if price >= 1000 or random.random() < 0.8 else f"{price:,.2f}"
    return random.choices((text, f"{text}元", f"￥{text}"), (50, 28, 22))[0]


def spoil(random: Random, orders: list[Row], free: list[int]) -> None:
    """Spoil some cells; every spoilt order leaves `free`, so that no order has two faults."""
    faults = {
        "下单日期": [""] * 7,
        "城市": [""] * 6,
        "单价": [""] * 13 + ["--"] * 6,
        "数量": [""] * 5 + ["9999"] * 8 + ["-1"] * 7 + ["0"] * 3 + ["480", "650", "1200", "500件"],
        "顾客年龄": [""] * 11 + ["9999"] * 9 + ["-1"] * 8 + ["3", "5", "0", "117", "130", "160"],
    }
    for column, values in faults.items():
        for value in values:
            orders[free.pop()][column] = value
    random.shuffle(free)


def corrected(random: Random, row: Row) -> Row:
    """Return the same order with another quantity, as the shop corrected it later."""
    old = number(row["数量"])
    return {**row, "数量": str(random.choice([n for n in range(1, 13) if n != old]))}


def shuffled(random: Random, groups: Sequence[tuple[Row, list[Row]]]) -> list[Row]:
    """Return all rows in mixed order, each copy or correction somewhere after its order."""
    placed: list[tuple[float, Row]] = []
    for first, later in groups:
        place = random.random()
        placed.append((place, first))
        for row in later:
            place = random.uniform(place, 1)
            placed.append((place, row))
    return [row for _, row in sorted(placed, key=lambda pair: pair[0])]


def clean(rows: Sequence[Row]) -> tuple[list[list[str]], dict[str, object]]:
    """Return the cleaned table and the facts that the scoring points ask for, by the rules of statement.md."""
    distinct = list({tuple(row.values()): row for row in rows}.values())
    last = {row["订单号"]: row for row in distinct}
    records = [record(row) for row in last.values() if row["下单日期"]]
    records = [r for r in records if r["quantity"] is None or 1 <= r["quantity"] <= 200]
    missing = sum(r[c] is None for r in records for c in ("price", "quantity", "age"))
    fills = fill(records)
    table = [line(r) for r in sorted(records, key=lambda r: r["order_id"])]
    facts: dict[str, object] = {
        "n_raw": len(rows), "n_duplicates": len(rows) - len(distinct), "n_corrections": len(distinct) - len(last),
        "n_missing": missing, "rows": len(table), "fills": fills,
        "city_spellings": len({row["城市"] for row in rows if row["城市"]}),
        "hangzhou": round(sum(float(t[7]) for t in table if t[2] == "杭州"), 2),
    }
    return table, facts


def record(row: Row) -> dict:
    """Return the typed content of one raw row; None is missing."""
    digits = row["下单日期"].replace("年", "-").replace("月", "-").replace("日", "").replace("/", "-")
    parts = digits.split("-") if "-" in digits else (digits[:4], digits[4:6], digits[6:])
    codes = {spelling: name for name, code in CITIES.items() for spelling in (name, f"{name}市", code, FULL_WIDTH[code])}
    quantity, age = (without_sentinel(number(row[c])) for c in ("数量", "顾客年龄"))
    return {
        "order_id": row["订单号"], "date": date(*map(int, parts)).isoformat(),
        "city": codes.get(row["城市"].strip().upper(), "未知") if row["城市"] else "未知", "category": row["品类"],
        "price": number(row["单价"]), "quantity": quantity, "age": age if age is not None and 14 <= age <= 90 else None,
    }


def number(text: str) -> float | None:
    """Return the number in `text` without its unit, None if there is none."""
    bare = text.strip("￥元件").replace(",", "")
    return float(bare) if bare not in ("", "--") else None


def without_sentinel(value: float | None) -> float | None:
    return None if value in SENTINELS else value


def fill(records: Sequence[dict]) -> dict[str, float]:
    """Fill what is missing, in place; return the values used."""
    fills = {category: middle(r["price"] for r in records if r["category"] == category) for category in PRICES}
    fills |= {column: middle(r[column] for r in records) for column in ("quantity", "age")}
    for r in records:
        r["price"] = fills[r["category"]] if r["price"] is None else r["price"]
        for column in ("quantity", "age"):
            r[column] = fills[column] if r[column] is None else r[column]
    return fills


def middle(values) -> float:
    """Return the median of what is not None."""
    return median(value for value in values if value is not None)


def line(r: dict) -> list[str]:
    amount = f"{r['price'] * r['quantity']:.2f}"
    return [r["order_id"], r["date"], r["city"], r["category"], f"{r['price']:.2f}", f"{r['quantity']:.0f}", f"{r['age']:.0f}", amount]


def check_traps(rows: Sequence[Row], cleaned: Sequence[Sequence[str]]) -> None:
    """Fail if the data has lost one of its traps, so that a new seed cannot make the task toothless."""
    dated = [row for row in rows if row["下单日期"]]
    last = [record(row) for row in {row["订单号"]: row for row in dated}.values()]
    early = fill([record(row) for row in dated])
    right = fill([r for r in last if r["quantity"] is None or 1 <= r["quantity"] <= 200])
    assert all(early[c] != right[c] for c in ("quantity", "age")), "filling before removing duplicates must show"
    assert all(value == round(value, 1) for value in right.values()), f"fills need no rounding: {right}"
    assert all(right[c] == int(right[c]) for c in ("quantity", "age")), f"fills must be whole: {right}"
    assert len(cleaned) == len({row[0] for row in cleaned})


def write(path: Path, columns: Sequence[str], rows: Sequence[Sequence[str]], encoding: str) -> None:
    """Write a CSV file with Unix line ends."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(text.getvalue().encode(encoding))


if __name__ == "__main__":
    main()
