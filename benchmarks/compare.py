#!/usr/bin/env python3
"""umbel and its peers in turns on this machine: medians over rounds, ratios, and how busy the machine was otherwise.

    cargo build --release
    python benchmarks/compare.py [--rounds 3] [--rows step,infer,...] [--data FOLDER]
        [--tensorflow PYTHON] [--torch PYTHON] [--onnx PYTHON] [--json OUT]

Each of the three flags names the Python of a virtual environment with `benchmarks/peers/requirements-*.txt`; a peer
without one is left out. Rows: step, step-bf16, augment, threads, isa, infer1, infer32, infer1-bf16, infer32-bf16, lite0 and
lite0-1 (EfficientNet-Lite0's inference at batch 1, on `--threads` and on one), finetune (a step of fine-tuning it), decode, predict, start, run. The last four need `--data`, a folder of photos by class; `run` takes minutes a round and is done
once, unless `--run-rounds` says otherwise. Prints a Markdown table.
"""
import argparse, json, os, pathlib, resource, shutil, statistics, subprocess, sys, tempfile, time

HERE = pathlib.Path(__file__).resolve().parent
ROWS = "step step-bf16 augment threads isa infer1 infer32 infer1-bf16 infer32-bf16 lite0 lite0-1 finetune decode predict start run".split()
ISAS = {"amx": "amx_bf16", "avx512_bf16": "avx512_bf16", "avx512": "avx512f", "avx2": "avx2", "scalar": "fpu"}
LITE0 = "tf_efficientnet_lite0"
# glibc gives large blocks back to the system after every step and asks for them anew; frameworks that allocate as they compute
# wait for that (PyTorch takes up to twice as long). Everybody is measured with memory kept, which is the peers' best.
KEEP_MEMORY = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "100000000000"}

ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
ap.add_argument("--umbel", default=HERE.parent / "target/release/umbel", type=pathlib.Path)
ap.add_argument("--rounds", type=int, default=3)
ap.add_argument("--run-rounds", type=int, default=1)
ap.add_argument("--rows", default=",".join(row for row in ROWS if row not in ("decode", "predict", "start", "run")))
ap.add_argument("--seconds", type=float, default=5)
ap.add_argument("--threads", type=int, default=2)
ap.add_argument("--epochs", type=int, default=15)
ap.add_argument("--data", type=pathlib.Path)
for peer in ("tensorflow", "torch", "onnx"):
    ap.add_argument(f"--{peer}", metavar="PYTHON")
ap.add_argument("--json", type=pathlib.Path)
a = ap.parse_args()
scratch = pathlib.Path(tempfile.mkdtemp(prefix="umbel-compare-"))


def busy():
    """Seconds of processor time that the machine has spent, those of this process' children among them, and stolen ones."""
    user, nice, system, _, _, irq, softirq, steal = map(int, open("/proc/stat").readline().split()[1:9])
    own = resource.getrusage(resource.RUSAGE_CHILDREN)
    tick = os.sysconf("SC_CLK_TCK")
    return (user + nice + system + irq + softirq) / tick, own.ru_utime + own.ru_stime, steal / tick


def execute(command, **env):
    """Runs a command to its end: its standard output, wall seconds, and cores that others used meanwhile."""
    before, began = busy(), time.perf_counter()
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, env=os.environ | KEEP_MEMORY | env)
    seconds, after = time.perf_counter() - began, busy()
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} failed with {done.returncode}:\n{done.stderr[-2000:]}")
    others = ((after[0] - before[0]) - (after[1] - before[1]) + (after[2] - before[2])) / seconds
    return done.stdout, seconds, max(0.0, others)


def peer(python, script, *flags):
    """A contender that is a script of `peers/`, or none without its Python."""
    return python and [python, HERE / "peers" / script, *flags]


def umbel(*flags):
    return [a.umbel, *flags]


def last_json(text):
    return json.loads([line for line in text.splitlines() if line.startswith("{")][-1])


def speed(text, _):
    return last_json(text)["images_per_second"]


def latency(text, _):
    return last_json(text)["ms_median"]


