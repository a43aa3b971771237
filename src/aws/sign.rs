//! Signature Version 4, through aws-sigv4.

use std::fmt;

/// A presigned URL. `Debug` does not show it, and it has no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct PresignedUrl(String);

impl PresignedUrl {
    /// Wraps a URL that holds a signature.
    #[must_use]
    pub fn new(url: String) -> Self {
        Self(url)
    }

    /// The URL, to open it with and for nothing else.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PresignedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PresignedUrl(…)")
    }
}
