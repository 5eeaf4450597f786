NUMBER = 0
import csv
with open('orders.csv') as file:
    rows = list(csv.DictReader(file))
total = NUMBER
with open('out.csv', 'w', newline='') as file:
    writer = csv.DictWriter(file, ['order', 'amount'])
    writer.writeheader()
    writer.writerows(rows)
print('合计', total)
