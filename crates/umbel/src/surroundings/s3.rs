//! How object stores are reached that speak as S3 does: where they are, and who asks.

use super::Token;

/// See the module. By default nobody asks, which does for buckets that are open to all, of Amazon's own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct S3 {
    /// Where another store than Amazon's is: `http://host:port`, or https.
    pub endpoint: Option<String>,
    /// Where in the world the bucket lies, such as `eu-central-1`.
    pub region: Option<String>,
    /// By which key a question is signed; the store is told it.
    pub key: Option<String>,
    /// What signs. It is told to nobody.
    pub secret: Option<Token>,
    /// What goes along with a key that holds for a while only.
    pub session: Option<Token>,
}

impl S3 {
    /// From the usual variables: `AWS_ENDPOINT_URL_S3` or `AWS_ENDPOINT_URL`, `AWS_REGION` or `AWS_DEFAULT_REGION`, `AWS_ACCESS_KEY_ID`,
    /// `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`. `text` gives their values, of which none is empty.
    pub(super) fn of(text: impl Fn(&str) -> Option<String>) -> Self {
        let text = |name: &str| text(name).map(|value| value.trim().to_string()).filter(|value| !value.is_empty());
        S3 {
            endpoint: text("AWS_ENDPOINT_URL_S3").or_else(|| text("AWS_ENDPOINT_URL")),
            region: text("AWS_REGION").or_else(|| text("AWS_DEFAULT_REGION")),
            key: text("AWS_ACCESS_KEY_ID"),
            secret: text("AWS_SECRET_ACCESS_KEY").map(Token::new),
            session: text("AWS_SESSION_TOKEN").map(Token::new),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearer_variable_counts_and_secrets_are_not_shown() {
        let variables = [
            ("AWS_ENDPOINT_URL", "http://other"),
            ("AWS_ENDPOINT_URL_S3", "http://own:9000"),
            ("AWS_DEFAULT_REGION", "eu-west-1"),
            ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", " hidden-secret\n"),
            ("AWS_SESSION_TOKEN", "hidden-session"),
        ];
        let of = |name: &str| variables.iter().find(|(own, _)| *own == name).map(|(_, value)| value.to_string());
        let s3 = S3::of(of);
        assert_eq!(s3.endpoint.as_deref(), Some("http://own:9000"));
        assert_eq!(s3.region.as_deref(), Some("eu-west-1"));
        assert_eq!(s3.secret.as_ref().unwrap().secret(), "hidden-secret");
        assert!(!format!("{s3:?}").contains("hidden-"));
        assert_eq!(S3::of(|_| None), S3::default());
    }
}