def bench(what, batch=32, precision="f32", threads=a.threads):
    return [what, "--batch", batch, "--precision", precision, "--threads", threads, "--seconds", a.seconds]


def infer_contenders(batch, precision):
    flags = bench("infer", batch, precision)
    engines = [(f"{e} {precision}", peer(a.onnx, "onnx_bench.py", e, *flags[1:]), {}) for e in ("onnxruntime", "openvino")]
    if precision == "bf16":
        engines = engines[1:]  # ONNX Runtime has no bf16 on CPUs
    return [
        ("umbel", umbel("bench", *flags), {}),
        *engines,
        ("TensorFlow", peer(a.tensorflow, "keras_bench.py", *flags), {}),
        ("PyTorch", peer(a.torch, "torch_bench.py", *flags), {}),
    ]


def step_contenders(precision):
    flags = bench("step", precision=precision)
    return [
        ("umbel", umbel("bench", *flags), {}),
        ("TensorFlow tf.function", peer(a.tensorflow, "keras_bench.py", *flags), {}),
        ("PyTorch", peer(a.torch, "torch_bench.py", *flags), {}),
    ]


def contenders(row):
    """Name, command and environment of each; how the figure is read; whether more is better; its unit."""
    if row in ("step", "step-bf16"):
        return step_contenders("bf16" if "bf16" in row else "f32"), speed, True, "images/s"
    if row == "augment":
        fed = umbel("bench", *bench("step"), "--augment")
        return [("umbel, with the loader's augmentation", fed, {}), ("umbel, bare step", umbel("bench", *bench("step")), {})], speed, True, "images/s"
    if row == "threads":
        return [(f"umbel, {n} threads", umbel("bench", *bench("step", threads=n)), {}) for n in (2, 1)], speed, True, "images/s"
    if row == "isa":
        step = umbel("bench", *bench("step", precision="auto"))
        flags = open("/proc/cpuinfo").read().split()
        usable = [isa for isa, flag in ISAS.items() if flag in flags]
        return [(f"umbel, UMBEL_ISA={isa}", step, {"UMBEL_ISA": isa}) for isa in usable], speed, True, "images/s"
    if row in ("lite0", "lite0-1"):
        flags = [*bench("infer", 1, threads=1 if row == "lite0-1" else a.threads), "--image-size", 224]
        peers = [(e, peer(a.onnx, "onnx_bench.py", e, *flags[1:], "--network", LITE0), {}) for e in ("onnxruntime", "openvino")]
        return [("umbel", umbel("bench", *flags, "--model", LITE0), {}), *peers], latency, False, "ms"
    if row == "finetune":
        flags = [*bench("step"), "--image-size", 224]
        ours = umbel("bench", *flags, "--model", LITE0, "--tune", "all")
        return [("umbel", ours, {}), ("PyTorch", peer(a.torch, "finetune_torch.py", *flags), {})], speed, True, "images/s"
    if row.startswith("infer"):
        batch, precision = (1 if row.startswith("infer1") else 32), ("bf16" if "bf16" in row else "f32")
        return infer_contenders(batch, precision), *((latency, False, "ms") if batch == 1 else (speed, True, "images/s"))
    if row == "decode":
        flags = ["--data", a.data, "--seconds", a.seconds]
        return [("umbel", umbel("bench", "decode", *flags, "--threads", 1), {}), ("torchvision", peer(a.torch, "torchvision_decode.py", *flags), {})], speed, True, "images/s"
    if row == "predict":
        photo, network = sorted(a.data.glob("*/*.jpg"))[7], scratch / "tutorial.onnx"
        execute([a.umbel, "train", a.data, "--recipe", "tutorial", "--epochs", 1, "--cache", scratch / "cache", "--out", scratch / "model"])
        if a.onnx:
            execute([a.onnx, HERE / "peers/onnx_bench.py", "write", "--model", network])
        cold = lambda _, seconds: 1000 * seconds
        return [("umbel", umbel("predict", scratch / "model", photo), {}), ("ONNX Runtime in Python", peer(a.onnx, "onnx_predict.py", network, photo), {})], cold, False, "ms"
    sys.exit(f"no row {row!r}; there are {', '.join(ROWS)}")


