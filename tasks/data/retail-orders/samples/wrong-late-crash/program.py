import unicodedata

import numpy as np
import pandas as pd

COLUMNS = {
    "订单号": "order_id", "下单日期": "date", "城市": "city", "品类": "category",
    "单价": "price", "数量": "quantity", "顾客年龄": "age",
}
CITIES = {"HZ": "杭州", "NB": "宁波", "WZ": "温州", "JX": "嘉兴"}

# 第 1 步
orders = pd.read_csv("orders.csv", encoding="gbk", dtype=str).rename(columns=COLUMNS)
n_raw = len(orders)

# 第 2 步
n_duplicates = int(orders.duplicated().sum())
orders = orders.drop_duplicates()
orders = orders.drop_duplicates("order_id", keep="last")
print("完全重复的行：", n_duplicates)

# 第 3 步
orders = orders.dropna(subset=["date"])
plain = orders["date"].str.replace("[年月/]", "-", regex=True).str.replace("日", "")
orders["date"] = pd.to_datetime(plain, format="mixed").dt.strftime("%Y-%m-%d")


# 第 4 步
def city(text):
    if pd.isna(text):
        return "未知"
    text = unicodedata.normalize("NFKC", text).strip().upper().removesuffix("市")
    return CITIES.get(text, text)


orders["city"] = orders["city"].map(city, na_action=None)

# 第 5 步
for column in ["price", "quantity", "age"]:
    orders[column] = orders[column].astype(float).replace([9999, -1], np.nan)

# 第 6 步
orders = orders[orders["quantity"].isna() | orders["quantity"].between(1, 200)].copy()
orders.loc[~orders["age"].between(14, 90), "age"] = np.nan

# 第 7 步
n_missing = int(orders[["price", "quantity", "age"]].isna().sum().sum())
print("缺失的格子：", n_missing)
orders["price"] = orders["price"].fillna(orders.groupby("category")["price"].transform("median"))
for column in ["quantity", "age"]:
    orders[column] = orders[column].fillna(orders[column].median()).astype(int)

# 第 8 步
orders["amount"] = (orders["price"] * orders["quantity"]).round(2)
orders = orders.sort_values("order_id")
names = ["order_id", "date", "city", "category", "price", "quantity", "age", "amount"]
orders[names].to_csv("cleaned.csv", index=False, encoding="utf-8")
print("杭州销售额：", round(orders.loc[orders["city"] == "杭州", "amount"].sum(), 2))
