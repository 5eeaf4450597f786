NUMBER = 0
import csv
with open('orders.csv') as file:
    rows = list(csv.DictReader(file))
total = sum(int(row['amount']) for row in rows)
print('合计', total)
