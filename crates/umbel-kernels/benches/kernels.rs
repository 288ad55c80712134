//! Times what one training step of the flower tutorial's network is made of (batch 32, 180 x 180 pixels), and the kernels
//! that other networks need, at sizes that these have.
//!
//! `cargo bench -p umbel-kernels`; `RAYON_NUM_THREADS` and `UMBEL_ISA` are heeded. Figures are the least of many runs, since
//! whatever else runs on the machine only ever adds. On Linux and with one thread, they are the mean time that the thread
//! had on the processor (words after `--` choose by name), so that a busy machine disturbs little.

use std::hint::black_box;
use std::time::{Duration, Instant};

use umbel_kernels::conv2d::{self, Conv2dShape, OutputGradient};
use umbel_kernels::dense::{self, DenseShape};
use umbel_kernels::depthwise::{self, DepthwiseShape};
use umbel_kernels::dropout::mix;
use umbel_kernels::elementwise::{self, GateShape};
use umbel_kernels::optimizer::{self, AdamStep};
use umbel_kernels::warp::{self, Line};
use umbel_kernels::{FusedActivation, Isa, Precision};

const BATCH: usize = 32;

fn main() {
    // On a thread of the pool, so that with a single one, all work is this thread's.
    rayon::scope(|_| run());
}

fn run() {
    let isa = std::env::var("UMBEL_ISA").map_or(Isa::best(), |name| Isa::named(&name).expect("UMBEL_ISA"));
    println!("{} on {} threads, batch {BATCH}", isa.name(), rayon::current_num_threads());
    let adam = adam(isa);
    for precision in [Precision::F32, Precision::Bf16] {
        let mut step = adam;
        for (name, size, channels_in, channels_out) in
            [("conv1", 180, 3, 16), ("conv2", 90, 16, 32), ("conv3", 45, 32, 64)]
        {
            step += convolution(isa, precision, name, size, channels_in, channels_out);
        }
        step += dense_layer(isa, precision);
        let images = BATCH as f64 / step.as_secs_f64();
        println!("{:<28}{:9.3} ms  {images:.0} images/s", named(precision, "sum"), step.as_secs_f64() * 1e3);
        for (name, size, channels_in, channels_out) in [("14x14x256", 14, 256, 256), ("7x7x512", 7, 512, 512)] {
            convolution(isa, precision, name, size, channels_in, channels_out);
        }
    }
    for (size, channels, kernel, stride) in [
        (112, 32, 3, 1),
        (112, 96, 3, 2),
        (56, 144, 3, 1),
        (56, 144, 5, 2),
        (28, 240, 5, 1),
        (14, 480, 3, 1),
        (7, 1152, 5, 1),
    ] {
        for batch in [1, BATCH] {
            depthwise(isa, batch, size, channels, kernel, stride);
        }
    }
    for (size, channels_in, channels_out) in
        [(112, 32, 16), (28, 40, 240), (14, 480, 80), (7, 1152, 192), (7, 320, 1280)]
    {
        pointwise(isa, Precision::F32, size, channels_in, channels_out);
        pointwise(isa, Precision::Bf16, size, channels_in, channels_out);
    }
    elementwise(isa);
    one_warp(isa);
    one_photo(isa, Precision::F32);
    one_photo(isa, Precision::Bf16);
}

/// The name of a measurement.
fn named(precision: Precision, name: &str) -> String {
    match precision {
        Precision::F32 => name.to_string(),
        Precision::Bf16 => format!("bf16 {name}"),
    }
}

/// The kernel of that precision.
macro_rules! of_precision {
    ($precision:expr, $module:ident::$name:ident) => {
        match $precision {
            Precision::F32 => $module::$name,
            Precision::Bf16 => $module::bf16::$name,
        }
    };
}

