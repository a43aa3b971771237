//! HTTP requests and answers as data.

use crate::time::UnixTime;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use std::fmt;

/// A signed request, ready to send. `Debug` shows neither headers nor body.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpRequest {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// The whole URL.
    pub url: String,
    /// Headers in order, names in lower case; `host` is the browser's business
    /// and not among them.
    pub headers: Vec<(String, String)>,
    /// The body, empty for `GET`.
    pub body: Vec<u8>,
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpRequest")
            .field("method", &self.method)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// Status and headers of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResponseHead {
    /// The status code.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
}

impl ResponseHead {
    /// Whether the status is 2xx.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The service's clock, from its `date` header: what a wrong clock of this
    /// computer is corrected by. (A browser shows the header only if the
    /// service exposes it, as AWS does.)
    #[must_use]
    pub fn date(&self) -> Option<UnixTime> {
        let date = DateTime::from_str(self.header("date")?, Format::HttpDate).ok()?;
        u64::try_from(date.secs()).ok().map(UnixTime::from_secs)
    }

    /// The first header of that name (in lower case).
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v.as_str())
    }
}
