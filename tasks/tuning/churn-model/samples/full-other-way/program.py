# 另一条路：自己分层抽样，自己标准化，用移动阈值代替加权，指标也自己算
import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

table = pd.read_csv("train.csv").drop(columns="cancel_tickets")
test = pd.read_csv("test_inputs.csv")


def features(rows):
    numbers = rows[["tenure", "monthly_fee", "data_gb", "usage_change", "faults", "late_payments", "app_logins"]]
    flags = {f"{c}_{v}": (rows[c] == v).astype(float) for c in ("plan", "contract") for v in sorted(table[c].unique())}
    return pd.concat([numbers, pd.DataFrame(flags)], axis=1).to_numpy(float)


# 两类客户各抽五分之一作验证集
valid_rows = table.groupby("churn").sample(frac=0.2, random_state=7)
train_rows = table.drop(valid_rows.index)
n_train, n_valid_pos = len(train_rows), int(valid_rows["churn"].sum())

raw = features(train_rows)
mean, spread = raw.mean(axis=0), raw.std(axis=0)
n_fit = len(raw)


def scaled(rows):
    return (features(rows) - mean) / spread


model = LogisticRegression(max_iter=1000).fit(scaled(train_rows), train_rows["churn"])
THRESHOLD = 0.18  # 流失客户的占比

found = model.predict_proba(scaled(valid_rows))[:, 1] >= THRESHOLD
truth = valid_rows["churn"].to_numpy() == 1
hits = np.sum(found & truth)
valid_recall = hits / truth.sum()
valid_f1 = 2 * hits / (found.sum() + truth.sum())

churn = (model.predict_proba(scaled(test))[:, 1] >= THRESHOLD).astype(int)
pd.DataFrame({"customer_id": test["customer_id"], "churn": churn}).to_csv("predictions.csv", index=False)