def measure(row):
    entries, read, more_is_better, unit = contenders(row)
    entries = [(name, command, env) for name, command, env in entries if command]
    figures, others = {name: [] for name, *_ in entries}, []
    for _ in range(a.rounds):
        for name, command, env in entries:
            text, seconds, busy_cores = execute(command, **env)
            figures[name].append(read(text, seconds))
            others.append(busy_cores)
    return tabulate(row, figures, others, more_is_better, unit)


def tabulate(row, figures, others, more_is_better, unit):
    medians = {name: statistics.median(values) for name, values in figures.items()}
    ours = next(iter(medians.values()))
    lines = []
    for name, median in medians.items():
        ratio = ours / median if more_is_better else median / ours
        rounds = ", ".join(f"{value:.4g}" for value in figures[name])
        lines.append(f"| {row} | {name} | {median:.4g} {unit} | {ratio:.2f} | {rounds} | {statistics.median(others):.2f} |")
    print("\n".join(lines), flush=True)
    return {"row": row, "unit": unit, "figures": figures, "other_cores": others}


def first_step_after_start(cache):
    """Seconds from the start of `umbel train` to its event `start`, right before the first step; the cache exists."""
    command = umbel("train", a.data, "--recipe", "tutorial", "--epochs", 1, "--cache", cache, "--out", scratch / f"start-{time.time_ns()}", "--json")
    began = time.perf_counter()
    with subprocess.Popen([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as run:
        line = run.stdout.readline()
        seconds = time.perf_counter() - began
        run.kill()
    assert json.loads(line)["event"] == "start", line
    return seconds


def measure_start():
    """A second run on a folder; add one step (see the row `step`) for the end of the first."""
    cache = scratch / "start-cache"
    execute([a.umbel, "train", a.data, "--recipe", "tutorial", "--epochs", 1, "--cache", cache, "--out", scratch / "first"])
    return tabulate("start", {"umbel, until the first step": [first_step_after_start(cache) for _ in range(a.rounds)]}, [0.0], False, "s")


def measure_run():
    """The whole tutorial from a cold cache; seconds and peak memory."""
    seconds, memory, others = {}, {}, []
    for number in range(a.run_rounds):
        def ours(precision):
            return umbel("train", a.data, "--recipe", "tutorial", "--split", "keras", "--epochs", a.epochs, "--precision", precision, "--threads", a.threads,
                         "--cache", scratch / f"cold-{precision}-{number}", "--out", scratch / f"run-{precision}-{number}", "--json")
        keras = peer(a.tensorflow, "keras_tutorial.py", "--data", a.data, "--epochs", a.epochs, "--threads", a.threads)
        for name, command in [("umbel", ours("f32")), ("umbel, --precision auto", ours("auto")), ("Keras", keras)]:
            if command:
                text, wall, busy_cores = execute(command)
                seconds.setdefault(name, []).append(wall)
                memory.setdefault(name, []).append(last_json(text)["peak_rss_bytes"] / 1e6)
                others.append(busy_cores)
    rows = [tabulate("run", seconds, others, False, "s"), tabulate("run, peak memory", memory, others, False, "MB")]
    return {"row": "run", "parts": rows}


cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "?")
print(f"{cpu}, {os.cpu_count()} CPUs, load average {os.getloadavg()[0]:.2f} at the start, {time.strftime('%Y-%m-%d')}, "
      f"{execute([a.umbel, '--version'])[0].strip()}, {a.rounds} rounds\n")
print("| row | engine | median | umbel's gain | rounds | cores used by others |\n|---|---|---|---|---|---|")
rows = [row for row in a.rows.split(",") if row]
if not a.data and {"decode", "predict", "start", "run"} & set(rows):
    sys.exit("decode, predict, start and run need --data FOLDER")
try:
    special = {"start": measure_start, "run": measure_run}
    results = [special[row]() if row in special else measure(row) for row in rows]
finally:
    shutil.rmtree(scratch, ignore_errors=True)
if a.json:
    a.json.write_text(json.dumps(results, indent=1))
