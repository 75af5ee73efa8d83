"""scikit-learn's load_svmlight_file on one thread, the best of three passes over a file that the page cache holds."""

import json
import os
import sys
import time

import numpy
import sklearn
from sklearn.datasets import load_svmlight_file

path = sys.argv[1]
best = 0
for _ in range(3):
    began = time.perf_counter()
    load_svmlight_file(path, dtype=numpy.float32)
    best = max(best, os.path.getsize(path) / 1e6 / (time.perf_counter() - began))
print(json.dumps({"megabytesPerSecond": best, "version": sklearn.__version__}))
