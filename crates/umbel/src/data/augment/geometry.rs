//! The geometric layers as matrices, in Keras 3's conventions: pixel centers at whole numbers, the picture's center at
//! (size − 1) / 2, and the matrix takes a pixel of the result to the place in the source that it shows.

/// Takes (x, y) of the result to `[a b c; d e f] · (x, y, 1)` in the source.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Affine {
    /// a, b, c: the source's x.
    pub x: [f64; 3],
    /// d, e, f: the source's y.
    pub y: [f64; 3],
}

impl Affine {
    /// Changes nothing.
    pub const IDENTITY: Affine = Affine { x: [1.0, 0.0, 0.0], y: [0.0, 1.0, 0.0] };

    /// Source pixels along one pixel of the result, on average over both axes.
    pub fn step(&self) -> f64 {
        (self.x[0] * self.y[1] - self.x[1] * self.y[0]).abs().sqrt()
    }

    /// This change first, then `next`: what both do to a picture, as one.
    pub fn then(&self, next: &Affine) -> Affine {
        let row = |[a, b, c]: [f64; 3]| {
            [a * next.x[0] + b * next.y[0], a * next.x[1] + b * next.y[1], a * next.x[2] + b * next.y[2] + c]
        };
        Affine { x: row(self.x), y: row(self.y) }
    }
}

fn center(size: usize) -> f64 {
    (size as f64 - 1.0) / 2.0
}

/// Mirrors left and right, and top and bottom.
pub fn flip(size: usize, horizontal: bool, vertical: bool) -> Affine {
    let axis = |mirrored: bool| {
        if mirrored { (-1.0, size as f64 - 1.0) } else { (1.0, 0.0) }
    };
    let ((a, c), (e, f)) = (axis(horizontal), axis(vertical));
    Affine { x: [a, 0.0, c], y: [0.0, e, f] }
}

/// Rotates about the center by a fraction of a full turn (positive: counter-clockwise on the screen).
pub fn rotation(size: usize, turns: f64) -> Affine {
    let (sin, cos) = (turns * std::f64::consts::TAU).sin_cos();
    let center = center(size);
    Affine { x: [cos, -sin, center - center * cos + center * sin], y: [sin, cos, center - center * sin - center * cos] }
}

/// Zooms about the center: `height` and `width` are 1 plus Keras' factors, so above 1 shows more (zooms out).
pub fn zoom(size: usize, height: f64, width: f64) -> Affine {
    let center = center(size);
    Affine { x: [width, 0.0, center * (1.0 - width)], y: [0.0, height, center * (1.0 - height)] }
}

/// Slants by these slopes: `width` moves the rows along, `height` the columns.
pub fn shear(size: usize, height: f64, width: f64) -> Affine {
    let center = center(size);
    Affine { x: [1.0, -width, width * center], y: [-height, 1.0, height * center] }
}

/// Shows the part from (left, top), so many pixels wide and high, as a picture of `to` x `to`. Pixels are areas here: the
/// part's borders become the picture's.
pub fn crop((left, top): (f64, f64), (width, height): (f64, f64), to: usize) -> Affine {
    let axis = |start: f64, length: f64| {
        let step = length / to as f64;
        (step, start + 0.5 * step - 0.5)
    };
    let ((a, c), (e, f)) = (axis(left, width), axis(top, height));
    Affine { x: [a, 0.0, c], y: [0.0, e, f] }
}

/// Shows the whole of a picture of `from` x `from` as one of `to` x `to`.
pub fn resize(from: usize, to: usize) -> Affine {
    crop((0.0, 0.0), (from as f64, from as f64), to)
}

/// Shifts down and right by fractions of the size.
pub fn translation(size: usize, height: f64, width: f64) -> Affine {
    Affine { x: [1.0, 0.0, -width * size as f64], y: [0.0, 1.0, -height * size as f64] }
}
