//! What all HTML pages here share: the frame with its styles, text that is escaped unless marked (by `maud`), and small
//! pictures as data. A page is one file that asks nothing of the network.

pub mod many;
mod thumbnail;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::base::lang::Lang;

pub use thumbnail::{Thumbnail, data_url, photo, shrink, thumbnail, thumbnail_of};

const STYLE: &str = include_str!("style.css");

/// A whole page of this title and language. `style` comes after what all pages have; the `script` may touch only the page itself: a policy in the
/// page forbids every other script, and everything that is not in it.
pub fn page((title, lang): (&str, Lang), style: &str, script: &str, body: &Markup) -> String {
    // Whoever could write into the body, by a flaw, cannot know a digest of the whole.
    let nonce = blake3::hash(body.0.as_bytes()).to_hex();
    let policy = format!(
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'nonce-{nonce}'; base-uri 'none'; \
         form-action 'none'"
    );
    let whole = html! {
        (DOCTYPE)
        html lang=(lang.name()) {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                style { (PreEscaped(STYLE)) (PreEscaped(style)) }
            }
            body { (body) @if !script.is_empty() { script nonce=(nonce) { (PreEscaped(script)) } } }
        }
    };
    whole.0 + "\n"
}

/// A value for the page's script, in an element of this id. `<` is written so that no text in it can end the element.
pub fn data(id: &str, json: &serde_json::Value) -> Markup {
    html! { script type="application/json" id=(id) { (PreEscaped(json.to_string().replace('<', "\\u003c"))) } }
}