fn convolution(
    isa: Isa,
    precision: Precision,
    name: &str,
    size: usize,
    channels_in: usize,
    channels_out: usize,
) -> Duration {
    let shape = Conv2dShape {
        batch: BATCH,
        height: size,
        width: size,
        channels_in,
        channels_out,
        kernel: (3, 3),
        stride: (1, 1),
        pad: (1, 1),
        out_height: size,
        out_width: size,
    };
    let x = random(1, BATCH * size * size * channels_in);
    let w = random(2, 9 * channels_in * channels_out);
    let bias = random(3, channels_out);
    let pooled_len = BATCH * (size / 2) * (size / 2) * channels_out;
    let (mut pooled, mut choice) = (vec![0.0; pooled_len], vec![0; pooled_len]);
    let product = 2.0 * (BATCH * size * size * 9 * channels_in * channels_out) as f64;
    let relu = FusedActivation::Relu;
    let forward_pool = of_precision!(precision, conv2d::forward_pool);
    let backward_pool = of_precision!(precision, conv2d::backward);
    let name = named(precision, name);
    let forward = measure(&format!("{name} forward"), product, || {
        forward_pool(isa, &shape, &x, &w, Some(&bias), relu, &mut pooled, Some(&mut choice));
    });
    let dy = random(4, pooled_len);
    let (mut dx, mut dw, mut db) = (vec![0.0; x.len()], vec![0.0; w.len()], vec![0.0; channels_out]);
    let mut workspace = vec![0.0; conv2d::workspace_len(&shape)];
    let with_dx = channels_in != 3;
    let products = if with_dx { 2.0 * product } else { product };
    let gradient = OutputGradient::Pooled { dy: &dy, choice: &choice };
    let backward = measure(&format!("{name} backward"), products, || {
        let dx = with_dx.then_some(&mut dx[..]);
        backward_pool(isa, &shape, &x, &w, gradient, dx, &mut dw, Some(&mut db), &mut workspace);
    });
    forward + backward
}

/// The tutorial's network forward, for a single photo.
fn one_photo(isa: Isa, precision: Precision) {
    let forward_pool = of_precision!(precision, conv2d::forward_pool);
    let forward = of_precision!(precision, dense::forward);
    for (name, size, channels_in, channels_out) in [("conv1", 180, 3, 16), ("conv2", 90, 16, 32), ("conv3", 45, 32, 64)]
    {
        let shape = Conv2dShape {
            batch: 1,
            height: size,
            width: size,
            channels_in,
            channels_out,
            kernel: (3, 3),
            stride: (1, 1),
            pad: (1, 1),
            out_height: size,
            out_width: size,
        };
        let (x, w) = (random(1, size * size * channels_in), random(2, 9 * channels_in * channels_out));
        let (bias, mut pooled) = (random(3, channels_out), vec![0.0; (size / 2) * (size / 2) * channels_out]);
        let product = 2.0 * (size * size * 9 * channels_in * channels_out) as f64;
        measure(&named(precision, &format!("one {name}")), product, || {
            forward_pool(isa, &shape, &x, &w, Some(&bias), FusedActivation::Relu, &mut pooled, None);
        });
    }
    let shape = DenseShape { batch: 1, inputs: 30_976, outputs: 128 };
    let (x, w) = (random(1, shape.inputs), random(2, shape.inputs * shape.outputs));
    let (bias, mut y) = (random(3, shape.outputs), vec![0.0; shape.outputs]);
    let mut workspace = vec![0.0; dense::workspace_len(&shape)];
    measure(&named(precision, "one dense"), 2.0 * w.len() as f64, || {
        forward(isa, &shape, &x, &w, Some(&bias), FusedActivation::Relu, &mut y, &mut workspace);
    });
}

