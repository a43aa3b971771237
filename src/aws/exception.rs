//! How the services refuse: by name, in `__type` or in a header.

use crate::aws::http::ResponseHead;
use crate::aws::json;
use crate::error::{Error, ErrorCode, Stage};

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
    let of_date = |text: &str| {
        text.starts_with("Signature expired") || text.starts_with("Signature not yet current")
    };
    if name == "InvalidSignatureException" && field(["message", "Message"]).is_some_and(of_date) {
        return Some("RequestTimeTooSkewed".to_owned());
    }
    Some(name.to_owned())
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
