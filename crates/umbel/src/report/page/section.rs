//! A page's parts, each under a heading that the list of contents leads to.

use maud::{Markup, Render, html};

use crate::base::lang::Lang;

/// A part of a page.
pub struct Section {
    /// Of its place in the page; unique there.
    id: &'static str,
    title: &'static str,
    body: Markup,
}

impl Section {
    pub fn new(id: &'static str, title: &'static str, body: Markup) -> Self {
        Section { id, title, body }
    }
}

impl Render for Section {
    fn render(&self) -> Markup {
        let heading = format!("{}-title", self.id);
        html! { section id=(self.id) aria-labelledby=(heading) { h2 id=(heading) { (self.title) } (self.body) } }
    }
}

/// The list of contents.
pub fn contents(lang: Lang, sections: &[Section]) -> Markup {
    html! {
        nav aria-label=(lang.say("Contents")) { ol { @for section in sections { li { a href=(format!("#{}", section.id)) { (section.title) } } } } }
    }
}