fn pointwise(isa: Isa, precision: Precision, size: usize, channels_in: usize, channels_out: usize) {
    for batch in [1, BATCH] {
        let shape = Conv2dShape {
            batch,
            height: size,
            width: size,
            channels_in,
            channels_out,
            kernel: (1, 1),
            stride: (1, 1),
            pad: (0, 0),
            out_height: size,
            out_width: size,
        };
        let name = named(precision, &format!("1x1 {batch}x{size}x{channels_in}-{channels_out}"));
        let forward = of_precision!(precision, conv2d::forward);
        let backward = of_precision!(precision, conv2d::backward);
        let (x, w) = (random(1, batch * size * size * channels_in), random(2, channels_in * channels_out));
        let dy = random(3, batch * size * size * channels_out);
        let (mut y, mut dx, mut dw) = (vec![0.0; dy.len()], vec![0.0; x.len()], vec![0.0; w.len()]);
        let mut workspace = vec![0.0; conv2d::workspace_len(&shape)];
        let product = 2.0 * (dy.len() * channels_in) as f64;
        let activation = FusedActivation::Linear;
        measure(&format!("{name} fwd"), product, || {
            forward(isa, &shape, &x, &w, None, activation, &mut y);
        });
        if precision == Precision::F32 && conv2d::packed_len(&shape) > 0 {
            let mut packed = vec![0.0; conv2d::packed_len(&shape)];
            conv2d::pack(isa, &shape, &w, None, &mut packed);
            measure(&format!("{name} packed"), product, || {
                conv2d::forward_packed(isa, &shape, &x, &packed, None, activation, &mut y);
            });
        }
        let gradient = OutputGradient::Full { dy: &dy, y: &[], activation };
        measure(&format!("{name} dw"), product, || {
            backward(isa, &shape, &x, &w, gradient, None, &mut dw, None, &mut workspace);
        });
        measure(&format!("{name} dw+dx"), 2.0 * product, || {
            backward(isa, &shape, &x, &w, gradient, Some(&mut dx), &mut dw, None, &mut workspace);
        });
    }
}

fn depthwise(isa: Isa, batch: usize, size: usize, channels: usize, kernel: usize, stride: usize) {
    let out = size.div_ceil(stride);
    let shape = DepthwiseShape {
        batch,
        height: size,
        width: size,
        channels,
        kernel: (kernel, kernel),
        stride: (stride, stride),
        pad: (kernel / 2, kernel / 2),
        out_height: out,
        out_width: out,
    };
    let name = format!("dw{kernel}x{kernel}s{stride} {batch}x{size}x{channels}");
    let (x, w) = (random(1, batch * size * size * channels), random(2, kernel * kernel * channels));
    let (bias, mut y) = (random(3, channels), vec![0.0; batch * out * out * channels]);
    let products = 2.0 * (y.len() * kernel * kernel) as f64;
    let linear = FusedActivation::Linear;
    measure(&format!("{name} fwd"), products, || {
        depthwise::forward(isa, &shape, &x, &w, Some(&bias), FusedActivation::Relu6, &mut y);
    });
    let mut dy = random(4, y.len());
    let (mut dx, mut dw) = (vec![0.0; x.len()], vec![0.0; w.len()]);
    let mut workspace = vec![0.0; depthwise::workspace_len(&shape)];
    measure(&format!("{name} dw"), products, || {
        depthwise::backward(isa, &shape, &x, &w, &[], linear, &mut dy, None, &mut dw, None, &mut workspace);
    });
    measure(&format!("{name} dw+dx"), 2.0 * products, || {
        let dx = Some(&mut dx[..]);
        depthwise::backward(isa, &shape, &x, &w, &[], linear, &mut dy, dx, &mut dw, None, &mut workspace);
    });
}

fn elementwise(isa: Isa) {
    let shape = GateShape { batch: BATCH, pixels: 28 * 28, channels: 120 };
    let n = BATCH * shape.pixels * shape.channels;
    let (x, dy, gates) = (random(1, n), random(2, n), random(3, BATCH * shape.channels));
    let (mut y, mut d_gates) = (vec![0.0; n], vec![0.0; gates.len()]);
    measure("add", n as f64, || elementwise::add(isa, &x, &dy, FusedActivation::Relu, &mut y));
    measure("gate", n as f64, || elementwise::gate(isa, &shape, &x, &gates, &mut y));
    measure("gate backward", 3.0 * n as f64, || {
        elementwise::gate_backward(isa, &shape, &x, &gates, &dy, &mut y, &mut d_gates);
    });
}

