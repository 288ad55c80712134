//! plotters' drawing calls carried out by tiny-skia, smoothly, and placed as plotters' SVG backend places them: so that
//! the PNG of a figure is its SVG in pixels. (Plotters' own bitmap backend neither smooths thick lines nor centers text
//! on the line it is given.)

use std::convert::Infallible;

use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind, FontTransform,
};
use tiny_skia::{
    Color, FillRule, LineCap, LineJoin, Paint, Path, PathBuilder, Pixmap, Rect, Shader, Stroke, Transform,
};

use super::text;
use crate::base::fonts::Fonts;

/// Plotters' size of a font of one pixel to the em: it counts the height of a line.
pub const LINE_HEIGHT: f64 = 1.24;

type Outcome = Result<(), DrawingErrorKind<Infallible>>;

/// A picture `fine` times smaller than the coordinates that it is drawn in.
pub struct Pixels<'a> {
    pixmap: &'a mut Pixmap,
    fine: u32,
    fonts: Fonts,
}

impl<'a> Pixels<'a> {
    /// Draws into `pixmap`, words in these fonts.
    pub fn new(pixmap: &'a mut Pixmap, fine: u32, fonts: &Fonts) -> Self {
        Pixels { pixmap, fine, fonts: fonts.clone() }
    }

    fn transform(&self) -> Transform {
        let scale = 1.0 / self.fine as f32;
        Transform::from_scale(scale, scale)
    }

    fn fill(&mut self, path: Option<Path>, color: BackendColor, own: Transform) {
        let Some(path) = path else { return };
        let transform = self.transform().pre_concat(own);
        self.pixmap.fill_path(&path, &paint(color), FillRule::Winding, transform, None);
    }

    fn stroke<S: BackendStyle>(&mut self, path: Option<Path>, style: &S) {
        let Some(path) = path else { return };
        let stroke = Stroke {
            width: style.stroke_width() as f32,
            line_cap: LineCap::Butt,
            line_join: LineJoin::Round,
            ..Stroke::default()
        };
        self.pixmap.stroke_path(&path, &paint(style.color()), &stroke, self.transform(), None);
    }
}

impl DrawingBackend for Pixels<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        (self.pixmap.width() * self.fine, self.pixmap.height() * self.fine)
    }

    fn ensure_prepared(&mut self) -> Outcome {
        Ok(())
    }

    fn present(&mut self) -> Outcome {
        Ok(())
    }

    fn draw_pixel(&mut self, (x, y): BackendCoord, color: BackendColor) -> Outcome {
        let dot = Rect::from_xywh(x as f32, y as f32, 1.0, 1.0).map(PathBuilder::from_rect);
        self.fill(dot, color, Transform::identity());
        Ok(())
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Outcome {
        self.stroke(polyline([from, to]), style);
        Ok(())
    }

    fn draw_rect<S: BackendStyle>(&mut self, a: BackendCoord, b: BackendCoord, style: &S, fill: bool) -> Outcome {
        let rect = Rect::from_ltrb(a.0 as f32, a.1 as f32, b.0 as f32, b.1 as f32).map(PathBuilder::from_rect);
        if fill {
            self.fill(rect, style.color(), Transform::identity())
        } else {
            self.stroke(rect, style)
        }
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Outcome {
        self.stroke(polyline(path), style);
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(&mut self, at: BackendCoord, radius: u32, style: &S, fill: bool) -> Outcome {
        let circle = PathBuilder::from_circle(at.0 as f32, at.1 as f32, radius as f32);
        if fill {
            self.fill(circle, style.color(), Transform::identity())
        } else {
            self.stroke(circle, style)
        }
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, points: I, style: &S) -> Outcome {
        self.fill(polyline(points), style.color(), Transform::identity());
        Ok(())
    }

    fn draw_text<S: BackendTextStyle>(&mut self, words: &str, style: &S, (x, y): BackendCoord) -> Outcome {
        let em = (style.size() / LINE_HEIGHT) as f32;
        let width = text::width(words, em, &self.fonts);
        let across = match style.anchor().h_pos {
            HPos::Left => 0.0,
            HPos::Center => -width / 2.0,
            HPos::Right => -width,
        };
        // The shares of an em that the SVG backend moves the baseline by (an ex is about half an em).
        let down = match style.anchor().v_pos {
            VPos::Top => 0.76,
            VPos::Center => 0.27,
            VPos::Bottom => -0.27,
        };
        let degrees = match style.transform() {
            FontTransform::None => 0.0,
            FontTransform::Rotate90 => 90.0,
            FontTransform::Rotate180 => 180.0,
            FontTransform::Rotate270 => 270.0,
        };
        let own = Transform::from_translate(x as f32, y as f32).pre_rotate(degrees).pre_translate(across, down * em);
        self.fill(text::path(words, em, &self.fonts), style.color(), own);
        Ok(())
    }
}

fn paint(color: BackendColor) -> Paint<'static> {
    let (r, g, b) = color.rgb;
    let alpha = (color.alpha.clamp(0.0, 1.0) * 255.0).round() as u8;
    Paint { shader: Shader::SolidColor(Color::from_rgba8(r, g, b, alpha)), ..Paint::default() }
}

fn polyline(points: impl IntoIterator<Item = BackendCoord>) -> Option<Path> {
    let mut path = PathBuilder::new();
    for (x, y) in points {
        if path.is_empty() { path.move_to(x as f32, y as f32) } else { path.line_to(x as f32, y as f32) }
    }
    path.finish()
}
