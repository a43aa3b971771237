//! Regions and endpoints.

use super::{Endpoint, EndpointOptions, Endpoints, RegionOptions, SessionOptions};
use crate::error::Error;
use http::Uri;
use http::uri::Authority;

impl SessionOptions {
    /// Each service's endpoint: the region's public one, or the override.
    pub(super) fn endpoints(&self) -> Result<Endpoints, Error> {
        let (transcribe, translate, polly) = self.regions()?;
        let over = &self.endpoints;
        let service = |name: &str, region: &str, over: &Option<EndpointOptions>| {
            endpoint(
                &format!("endpoints.{name}"),
                Scheme::HTTPS,
                region,
                over.as_ref(),
                || format!("https://{name}.{region}.{}", dns_suffix(region)),
            )
        };
        Ok(Endpoints {
            transcribe: endpoint(
                "endpoints.transcribe",
                Scheme::WSS,
                transcribe,
                over.transcribe.as_ref(),
                || {
                    let suffix = dns_suffix(transcribe);
                    format!("wss://transcribestreaming.{transcribe}.{suffix}:8443")
                },
            )?,
            translate: service("translate", translate, &over.translate)?,
            polly: service("polly", polly, &over.polly)?,
        })
    }

    fn regions(&self) -> Result<(&str, &str, &str), Error> {
        match &self.region {
            RegionOptions::One(all) => {
                check_region("region", all)?;
                Ok((all, all, all))
            }
            RegionOptions::Each {
                transcribe,
                translate,
                polly,
            } => {
                check_region("region.transcribe", transcribe)?;
                check_region("region.translate", translate)?;
                check_region("region.polly", polly)?;
                Ok((transcribe, translate, polly))
            }
        }
    }
}

/// What follows the region in the services' host names.
#[must_use]
pub fn dns_suffix(region: &str) -> &'static str {
    if region.starts_with("cn-") {
        "amazonaws.com.cn"
    } else {
        "amazonaws.com"
    }
}

/// `us-east-1`, `ap-southeast-4`, `us-gov-west-1`: letters, one or more words,
/// a number. Whether there is such a region, AWS decides.
fn check_region(field: &str, region: &str) -> Result<(), Error> {
    let parts: Vec<&str> = region.split('-').collect();
    let fits = match parts.as_slice() {
        [area, words @ .., number] => {
            (2..=4).contains(&area.len())
                && !words.is_empty()
                && (1..=2).contains(&number.len())
                && number.chars().all(|c| c.is_ascii_digit())
                && [area]
                    .into_iter()
                    .chain(words)
                    .all(|word| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase()))
        }
        _ => false,
    };
    if fits {
        Ok(())
    } else {
        Err(Error::option(field, "an AWS region such as us-east-1"))
    }
}

/// The schemes a service takes: TLS, or plain for a server on this machine.
struct Scheme {
    tls: &'static str,
    plain: &'static str,
}

impl Scheme {
    const HTTPS: Self = Self {
        tls: "https",
        plain: "http",
    };
    const WSS: Self = Self {
        tls: "wss",
        plain: "ws",
    };
}

fn endpoint(
    field: &str,
    scheme: Scheme,
    region: &str,
    over: Option<&EndpointOptions>,
    public: impl Fn() -> String,
) -> Result<Endpoint, Error> {
    let (written, field_of_url, signed) = match over {
        None => (public(), field.to_owned(), None),
        Some(EndpointOptions::Url(url)) => (url.clone(), field.to_owned(), None),
        Some(EndpointOptions::Proxy { url, signed_host }) => {
            (url.clone(), format!("{field}.url"), Some(signed_host))
        }
    };
    let expected = || {
        Error::option(
            &field_of_url,
            format!(
                "a {}: or {}: URL with a host, without a query or a password",
                scheme.tls, scheme.plain
            ),
        )
    };
    // http::Uri would take a fragment and drop it.
    let uri: Uri = (!written.contains('#'))
        .then(|| written.parse().ok())
        .flatten()
        .ok_or_else(expected)?;
    let known = [scheme.tls, scheme.plain].contains(&uri.scheme_str().unwrap_or_default());
    if !known || uri.query().is_some() {
        return Err(expected());
    }
    let own_host = uri
        .authority()
        .and_then(|authority| host(authority, uri.scheme_str()))
        .ok_or_else(expected)?;
    let signed_host = match signed {
        None => own_host,
        Some(signed) => signed
            .parse::<Authority>()
            .ok()
            .and_then(|authority| host(&authority, Some(scheme.tls)))
            .ok_or_else(|| {
                Error::option(
                    format!("{field}.signedHost"),
                    "a host with an optional port, such as translate.us-east-1.amazonaws.com",
                )
            })?,
    };
    Ok(Endpoint {
        url: written.trim_end_matches('/').to_owned(),
        signed_host,
        region: region.to_owned(),
    })
}

/// The host as the `host` header has it: in lower case as a browser writes it,
/// with its port unless that is the scheme's default.
fn host(authority: &Authority, scheme: Option<&str>) -> Option<String> {
    if authority.as_str().contains('@') || authority.host().is_empty() {
        return None;
    }
    let name = authority.host().to_ascii_lowercase();
    let after_name = &authority.as_str()[authority.host().len()..];
    let default = match scheme? {
        "https" | "wss" => 443,
        _ => 80,
    };
    match (after_name, authority.port_u16()) {
        ("", _) => Some(name),
        (_, Some(port)) if port == default => Some(name),
        (_, Some(port)) => Some(format!("{name}:{port}")),
        // A colon and no number that is a port.
        (_, None) => None,
    }
}

impl Endpoint {
    /// The part of the URL's path that is signed: all of it when the URL's own
    /// host is signed, nothing of it behind a proxy that signs for another.
    #[must_use]
    pub fn signed_prefix(&self) -> &str {
        let Some((scheme, rest)) = self.url.split_once("://") else {
            return "";
        };
        let (authority, prefix) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let own = authority
            .parse::<Authority>()
            .ok()
            .and_then(|authority| host(&authority, Some(scheme)));
        if own.as_deref() == Some(self.signed_host.as_str()) {
            prefix
        } else {
            ""
        }
    }
}
