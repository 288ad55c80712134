#!/usr/bin/env python3
"""Inference of the tutorial's network in ONNX Runtime or OpenVINO, on one batch in memory.

    pip install -r requirements-onnx.txt
    python onnx_bench.py onnxruntime|openvino [--batch 32] [--threads 2] [--seconds 5] [--precision f32|bf16]
    python onnx_bench.py write --model FILE.onnx

The network is written by this script (random weights, input 0..1, channels first, as these engines like it).
"""
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from measure import CLASSES, SIZE, arguments, report

ap = arguments(["onnxruntime", "openvino", "write"], __doc__)
ap.add_argument("--model", default="tutorial.onnx", help="where `write` puts the network")
a = ap.parse_args()


def network():
    random, weights, nodes = np.random.default_rng(1), [], []

    def weight(name, *shape):
        values = random.normal(0, (2 / np.prod(shape[1:])) ** 0.5, shape).astype(np.float32)
        weights.append(numpy_helper.from_array(values, name))
        return name

    at, channels = "x", 3
    for i, filters in enumerate((16, 32, 64)):
        inputs = [at, weight(f"w{i}", filters, channels, 3, 3), weight(f"b{i}", filters)]
        nodes.append(helper.make_node("Conv", inputs, [f"c{i}"], kernel_shape=[3, 3], pads=[1, 1, 1, 1]))
        nodes.append(helper.make_node("Relu", [f"c{i}"], [f"r{i}"]))
        nodes.append(helper.make_node("MaxPool", [f"r{i}"], [f"p{i}"], kernel_shape=[2, 2], strides=[2, 2]))
        at, channels = f"p{i}", filters
    nodes.append(helper.make_node("Flatten", [at], ["f"]))
    flat = channels * (SIZE // 8) ** 2
    nodes.append(helper.make_node("Gemm", ["f", weight("w3", 128, flat), weight("b3", 128)], ["d"], transB=1))
    nodes.append(helper.make_node("Relu", ["d"], ["h"]))
    nodes.append(helper.make_node("Gemm", ["h", weight("w4", CLASSES, 128), weight("b4", CLASSES)], ["y"], transB=1))
    info = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    graph = helper.make_graph(nodes, "tutorial", [info("x", ["n", 3, SIZE, SIZE])], [info("y", ["n", CLASSES])], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model


if a.what == "write":
    onnx.save(network(), a.model)
    raise SystemExit

images = np.random.default_rng(123).random((a.batch, 3, SIZE, SIZE), dtype=np.float32)
engine = a.what
a.what = "infer"
if engine == "onnxruntime":
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = a.threads
    session = onnxruntime.InferenceSession(network().SerializeToString(), options, providers=["CPUExecutionProvider"])
    report(a, f"onnxruntime {onnxruntime.__version__}", lambda: session.run(None, {"x": images}))
else:
    import io

    import openvino

    core = openvino.Core()
    model = core.read_model(io.BytesIO(network().SerializeToString()))
    model.reshape({model.inputs[0].any_name: [a.batch, 3, SIZE, SIZE]})
    settings = {
        "INFERENCE_PRECISION_HINT": a.precision, "INFERENCE_NUM_THREADS": a.threads, "PERFORMANCE_HINT": "LATENCY",
    }
    request = core.compile_model(model, "CPU", settings).create_infer_request()
    report(a, f"openvino {openvino.__version__}", lambda: request.infer([images]))
