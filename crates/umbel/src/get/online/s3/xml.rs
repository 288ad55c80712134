//! What a store tells in XML: pages of a list, and refusals. It comes from anywhere, so document types and whatever else could grow are
//! refused.

use percent_encoding::percent_decode_str;
use roxmltree::{Document, Node, ParsingOptions};

/// A page of a list has a thousand objects, of some dozen nodes each.
const MOST_NODES: u32 = 100_000;

/// An object, as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    pub name: String,
    pub size: u64,
    /// What this state of it is called, with the quotes.
    pub tag: String,
}

/// A page of a list, and the token of the next.
#[derive(Debug, PartialEq, Eq)]
pub struct Page {
    pub objects: Vec<Object>,
    pub next: Option<String>,
}

/// Reads a page of a list; the error says what makes no sense.
pub fn page(bytes: &[u8]) -> Result<Page, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "its list is not UTF-8".to_string())?;
    let document = parse(text)?;
    let root = document.root_element();
    if root.tag_name().name() != "ListBucketResult" {
        return Err(format!("its list begins with {:?}", root.tag_name().name()));
    }
    let is_encoded = child(root, "EncodingType") == Some("url");
    let mut objects = Vec::new();
    for node in root.children().filter(|node| node.tag_name().name() == "Contents") {
        let told = |name: &str| child(node, name).ok_or_else(|| format!("an object of its list has no {name}"));
        let size = told("Size")?.parse().map_err(|_| "the size of an object of its list is none".to_string())?;
        let name = if is_encoded { decoded(told("Key")?)? } else { told("Key")?.to_string() };
        objects.push(Object { name, size, tag: child(node, "ETag").unwrap_or_default().to_string() });
    }
    let next = match child(root, "IsTruncated") {
        Some("true") => Some(child(root, "NextContinuationToken").ok_or("its list has no end")?.to_string()),
        Some(_) | None => None,
    };
    Ok(Page { objects, next })
}

/// Code, message and region of a refusal, each empty where it is not told.
pub fn refusal(bytes: &[u8]) -> [String; 3] {
    let document = std::str::from_utf8(bytes).ok().and_then(|text| parse(text).ok());
    let told = |name: &str| {
        let root = document.as_ref().map(Document::root_element).filter(|root| root.tag_name().name() == "Error");
        root.and_then(|root| child(root, name)).unwrap_or_default().trim().to_string()
    };
    ["Code", "Message", "Region"].map(told)
}

fn parse(text: &str) -> Result<Document<'_>, String> {
    let options = ParsingOptions { allow_dtd: false, nodes_limit: MOST_NODES, ..ParsingOptions::default() };
    Document::parse_with_options(text, options).map_err(|error| format!("its XML is not understood: {error}"))
}

fn child<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    let found = node.children().find(|child| child.tag_name().name() == name)?;
    Some(found.text().unwrap_or_default())
}

/// A name as forms have it: `+` is a space.
fn decoded(name: &str) -> Result<String, String> {
    let name = name.replace('+', " ");
    let text = percent_decode_str(&name).decode_utf8();
    text.map(|text| text.into_owned()).map_err(|_| format!("a name of its list is not UTF-8: {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(inside: &str) -> Result<Page, String> {
        let head = r#"<?xml version="1.0" encoding="UTF-8"?>"#;
        page(
            format!(
                r#"{head}<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{inside}</ListBucketResult>"#
            )
            .as_bytes(),
        )
    }

    #[test]
    fn a_page_is_read_with_its_entities_and_its_token() {
        let object = "<Contents><Key>a/rote+Rose%2B%26%C3%BC.jpg</Key><LastModified>2026</LastModified>\
                      <ETag>&quot;abc&quot;</ETag><Size>12</Size><Owner><ID>1</ID></Owner></Contents>";
        let more = "<IsTruncated>true</IsTruncated><NextContinuationToken>1/x==</NextContinuationToken>";
        let read = list(&format!("<EncodingType>url</EncodingType>{object}{more}")).unwrap();
        let expected = Object { name: "a/rote Rose+&ü.jpg".into(), size: 12, tag: "\"abc\"".into() };
        assert_eq!(read, Page { objects: vec![expected], next: Some("1/x==".into()) });
        let read = list("<Contents><Key>a+b &amp; c</Key><Size>0</Size></Contents><IsTruncated>false</IsTruncated>");
        let expected = Object { name: "a+b & c".into(), size: 0, tag: String::new() };
        assert_eq!(read.unwrap(), Page { objects: vec![expected], next: None });
    }

    #[test]
    fn hostile_xml_is_refused() {
        let bomb = r#"<!DOCTYPE l [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><ListBucketResult>&b;</ListBucketResult>"#;
        let nodes = format!("<ListBucketResult>{}</ListBucketResult>", "<a/>".repeat(200_000));
        let file = r#"<!DOCTYPE l [<!ENTITY a SYSTEM "file:///etc/passwd">]><ListBucketResult>&a;</ListBucketResult>"#;
        for hostile in [bomb, &nodes, file, "", "no xml", "<ListBucketResult>", "<html/>", "\u{0}"] {
            assert!(page(hostile.as_bytes()).is_err(), "{:.60}", hostile);
        }
        assert!(page(b"<ListBucketResult>\xFF</ListBucketResult>").is_err());
        for wrong in [
            "<Contents><Key>a</Key></Contents>",
            "<Contents><Size>1</Size></Contents>",
            "<Contents><Key>a</Key><Size>-1</Size></Contents>",
            "<EncodingType>url</EncodingType><Contents><Key>%FF</Key><Size>1</Size></Contents>",
            "<IsTruncated>true</IsTruncated>",
        ] {
            assert!(list(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn deep_xml_does_not_overflow_the_stack() {
        let deep = format!("{}{}", "<a>".repeat(90_000), "</a>".repeat(90_000));
        let _ = page(format!("<ListBucketResult>{deep}</ListBucketResult>").as_bytes());
    }

    #[test]
    fn a_refusal_is_read_by_its_code() {
        let read = refusal(b"<Error><Code>NoSuchBucket</Code><Message>gone</Message></Error>");
        assert_eq!(read, ["NoSuchBucket".to_string(), "gone".into(), String::new()]);
        assert_eq!(refusal(b"<html><Code>x</Code></html>"), [const { String::new() }; 3]);
        assert_eq!(refusal(b"Service Unavailable"), [const { String::new() }; 3]);
    }
}
