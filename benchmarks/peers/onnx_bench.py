#!/usr/bin/env python3
"""Inference of the tutorial's network, or of EfficientNet-Lite0, in ONNX Runtime or OpenVINO, on one batch in memory.

    pip install -r requirements-onnx.txt
    python onnx_bench.py onnxruntime|openvino [--batch 32] [--threads 2] [--seconds 5] [--precision f32|bf16]
        [--network cnn|tf_efficientnet_lite0] [--image-size 180]
    python onnx_bench.py write --model FILE.onnx

The networks are written by this script (random weights, input 0..1 or -1..1, channels first, as these engines like it; batch
norm as a node of its own, which both fold into the convolution before it).
"""
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from measure import CLASSES, SIZE, arguments, report

ap = arguments(["onnxruntime", "openvino", "write"], __doc__)
ap.add_argument("--network", choices=["cnn", "tf_efficientnet_lite0"], default="cnn")
ap.add_argument("--image-size", type=int, default=SIZE)
ap.add_argument("--model", default="tutorial.onnx", help="where `write` puts the network")
a = ap.parse_args()


class Network:
    """Nodes and weights, as they are added."""

    def __init__(self):
        self.random, self.weights, self.nodes = np.random.default_rng(1), [], []

    def constant(self, values):
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(values, np.float32), name))
        return name

    def weight(self, *shape):
        return self.constant(self.random.normal(0, (2 / np.prod(shape[1:])) ** 0.5, shape))

    def node(self, op, *inputs, **attributes):
        name = f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, list(inputs), [name], **attributes))
        return name

    def finish(self, output):
        info = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        inputs, outputs = [info("x", ["n", 3, a.image_size, a.image_size])], [info(output, ["n", CLASSES])]
        graph = helper.make_graph(self.nodes, a.network, inputs, outputs, self.weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        onnx.checker.check_model(model)
        return model


def cnn():
    net, at, channels = Network(), "x", 3
    for filters in (16, 32, 64):
        at = net.node("Conv", at, net.weight(filters, channels, 3, 3), net.weight(filters), kernel_shape=[3, 3], pads=[1, 1, 1, 1])
        at = net.node("MaxPool", net.node("Relu", at), kernel_shape=[2, 2], strides=[2, 2])
        channels = filters
    flat = channels * (a.image_size // 8) ** 2
    at = net.node("Gemm", net.node("Flatten", at), net.weight(128, flat), net.weight(128), transB=1)
    return net.finish(net.node("Gemm", net.node("Relu", at), net.weight(CLASSES, 128), net.weight(CLASSES), transB=1))


def tf_efficientnet_lite0():
    net = Network()
    zero, six = net.constant(0.0), net.constant(6.0)

    def conv(x, size, channels, out, kernel=1, stride=1, depthwise=False, clip=True):
        """TensorFlow's "same" padding: the odd pixel goes below and right. Gives the output and its size."""
        result = -(-size // stride)
        pad = max((result - 1) * stride + kernel - size, 0)
        pads = [pad // 2, pad // 2, pad - pad // 2, pad - pad // 2]
        group = channels if depthwise else 1
        at = net.node("Conv", x, net.weight(out, channels // group, kernel, kernel), kernel_shape=[kernel] * 2,
                      strides=[stride] * 2, pads=pads, group=group)
        scale, shift, mean, variance = np.ones(out), np.zeros(out), net.random.normal(0, 0.1, out), net.random.uniform(0.5, 2, out)
        at = net.node("BatchNormalization", at, *map(net.constant, (scale, shift, mean, variance)), epsilon=1e-3)
        return (net.node("Clip", at, zero, six) if clip else at), result

    at, size = conv("x", a.image_size, 3, 32, 3, 2)
    channels = 32
    stages = [[(0, 16, 3, 1)], [(96, 24, 3, 2), (144, 24, 3, 1)], [(144, 40, 5, 2), (240, 40, 5, 1)],
              [(240, 80, 3, 2)] + [(480, 80, 3, 1)] * 2, [(480, 112, 5, 1)] + [(672, 112, 5, 1)] * 2,
              [(672, 192, 5, 2)] + [(1152, 192, 5, 1)] * 3, [(1152, 320, 3, 1)]]
    for within, out, kernel, stride in (block for stage in stages for block in stage):
        before, wide = at, within or channels
        if within:
            at, _ = conv(at, size, channels, within)
        at, size = conv(at, size, wide, wide, kernel, stride, depthwise=True)
        at, _ = conv(at, size, wide, out, clip=False)
        if stride == 1 and channels == out:
            at = net.node("Add", at, before)
        channels = out
    at, _ = conv(at, size, channels, 1280)
    at = net.node("Flatten", net.node("GlobalAveragePool", at))
    return net.finish(net.node("Gemm", at, net.weight(CLASSES, 1280), net.weight(CLASSES), transB=1))


network = {"cnn": cnn, "tf_efficientnet_lite0": tf_efficientnet_lite0}[a.network]

if a.what == "write":
    onnx.save(network(), a.model)
    raise SystemExit

images = np.random.default_rng(123).random((a.batch, 3, a.image_size, a.image_size), dtype=np.float32)
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
    model.reshape({model.inputs[0].any_name: [a.batch, 3, a.image_size, a.image_size]})
    settings = {
        "INFERENCE_PRECISION_HINT": a.precision, "INFERENCE_NUM_THREADS": a.threads, "PERFORMANCE_HINT": "LATENCY",
    }
    request = core.compile_model(model, "CPU", settings).create_infer_request()
    report(a, f"openvino {openvino.__version__}", lambda: request.infer([images]))
