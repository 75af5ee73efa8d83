"""scikit-learn's SGDClassifier on one thread: epochs of partial_fit over rows that are parsed and shuffled before the clock."""

import json
import sys
import time

import numpy
import sklearn
from sklearn.datasets import load_svmlight_file
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import log_loss
from sklearn.utils import shuffle

path, features, epochs = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
began = time.perf_counter()
rows, labels = load_svmlight_file(path, n_features=features, dtype=numpy.float32, zero_based=False)
load_seconds = time.perf_counter() - began
rows, labels = shuffle(rows, labels, random_state=1)
model = SGDClassifier(loss="log_loss", alpha=1e-6, learning_rate="constant", eta0=0.05, shuffle=False, random_state=1)
seconds = []
for _ in range(epochs):
    began = time.perf_counter()
    model.partial_fit(rows, labels, classes=numpy.array([-1, 1]))
    seconds.append(time.perf_counter() - began)
print(json.dumps({
    "rowsPerEpoch": len(labels),
    "seconds": seconds,
    "loadSeconds": load_seconds,
    "loss": log_loss(labels, model.predict_proba(rows)),
    "version": sklearn.__version__,
}))
