//! How the services refuse: by name, in `__type` or in a header.

use crate::aws::http::ResponseHead;
use crate::aws::json;
use crate::error::{Error, ErrorCode, Stage};
use crate::time::UnixTime;

/// Defines a service's exceptions: an enum with the variants of
/// [`CommonException`] in `Common`, its reading by name and its error code.
macro_rules! exceptions {
    (
        $(#[$meta:meta])*
        pub enum $name:ident {
            $( $(#[$doc:meta])* $variant:ident = $wire:literal => $code:ident, $sentence:literal; )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $( $(#[$doc])* #[doc = concat!("`", $wire, "`: ", $sentence, ".")] $variant, )*
            /// One that any AWS service may give, or one that is not known.
            Common($crate::aws::exception::CommonException),
        }

        impl $name {
            /// Every exception that the service's model lists.
            pub const LISTED: &'static [Self] = &[$( Self::$variant, )*];

            /// The exception of that name; the HTTP status decides where the
            /// name is missing or not known.
            #[must_use]
            pub fn from_name(name: Option<&str>, status: u16) -> Self {
                match name {
                    $( Some($wire) => Self::$variant, )*
                    _ => Self::Common($crate::aws::exception::CommonException::from_name(name, status)),
                }
            }

            /// The service's name for it; `None` for [`Self::Common`].
            #[must_use]
            pub fn wire_name(self) -> Option<&'static str> {
                match self {
                    $( Self::$variant => Some($wire), )*
                    Self::Common(_) => None,
                }
            }

            /// As the library's error, with a fixed sentence.
            #[must_use]
            pub fn to_error(self, stage: $crate::error::Stage) -> $crate::error::Error {
                match self {
                    $( Self::$variant => $crate::error::Error::new(
                        $crate::error::ErrorCode::$code, stage, $sentence,
                    ), )*
                    Self::Common(common) => common.to_error(stage),
                }
            }
        }
    };
}
pub(crate) use exceptions;

/// The refusals that any AWS service may give ("Common errors" in each
/// service's API reference), and what the status says where the name does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CommonException {
    /// The identity may not do this.
    AccessDenied,
    /// The keys are unknown, or the signature is wrong.
    InvalidSignature,
    /// The session token has expired.
    ExpiredToken,
    /// The request's date is too far from the service's clock.
    ClockSkew,
    /// Slow down.
    Throttling,
    /// The request is wrong.
    Validation,
    /// A failure of the service, 5xx.
    Unavailable,
    /// Anything else.
    Unknown,
}

impl CommonException {
    /// By the name, else by the status.
    #[must_use]
    pub fn from_name(name: Option<&str>, status: u16) -> Self {
        match name.unwrap_or_default() {
            "AccessDeniedException"
            | "AccessDenied"
            | "NotAuthorized"
            | "OptInRequired"
            | "UnauthorizedException" => Self::AccessDenied,
            "InvalidSignatureException"
            | "SignatureDoesNotMatch"
            | "UnrecognizedClientException"
            | "InvalidClientTokenId"
            | "IncompleteSignature"
            | "IncompleteSignatureException"
            | "MissingAuthenticationToken"
            | "MissingAuthenticationTokenException" => Self::InvalidSignature,
            "ExpiredTokenException" | "ExpiredToken" | "TokenRefreshRequired" => Self::ExpiredToken,
            "RequestTimeTooSkewed" | "RequestExpired" | "RequestInTheFuture" => Self::ClockSkew,
            "ThrottlingException"
            | "Throttling"
            | "ThrottledException"
            | "RequestThrottled"
            | "RequestThrottledException"
            | "RequestLimitExceeded"
            | "TooManyRequestsException"
            | "LimitExceededException"
            | "SlowDown" => Self::Throttling,
            "ValidationException"
            | "ValidationError"
            | "SerializationException"
            | "MalformedQueryString" => Self::Validation,
            "ServiceUnavailable"
            | "ServiceUnavailableException"
            | "InternalFailure"
            | "InternalFailureException"
            | "InternalServerError"
            | "InternalServerException"
            | "RequestTimeout"
            | "RequestTimeoutException" => Self::Unavailable,
            _ => match status {
                401 | 403 => Self::AccessDenied,
                408 | 500..=599 => Self::Unavailable,
                429 => Self::Throttling,
                400 | 413 => Self::Validation,
                _ => Self::Unknown,
            },
        }
    }

    /// As the library's error, with a fixed sentence.
    #[must_use]
    pub fn to_error(self, stage: Stage) -> Error {
        let (code, sentence) = match self {
            Self::AccessDenied => (
                ErrorCode::AccessDenied,
                "the credentials are not allowed to do this",
            ),
            Self::InvalidSignature => (
                ErrorCode::AccessDenied,
                "the service refused the credentials or the signature",
            ),
            Self::ExpiredToken => (
                ErrorCode::ExpiredCredentials,
                "the credentials have expired",
            ),
            Self::ClockSkew => (
                ErrorCode::ExpiredCredentials,
                "the service refused the request's date: this computer's clock is wrong",
            ),
            Self::Throttling => (ErrorCode::Throttled, "the service asks to slow down"),
            Self::Validation => (ErrorCode::BadRequest, "the service refused the request"),
            Self::Unavailable => (ErrorCode::ServiceUnavailable, "the service failed"),
            Self::Unknown => (
                ErrorCode::BadRequest,
                "the service refused the request with an unknown error",
            ),
        };
        Error::new(code, stage, sentence)
    }
}

/// The exception's name in an answer that is not 2xx: from the
/// `x-amzn-errortype` header or the body's `__type` or `code`, without
/// namespace (`com.amazonaws.translate#…`) and URL (`…:http://…`).
///
/// An `InvalidSignatureException` that complains of the date is given as
/// `RequestTimeTooSkewed`, which is what it means.
#[must_use]
pub fn name(head: &ResponseHead, body: &[u8]) -> Option<String> {
    let body = json::parse(body).unwrap_or_default();
    let field = |names: [&str; 2]| names.into_iter().find_map(|name| body.get(name)?.as_str());
    let written = head.header("x-amzn-errortype");
    let name = bare(written.or_else(|| field(["__type", "code"]))?)?;
    if name == "InvalidSignatureException" && field(["message", "Message"]).is_some_and(of_date) {
        return Some("RequestTimeTooSkewed".to_owned());
    }
    Some(name.to_owned())
}

fn of_date(message: &str) -> bool {
    message.starts_with("Signature expired: ") || message.starts_with("Signature not yet current: ")
}

/// The service's clock, from a refusal of the request's date: "Signature
/// expired: 20261127T101112Z is now earlier than 20261127T120612Z
/// (20261127T121112Z - 5 min.)" has it in its brackets. Where the `date` header
/// is not shown to scripts, nothing else tells it.
#[must_use]
pub fn service_time(body: &[u8]) -> Option<UnixTime> {
    let body = json::parse(body)?;
    let message = body.get("message").or_else(|| body.get("Message"))?;
    let message = message.as_str().filter(|text| of_date(text))?;
    let (_, bracket) = message.rsplit_once('(')?;
    basic_date(bracket.split(' ').next()?)
}

/// ISO 8601's basic format, as signatures have it: `20261127T121112Z`.
fn basic_date(text: &str) -> Option<UnixTime> {
    let bytes = text.as_bytes();
    let place = |n| matches!((n, bytes[n]), (8, b'T') | (15, b'Z'));
    if bytes.len() != 16 || !(0..16).all(|n| place(n) || bytes[n].is_ascii_digit()) {
        return None;
    }
    let number = |from: usize, to: usize| {
        let digits = bytes[from..to].iter();
        digits.fold(0, |all, digit| all * 10 + u64::from(digit - b'0'))
    };
    let (year, month, day) = (number(0, 4), number(4, 6), number(6, 8));
    let (hour, minute, second) = (number(9, 11), number(11, 13), number(13, 15));
    let fits = year >= 1970 && (1..=12).contains(&month) && (1..=31).contains(&day);
    if !fits || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    // Days of the civil calendar, the year beginning in March.
    let (year, month) = match month {
        1 | 2 => (year - 1, month + 9),
        _ => (year, month - 3),
    };
    let leaps = year / 4 - year / 100 + year / 400;
    let days = 365 * year + leaps + (153 * month + 2) / 5 + day - 1;
    let days = days.checked_sub(719_468)?;
    Some(UnixTime::from_secs(
        ((days * 24 + hour) * 60 + minute) * 60 + second,
    ))
}

fn bare(name: &str) -> Option<&str> {
    let name = name.split(':').next()?;
    let name = name.rsplit('#').next()?.trim();
    (!name.is_empty()).then_some(name)
}

/// The error for an answer that is not what the protocol says.
pub(crate) fn malformed(stage: Stage, service: &str) -> Error {
    Error::new(
        ErrorCode::MalformedMessage,
        stage,
        format!("the answer of {service} is not what the protocol says"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(message: &str) -> Option<u64> {
        let body = serde_json::json!({ "message": message }).to_string();
        service_time(body.as_bytes()).map(|time| time.since_epoch().as_secs())
    }

    #[test]
    fn a_refused_date_tells_the_time() {
        // GNU date: `date -u -d 2026-11-27T12:11:12 +%s`.
        let late = "Signature expired: 20261127T101112Z is now earlier than 20261127T120612Z \
                    (20261127T121112Z - 5 min.)";
        let early = "Signature not yet current: 20261127T141112Z is still later than \
                     20261127T121612Z (20261127T121112Z + 5 min.)";
        assert_eq!(told(late), Some(1_795_781_472));
        assert_eq!(told(early), Some(1_795_781_472));
        let leap = "Signature expired: x (20280229T235959Z - 5 min.)";
        assert_eq!(told(leap), Some(1_835_481_599));
    }

    #[test]
    fn nothing_else_does() {
        for message in [
            "The security token included in the request is expired (20261127T121112Z - 5 min.)",
            "Signature expired: 20261127T101112Z",
            "Signature expired: x (20261327T121112Z - 5 min.)",
            "Signature expired: x (20261127 121112Z - 5 min.)",
            "Signature expired: x (20261127T121112 - 5 min.)",
            "Signature expired: x (2026-11-27T12:11Z - 5 min.)",
            "Signature expired: x (2026112éT12111Z - 5 min.)",
            "Signature expired: x (",
        ] {
            assert_eq!(told(message), None, "{message}");
        }
        assert_eq!(service_time(b"{}"), None);
        assert_eq!(
            service_time(b"Signature expired: x (20261127T121112Z)"),
            None
        );
    }
}
