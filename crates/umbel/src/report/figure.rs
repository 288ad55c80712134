//! Panels beside each other with a legend below, drawn by the same code as vectors and as pixels.

use plotters::coord::Shift;
use plotters::prelude::*;

use super::canvas::{Drawing, FINE, Failure};
use super::legend::{Entry, Legend};
use super::panel::Panel;
use crate::base::fonts::Fonts;

const WIDTH: u32 = 1200;
const PANELS: u32 = 450;

/// A figure laid out: its size is known before it is drawn.
pub struct Figure {
    panels: [Panel; 2],
    legend: Legend,
}

impl Figure {
    /// Lays out the legend.
    pub fn new(panels: [Panel; 2], entries: Vec<Entry>, fonts: &Fonts) -> Self {
        Figure { panels, legend: Legend::new(entries, WIDTH, fonts) }
    }
}

impl Drawing for Figure {
    fn size(&self) -> (u32, u32) {
        (WIDTH, PANELS + self.legend.height())
    }

    fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>) -> Result<(), Failure<DB>> {
        area.fill(&WHITE)?;
        let (panels, legend) = area.split_vertically(PANELS * FINE);
        let (left, right) = panels.split_horizontally(WIDTH * FINE / 2);
        for (panel, area) in self.panels.iter().zip([left, right]) {
            panel.draw_on(&area)?;
        }
        self.legend.draw(&legend)?;
        area.present()
    }
}