/// A photo of the tutorial turned and enlarged a little; an operation is a value.
fn one_warp(isa: Isa) {
    let size = 180;
    let mut photo: Vec<u8> = random(1, 3 * size * size).iter().map(|x| (127.5 + 127.5 * x) as u8).collect();
    photo.resize(warp::readable_len(size), 0);
    let mut out = vec![0.0; 3 * size * size];
    measure("warp", out.len() as f64, || {
        for (row, out) in out.chunks_exact_mut(3 * size).enumerate() {
            let row = row as f32;
            let line = Line { x_start: 20.0 - 0.3 * row, x_step: 0.9, y_start: -15.0 + 0.9 * row, y_step: 0.3 };
            warp::row(isa, size, &photo, line, out);
        }
    });
}

fn dense_layer(isa: Isa, precision: Precision) -> Duration {
    let shape = DenseShape { batch: BATCH, inputs: 30_976, outputs: 128 };
    let (x, w) = (random(1, BATCH * shape.inputs), random(2, shape.inputs * shape.outputs));
    let bias = random(3, shape.outputs);
    let mut y = vec![0.0; BATCH * shape.outputs];
    let mut workspace = vec![0.0; dense::workspace_len(&shape)];
    let product = 2.0 * (BATCH * shape.inputs * shape.outputs) as f64;
    let relu = FusedActivation::Relu;
    let forward = measure(&named(precision, "dense forward"), product, || {
        of_precision!(precision, dense::forward)(isa, &shape, &x, &w, Some(&bias), relu, &mut y, &mut workspace);
    });
    let mut dy = random(4, y.len());
    let (mut dx, mut dw, mut db) = (vec![0.0; x.len()], vec![0.0; w.len()], vec![0.0; 128]);
    let backward = measure(&named(precision, "dense backward"), 2.0 * product, || {
        let (dx, db) = (Some(&mut dx[..]), Some(&mut db[..]));
        of_precision!(precision, dense::backward)(
            isa,
            &shape,
            &x,
            &w,
            &y,
            relu,
            &mut dy,
            dx,
            &mut dw,
            db,
            &mut workspace,
        );
    });
    forward + backward
}

fn adam(isa: Isa) -> Duration {
    let n = 3_989_285;
    let (mut weights, gradient) = (random(1, n), random(2, n));
    let (mut m, mut v) = (vec![0.0; n], vec![0.0; n]);
    let options =
        AdamStep { learning_rate: 0.001, beta_1: 0.9, beta_2: 0.999, epsilon: 1e-7, weight_decay: 0.0, step: 10 };
    measure("adam", 11.0 * n as f64, || {
        optimizer::adam(isa, &options, &mut weights, &gradient, &mut m, &mut v);
    })
}

/// Runs `work` for a second or so, prints and returns its time.
fn measure(name: &str, operations: f64, mut work: impl FnMut()) -> Duration {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    if !wanted.is_empty() && !wanted.iter().any(|wanted| name.contains(wanted.as_str())) {
        return Duration::ZERO;
    }
    work();
    let (begin, begin_cpu) = (Instant::now(), processor_time());
    let mut least = Duration::MAX;
    let mut runs = 0;
    while runs < 5 || begin.elapsed() < Duration::from_secs(1) {
        let start = Instant::now();
        work();
        black_box(());
        least = least.min(start.elapsed());
        runs += 1;
    }
    let mean_cpu = processor_time().zip(begin_cpu).map(|(end, begin)| (end - begin) / runs);
    let time = mean_cpu.unwrap_or(least);
    let seconds = time.as_secs_f64();
    println!("{name:<28}{:9.3} ms  {:7.1} GFLOP/s", seconds * 1e3, operations / seconds * 1e-9);
    time
}

/// What this thread had of the processor so far, where it does all the work and the system tells.
fn processor_time() -> Option<Duration> {
    if rayon::current_num_threads() > 1 {
        return None;
    }
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

fn random(seed: u64, n: usize) -> Vec<f32> {
    (0..n).map(|i| (mix(seed, i as u64) >> 40) as f32 / (1 << 23) as f32 - 1.0).collect()
}
