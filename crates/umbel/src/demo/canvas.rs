//! A thin layer over tiny-skia: colors as plain numbers, paths in a flower's own units, and the few brushes that flowers
//! and backgrounds are made of.

use tiny_skia::{
    Color, FillRule, GradientStop, LineCap, LineJoin, LinearGradient, Paint, Path, PathBuilder, Pixmap, Point,
    RadialGradient, Shader, SpreadMode, Stroke, Transform,
};

/// A color, sRGB, 0 to 1 a channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rgb(pub [f32; 3]);

impl Rgb {
    /// From hue (in full turns, wraps around), saturation and value.
    pub fn hsv(hue: f32, saturation: f32, value: f32) -> Self {
        let sector = hue.rem_euclid(1.0) * 6.0;
        let channel = |offset: f32| {
            let k = (offset + sector).rem_euclid(6.0);
            value - value * saturation * k.min(4.0 - k).clamp(0.0, 1.0)
        };
        Rgb([channel(5.0), channel(3.0), channel(1.0)])
    }

    /// This color moved towards `other` by `share` (0 to 1).
    pub fn mix(self, other: Rgb, share: f32) -> Self {
        Rgb(std::array::from_fn(|c| self.0[c] + (other.0[c] - self.0[c]) * share))
    }

    /// All channels times `factor`, kept within 0 to 1.
    pub fn scale(self, factor: f32) -> Self {
        Rgb(self.0.map(|v| (v * factor).clamp(0.0, 1.0)))
    }

    /// How far apart two colors lie: 0 for the same, 1.73 from black to white.
    pub fn distance(self, other: Rgb) -> f32 {
        self.0.iter().zip(other.0).map(|(a, b)| (a - b) * (a - b)).sum::<f32>().sqrt()
    }

    /// Black.
    pub const BLACK: Rgb = Rgb([0.0; 3]);
    /// White.
    pub const WHITE: Rgb = Rgb([1.0; 3]);

    fn with_alpha(self, alpha: f32) -> Color {
        let [r, g, b] = self.0.map(|v| v.clamp(0.0, 1.0));
        // The clamps above are what `from_rgba` checks; transparent is what it would never have to be.
        Color::from_rgba(r, g, b, alpha.clamp(0.0, 1.0)).unwrap_or(Color::TRANSPARENT)
    }
}

/// What a shape is filled with. Positions are in the shape's own units.
#[derive(Clone, Copy, Debug)]
pub enum Brush {
    /// One color.
    Flat(Rgb),
    /// From the first color at `inner` to the second at `outer`, distances from the origin.
    Radial { from: Rgb, to: Rgb, inner: f32, outer: f32 },
    /// From the first color at the first point to the second at the second.
    Linear { from: Rgb, to: Rgb, start: (f32, f32), end: (f32, f32) },
}

impl Brush {
    fn shader(self, alpha: f32) -> Shader<'static> {
        let ramp = |from: Rgb, to: Rgb, first: f32| {
            vec![GradientStop::new(first, from.with_alpha(alpha)), GradientStop::new(1.0, to.with_alpha(alpha))]
        };
        let (flat, gradient) = match self {
            Brush::Flat(color) => (color, None),
            Brush::Radial { from, to, inner, outer } => {
                let stops = ramp(from, to, (inner / outer).clamp(0.0, 0.99));
                let origin = Point::zero();
                let identity = Transform::identity();
                (to, RadialGradient::new(origin, 0.0, origin, outer, stops, SpreadMode::Pad, identity))
            }
            Brush::Linear { from, to, start, end } => {
                let (start, end) = (Point::from_xy(start.0, start.1), Point::from_xy(end.0, end.1));
                let stops = ramp(from, to, 0.0);
                (to, LinearGradient::new(start, end, stops, SpreadMode::Pad, Transform::identity()))
            }
        };
        gradient.unwrap_or(Shader::SolidColor(flat.with_alpha(alpha)))
    }
}

/// A picture being painted.
pub struct Canvas {
    pixmap: Pixmap,
}

