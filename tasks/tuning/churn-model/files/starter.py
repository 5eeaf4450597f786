# 星河宽带客户流失模型。这份程序是前任同事写的：能运行，验证成绩漂亮，上线后却几乎一个流失客户也找不到。
# 请找出毛病并修好，再补写第 6 步。各步独立给分。

import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

# 第 1 步  读入数据，选特征（选错特征会在第 6 步失分）
train = pd.read_csv("train.csv")
X = pd.get_dummies(train.drop(columns=["customer_id", "churn"]))
y = train["churn"]

# 第 2 步  标准化（2 分）：留下变量 n_fit
scaler = StandardScaler()
X = scaler.fit_transform(X)

# 第 3 步  划分训练集和验证集（3 分）：留下变量 n_train、n_valid_pos
X_train, X_valid, y_train, y_valid = train_test_split(X, y, test_size=0.3)

# 第 4 步  训练（2 分）：流失客户只占 18%
model = LogisticRegression(max_iter=1000)
model.fit(X_train, y_train)

# 第 5 步  验证（1 分）：留下变量 valid_f1、valid_recall
print("验证集准确率：", accuracy_score(y_valid, model.predict(X_valid)))

# 第 6 步  读入 test_inputs.csv，预测，写出 predictions.csv（文件 2 分，效果 8 分）

