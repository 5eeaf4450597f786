import pandas as pd
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

FEATURES = ["load", "speed", "vib_rms", "vib_kurtosis", "vib_1x", "bearing_temp", "flow", "pressure_ripple", "noise_hf", "current"]

train = pd.read_csv("train.csv")
test = pd.read_csv("test_inputs.csv")
X, y, pump = train[FEATURES], train["fault"], train["pump"]


def build(k, weights):
    return make_pipeline(StandardScaler(), KNeighborsClassifier(k, weights=weights))


trials = []
for k in (1, 3, 5, 9, 15, 25):
    for weights in ("uniform", "distance"):
        score = cross_val_score(build(k, weights), X, y, cv=StratifiedKFold(5, shuffle=True, random_state=0), scoring="f1_macro").mean()
        trials.append({"k": k, "weights": weights, "score": score})

record = pd.DataFrame(trials)
best = record["score"].idxmax()
record["chosen"] = (record.index == best).astype(int)
record.to_csv("trials.csv", index=False)
print(record.sort_values("score", ascending=False).head().to_string(index=False))

model = build(int(record.loc[best, "k"]), record.loc[best, "weights"]).fit(X, y)
pd.DataFrame({"reading_id": test["reading_id"], "fault": model.predict(test[FEATURES])}).to_csv("predictions.csv", index=False)
