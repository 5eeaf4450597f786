import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import classification_report, f1_score, recall_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

# 第 1 步  cancel_tickets 在预测时还没有产生，不能用
WORDS = ["plan", "contract"]
NUMBERS = ["tenure", "monthly_fee", "data_gb", "usage_change", "faults", "late_payments", "app_logins"]
train = pd.read_csv("train.csv")
X, y = train[WORDS + NUMBERS], train["churn"]

# 第 3 步  先划分
X_train, X_valid, y_train, y_valid = train_test_split(X, y, test_size=0.2, stratify=y, random_state=42)
n_train = len(X_train)
n_valid_pos = int(y_valid.sum())

# 第 2、4 步  标准化放进流水线，只用训练集拟合
scaler = StandardScaler()
columns = make_column_transformer((scaler, NUMBERS), (OneHotEncoder(handle_unknown="ignore"), WORDS))
model = make_pipeline(columns, LogisticRegression(max_iter=1000, class_weight="balanced"))
model.fit(X_train, y_train)
n_fit = int(columns.transformers_[0][1].n_samples_seen_)

# 第 5 步
found = model.predict(X_valid)
valid_f1 = f1_score(y_valid, found)
valid_recall = recall_score(y_valid, found)
print(classification_report(y_valid, found, digits=3))

# 第 6 步
test = pd.read_csv("test_inputs.csv")
churn = model.predict(test[WORDS + NUMBERS])
pd.DataFrame({"customer_id": test["customer_id"], "churn": churn}).to_csv("predictions.csv", index=False)
