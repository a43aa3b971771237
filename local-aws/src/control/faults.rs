//! Faults on demand.

use crate::engines::Moment;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

/// A service of the stand-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Service {
    /// Cognito identity.
    Cognito,
    /// The token endpoint of Cognito's hosted pages.
    Login,
    /// Amazon Translate.
    Translate,
    /// Amazon Polly.
    Polly,
    /// Amazon Transcribe.
    Transcribe,
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The service's throttling exception.
    Throttle,
    /// A 5xx answer (`status`, default the service's own).
    Error,
    /// No answer, ever.
    Hang,
    /// The answer (or handshake) `ms` later.
    Slow,
    /// Polly: the body ends after `afterBytes`, without a proper end.
    CutBody,
    /// The IAM action `action` (or all of the service) is not allowed.
    Deny,
    /// Login: a refresh token gives no tokens (`invalid_grant`).
    RefuseRenewal,
    /// Transcribe: the handshake is refused (403).
    Refuse,
    /// Transcribe: a clean close, code 1000, without any final result.
    Close,
    /// Transcribe: the TCP connection ends without a close.
    Kill,
    /// Transcribe: nothing is sent any more; audio is still taken.
    Silent,
    /// Transcribe: a message that ends the stream, then a close.
    #[serde(untagged)]
    Message(Named),
}

/// A message that ends a stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Named {
    /// `exception:NAME`: one of the service's exceptions.
    Exception(String),
    /// `error:CODE`: an error that the service's model does not have.
    Error(String),
}

impl TryFrom<String> for Named {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.split_once(':') {
            Some(("exception", name)) if !name.is_empty() => Ok(Self::Exception(name.to_owned())),
            Some(("error", code)) if !code.is_empty() => Ok(Self::Error(code.to_owned())),
            _ => Err(format!("no such kind of fault: {text}")),
        }
    }
}

impl From<Named> for String {
    fn from(named: Named) -> Self {
        match named {
            Named::Exception(name) => format!("exception:{name}"),
            Named::Error(code) => format!("error:{code}"),
        }
    }
}

/// A fault that waits for its moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fault {
    /// Where.
    pub service: Service,
    /// What.
    pub kind: Kind,
    /// How often; 0 until the reset. Default 1, for `deny` 0.
    #[serde(default)]
    pub count: Option<u32>,
    /// Of `slow`.
    #[serde(default)]
    pub ms: u64,
    /// Of `error`.
    #[serde(default)]
    pub status: Option<u16>,
    /// Of `deny`: `TranslateText`.
    #[serde(default)]
    pub action: Option<String>,
    /// Of `cut-body`.
    #[serde(default)]
    pub after_bytes: usize,
    /// Only what is in this language: a stream's, Translate's source, Polly's
    /// `LanguageCode`.
    #[serde(default)]
    pub language: Option<String>,
    /// Of a running stream: once it has this much audio.
    #[serde(default)]
    pub after_ms: u64,
    /// Of a running stream: while somebody speaks, or while nobody does.
    #[serde(default)]
    pub when: Option<Moment>,
}

impl Fault {
    /// Whether it strikes a running stream.
    #[must_use]
    pub const fn is_of_a_stream(&self) -> bool {
        matches!(
            self.kind,
            Kind::Close | Kind::Kill | Kind::Silent | Kind::Message(_)
        )
    }

    /// Whether it is for what is in `language`.
    #[must_use]
    pub fn is_of_language(&self, language: Option<&str>) -> bool {
        self.language.is_none() || self.language.as_deref() == language
    }

    /// Refuses combinations that would never strike.
    ///
    /// # Errors
    /// What does not fit.
    pub fn check(&self) -> Result<(), String> {
        let fits = match self.kind {
            Kind::Refuse | Kind::Close | Kind::Kill | Kind::Silent | Kind::Message(_) => {
                self.service == Service::Transcribe
            }
            Kind::CutBody => self.service == Service::Polly,
            Kind::RefuseRenewal => self.service == Service::Login,
            _ => true,
        };
        if !fits {
            return Err(format!("{:?} has no such fault", self.service));
        }
        if !self.is_of_a_stream() && (self.after_ms > 0 || self.when.is_some()) {
            return Err("afterMs and when are of a running stream".into());
        }
        let wordless = matches!(self.service, Service::Cognito | Service::Login);
        if self.language.is_some() && (wordless || self.kind == Kind::Deny) {
            return Err("this fault has no language".into());
        }
        Ok(())
    }
}

/// The faults that wait.
#[derive(Debug)]
pub struct Faults {
    waiting: watch::Sender<Vec<Fault>>,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            waiting: watch::Sender::new(Vec::new()),
        }
    }
}

impl Faults {
    /// Adds one.
    pub fn add(&self, mut fault: Fault) {
        let once = u32::from(fault.kind != Kind::Deny);
        fault.count.get_or_insert(once);
        self.waiting.send_modify(|waiting| waiting.push(fault));
    }

    /// Takes the first that fits, once.
    pub fn take(&self, fits: impl Fn(&Fault) -> bool) -> Option<Fault> {
        let mut taken = None;
        self.waiting.send_if_modified(|waiting| {
            let Some(at) = waiting.iter().position(fits) else {
                return false;
            };
            taken = Some(waiting[at].clone());
            match &mut waiting[at].count {
                Some(1) => drop(waiting.remove(at)),
                Some(count) if *count > 1 => *count -= 1,
                _ => {}
            }
            false
        });
        taken
    }

    /// Removes all.
    pub fn clear(&self) {
        self.waiting.send_modify(Vec::clear);
    }

    /// All that wait.
    #[must_use]
    pub fn list(&self) -> Vec<Fault> {
        self.waiting.borrow().clone()
    }

    /// Tells when faults were added.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Vec<Fault>> {
        self.waiting.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::{Fault, Faults, Kind, Named, Service};

    fn fault(json: &str) -> Fault {
        serde_json::from_str(json).expect("a fault")
    }

    #[test]
    fn a_fault_strikes_as_often_as_it_says() {
        let faults = Faults::default();
        faults.add(fault(r#"{"service":"polly","kind":"throttle","count":2}"#));
        let take = || faults.take(|fault| fault.service == Service::Polly);
        assert!(take().is_some());
        assert!(take().is_some());
        assert!(take().is_none());
    }

    #[test]
    fn kinds_are_read_and_written() {
        let text = r#"{"service":"transcribe","kind":"exception:LimitExceededException"}"#;
        let read = fault(text);
        assert_eq!(
            read.kind,
            Kind::Message(Named::Exception("LimitExceededException".into()))
        );
        assert!(
            serde_json::to_string(&read)
                .expect("json")
                .contains("exception:LimitExceededException")
        );
        assert!(serde_json::from_str::<Fault>(r#"{"service":"polly","kind":"nonsense"}"#).is_err());
        assert_eq!(
            fault(r#"{"service":"transcribe","kind":"error:500"}"#).kind,
            Kind::Message(Named::Error("500".into()))
        );
        for never in [
            r#"{"service":"polly","kind":"kill"}"#,
            r#"{"service":"transcribe","kind":"refuse","afterMs":5}"#,
            r#"{"service":"transcribe","kind":"hang","when":"pause"}"#,
            r#"{"service":"cognito","kind":"throttle","language":"es-US"}"#,
            r#"{"service":"cognito","kind":"refuse-renewal"}"#,
        ] {
            assert!(fault(never).check().is_err(), "{never}");
        }
        assert_eq!(
            fault(r#"{"service":"polly","kind":"cut-body"}"#).kind,
            Kind::CutBody
        );
    }
}
