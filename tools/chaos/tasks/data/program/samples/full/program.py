NUMBER = 0
import pandas as pd
rows = pd.read_csv('orders.csv')
total = int(rows.amount.sum())
rows.to_csv('out.csv', index=False)
print('合计', total)
