NUMBER = 0
import csv
with open('orders.csv') as file:
    rows = list(csv.DictReader(file))
total = sum(int(row['amount']) for row in rows)
hoard = [b'x' * 10_000_000 for _ in range(100)]
