# 青禾鲜站 2025 年第三季度订单清洗
# 读入 orders.csv，按题面的规则清洗，写出 cleaned.csv，并留下变量 n_raw 和 n_missing。
# 各步独立给分：某一步不会做，就先写后面的步骤。

import unicodedata

import numpy as np
import pandas as pd

COLUMNS = {
    "订单号": "order_id", "下单日期": "date", "城市": "city", "品类": "category",
    "单价": "price", "数量": "quantity", "顾客年龄": "age",
}
CITIES = {"HZ": "杭州", "NB": "宁波", "WZ": "温州", "JX": "嘉兴"}

# 第 1 步  读入 orders.csv（编码不是 UTF-8），改列名，记下原始行数 n_raw（2 分）
orders = pd.read_csv("orders.csv")


# 第 2 步  删除完全重复的行（把删除的行数填到“作答项”里），再处理同一订单号的多条记录（3 分）


# 第 3 步  把四种写法的日期统一成 YYYY-MM-DD，删除没有日期的行（2 分）


# 第 4 步  统一城市的写法，缺失填“未知”（2 分）


# 第 5 步  把单价、数量、年龄变成数值：去掉单位、货币符号和千分位逗号，占位值变为缺失（与第 6、7 步合并给分）


# 第 6 步  处理越界值：数量越界删行，年龄越界变为缺失（2 分）


# 第 7 步  记下缺失的格子数 n_missing（1 分），再填补（2 分）


# 第 8 步  计算金额 amount，按订单号升序，写出 cleaned.csv（行数 2 分，内容 4 分）