impl Canvas {
    /// `width` x `height` pixels of one color; at least one pixel.
    pub fn new(width: u32, height: u32, color: Rgb) -> Option<Self> {
        let mut pixmap = Pixmap::new(width.max(1), height.max(1))?;
        pixmap.fill(color.with_alpha(1.0));
        Some(Canvas { pixmap })
    }

    /// Fills a shape, `alpha` 0 (invisible) to 1.
    pub fn fill(&mut self, path: &Option<Path>, brush: Brush, alpha: f32, transform: Transform) {
        let Some(path) = path else { return };
        let paint = Paint { shader: brush.shader(alpha), ..Paint::default() };
        self.pixmap.fill_path(path, &paint, FillRule::Winding, transform, None);
    }

    /// Draws a line of `width` (in the shape's units) along a shape.
    pub fn stroke(&mut self, path: &Option<Path>, color: Rgb, alpha: f32, width: f32, transform: Transform) {
        let Some(path) = path else { return };
        let paint = Paint { shader: Brush::Flat(color).shader(alpha), ..Paint::default() };
        let stroke = Stroke { width, line_cap: LineCap::Round, line_join: LineJoin::Round, ..Stroke::default() };
        self.pixmap.stroke_path(path, &paint, &stroke, transform, None);
    }

    /// Lays a smaller, already painted canvas over the whole of this one, smoothly enlarged: what is far is out of focus.
    pub fn enlarge_from(&mut self, small: &Canvas) {
        let (w, h) = (self.pixmap.width() as f32, self.pixmap.height() as f32);
        let scale = Transform::from_scale(w / small.pixmap.width() as f32, h / small.pixmap.height() as f32);
        let paint =
            tiny_skia::PixmapPaint { quality: tiny_skia::FilterQuality::Bicubic, ..tiny_skia::PixmapPaint::default() };
        self.pixmap.draw_pixmap(0, 0, small.pixmap.as_ref(), &paint, scale, None);
        // Bicubic sampling fades at the rim, where it finds nothing outside; the color below shows through there.
    }

    /// Width and height in pixels.
    pub fn size(&self) -> (u32, u32) {
        (self.pixmap.width(), self.pixmap.height())
    }

    /// RGB, 0 to 1, row by row (the canvas is opaque).
    pub fn into_rgb(self) -> Vec<[f32; 3]> {
        let channels = |p: &[u8]| [p[0], p[1], p[2]].map(|v| f32::from(v) / 255.0);
        self.pixmap.data().chunks_exact(4).map(channels).collect()
    }
}

/// A circle.
pub fn circle(x: f32, y: f32, radius: f32) -> Option<Path> {
    PathBuilder::from_circle(x, y, radius)
}

/// A closed shape of cubic curves: where it starts, then (control, control, point) for each.
pub fn closed(start: (f32, f32), curves: &[[(f32, f32); 3]]) -> Option<Path> {
    let mut path = PathBuilder::new();
    path.move_to(start.0, start.1);
    for [a, b, p] in curves {
        path.cubic_to(a.0, a.1, b.0, b.1, p.0, p.1);
    }
    path.close();
    path.finish()
}

/// A line bent by one control point.
pub fn bow(start: (f32, f32), control: (f32, f32), end: (f32, f32)) -> Option<Path> {
    let mut path = PathBuilder::new();
    path.move_to(start.0, start.1);
    path.quad_to(control.0, control.1, end.0, end.1);
    path.finish()
}

/// A smooth closed line around the origin through points at equal angles, `radii[k]` away from it.
pub fn blob(radii: &[f32]) -> Option<Path> {
    let n = radii.len();
    if n < 3 {
        return None;
    }
    let point = |k: usize| {
        let angle = (k % n) as f32 / n as f32 * std::f32::consts::TAU;
        (radii[k % n] * angle.cos(), radii[k % n] * angle.sin())
    };
    let middle = |k: usize| {
        let ((ax, ay), (bx, by)) = (point(k), point(k + 1));
        ((ax + bx) / 2.0, (ay + by) / 2.0)
    };
    let mut path = PathBuilder::new();
    let start = middle(n - 1);
    path.move_to(start.0, start.1);
    for k in 0..n {
        let ((cx, cy), (x, y)) = (point(k), middle(k));
        path.quad_to(cx, cy, x, y);
    }
    path.close();
    path.finish()
}
