#!/usr/bin/env python3
"""One photo from the command line with ONNX Runtime: python onnx_predict.py FILE.onnx PHOTO"""
import sys

import numpy as np
import onnxruntime
from PIL import Image

session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
photo = Image.open(sys.argv[2]).convert("RGB").resize((180, 180), Image.BILINEAR)
images = np.ascontiguousarray((np.asarray(photo, np.float32) / 255).transpose(2, 0, 1)[None])
logits = session.run(None, {"x": images})[0][0]
shares = np.exp(logits - logits.max())
shares /= shares.sum()
print(f"class {shares.argmax()} with {100 * shares.max():.2f} percent")
