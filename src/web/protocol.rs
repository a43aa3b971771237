//! What the page and the engine worker say to each other: an array of a name,
//! the session's number and plain values, followed by the ports that travel
//! with it. Audio is not among it: it goes between the worklets and the worker.

use crate::error::Error;
use crate::speaker::{PerSpeaker, Speaker};
use crate::web::js;
use crate::web::options;
use crate::web::provider::{self, Identity};
use js_sys::Array;
use wasm_bindgen::JsValue;

/// A session, as page and worker know it. Never used twice in a page.
pub type CallId = u32;

/// To the worker.
pub enum ToEngine {
    /// Begins a session. With it go four ports: the agent's tap and player,
    /// the customer's tap and player.
    Start { call: CallId, start: Start },
    /// Something for one speaker's pipeline.
    Command {
        call: CallId,
        speaker: Speaker,
        command: Command,
    },
    /// The answer to [`FromEngine::GetCredentials`].
    Credentials {
        call: CallId,
        result: Result<Identity, Error>,
    },
    /// Say so ([`FromEngine::Rendering`]) when the next audio comes.
    Announce { call: CallId },
    /// Ends a session.
    Stop { call: CallId },
}

/// What a session begins with, or goes on with in another worker.
pub struct Start {
    /// The host's options as JSON, which the page has checked.
    pub options: String,
    /// Of the AudioContext: of what is captured and of what is played.
    pub rate_hz: u32,
    /// What the page's clock shows: it is the session's, in every worker.
    pub now_ms: f64,
    /// The latest utterance that there was.
    pub last_utterance: u64,
    pub muted: PerSpeaker<bool>,
    pub held: bool,
}

/// The public commands that change a pipeline.
pub enum Command {
    Mute {
        muted: bool,
        moment: Moment,
    },
    Hold {
        held: bool,
        moment: Moment,
    },
    Enable(bool),
    Say {
        text: String,
        translate: bool,
    },
    /// Changes of this speaker's settings as JSON, which the page has checked.
    Configure(String),
}

/// When a command holds that has to be exact.
#[derive(Clone, Copy)]
pub struct Moment {
    /// The frame from which it does.
    pub frame: u64,
    /// The number with which the page stopped the players; 0 if it did not.
    pub stop: u64,
}

/// How many values stand before the ports of [`ToEngine::Start`].
pub const START_PORTS: u32 = 9;

impl Moment {
    fn after(self, speaker: JsValue, on: bool) -> [JsValue; 4] {
        [
            speaker,
            on.into(),
            js::number(self.frame),
            js::number(self.stop),
        ]
    }
}

impl ToEngine {
    /// As a message.
    pub fn encode(self) -> Array {
        match self {
            Self::Start { call, start } => {
                let parts = [
                    start.options.into(),
                    start.rate_hz.into(),
                    start.now_ms.into(),
                    js::number(start.last_utterance),
                    start.muted.agent.into(),
                    start.muted.customer.into(),
                    start.held.into(),
                ];
                message("start", call, &parts)
            }
            Self::Command {
                call,
                speaker,
                command,
            } => {
                let speaker = speaker.name().into();
                match command {
                    Command::Mute { muted, moment } => {
                        message("mute", call, &moment.after(speaker, muted))
                    }
                    Command::Hold { held, moment } => {
                        message("hold", call, &moment.after(speaker, held))
                    }
                    Command::Enable(enabled) => message("enable", call, &[speaker, enabled.into()]),
                    Command::Say { text, translate } => {
                        message("say", call, &[speaker, translate.into(), text.into()])
                    }
                    Command::Configure(changes) => {
                        message("configure", call, &[speaker, changes.into()])
                    }
                }
            }
            Self::Credentials { call, result } => match result {
                Ok(identity) => message("credentials", call, &identity.encode()),
                Err(error) => message("no-credentials", call, &[error.message.into()]),
            },
            Self::Announce { call } => message("announce", call, &[]),
            Self::Stop { call } => message("stop", call, &[]),
        }
    }

    /// The message; `None` if it is not one of ours.
    pub fn decode(parts: &Array) -> Option<Self> {
        let (name, call) = head(parts)?;
        let text = |at| parts.get(at).as_string();
        let flag = |at| parts.get(at).is_truthy();
        let moment = || Moment {
            frame: js::whole(&parts.get(4)),
            stop: js::whole(&parts.get(5)),
        };
        let command = match name.as_str() {
            "start" => {
                let start = Start {
                    options: text(2)?,
                    rate_hz: u32::try_from(js::whole(&parts.get(3))).ok()?,
                    now_ms: parts.get(4).as_f64()?,
                    last_utterance: js::whole(&parts.get(5)),
                    muted: PerSpeaker {
                        agent: flag(6),
                        customer: flag(7),
                    },
                    held: flag(8),
                };
                return Some(Self::Start { call, start });
            }
            "credentials" => {
                let result = Ok(Identity::decode(|at| parts.get(2 + at))?);
                return Some(Self::Credentials { call, result });
            }
            "no-credentials" => {
                let result = Err(provider::failure(&text(2)?));
                return Some(Self::Credentials { call, result });
            }
            "announce" => return Some(Self::Announce { call }),
            "stop" => return Some(Self::Stop { call }),
            "mute" => Command::Mute {
                muted: flag(3),
                moment: moment(),
            },
            "hold" => Command::Hold {
                held: flag(3),
                moment: moment(),
            },
            "enable" => Command::Enable(flag(3)),
            "say" => Command::Say {
                translate: flag(3),
                text: text(4)?,
            },
            "configure" => Command::Configure(text(3)?),
            _ => return None,
        };
        Some(Self::Command {
            call,
            speaker: options::speaker(&text(2)?).ok()?,
            command,
        })
    }
}

/// From the worker.
pub enum FromEngine {
    /// The worker is up.
    Ready,
    /// The session has begun, or cannot: what is then thrown.
    Started {
        call: CallId,
        result: Result<(), JsValue>,
    },
    /// Something for the host: an [`Event`](crate::event::Event) as JavaScript
    /// has it.
    Event { call: CallId, event: JsValue },
    /// Ask the host's provider.
    GetCredentials { call: CallId },
    /// Audio of both taps has come: the graph is being rendered.
    Rendering { call: CallId },
    /// Nothing of the session is left in the worker.
    Stopped { call: CallId },
}

impl FromEngine {
    /// As a message.
    pub fn encode(self) -> Array {
        match self {
            Self::Ready => message("ready", 0, &[]),
            Self::Started { call, result } => match result {
                Ok(()) => message("started", call, &[]),
                Err(error) => message("not-started", call, &[error]),
            },
            Self::Event { call, event } => message("event", call, &[event]),
            Self::GetCredentials { call } => message("get-credentials", call, &[]),
            Self::Rendering { call } => message("rendering", call, &[]),
            Self::Stopped { call } => message("stopped", call, &[]),
        }
    }

    /// The message; `None` if it is not one of ours.
    pub fn decode(parts: &Array) -> Option<Self> {
        let (name, call) = head(parts)?;
        let part = parts.get(2);
        Some(match name.as_str() {
            "ready" => Self::Ready,
            "started" => Self::Started {
                call,
                result: Ok(()),
            },
            "not-started" => Self::Started {
                call,
                result: Err(part),
            },
            "event" => Self::Event { call, event: part },
            "get-credentials" => Self::GetCredentials { call },
            "rendering" => Self::Rendering { call },
            "stopped" => Self::Stopped { call },
            _ => return None,
        })
    }
}

fn message(name: &str, call: CallId, parts: &[JsValue]) -> Array {
    let message = Array::of2(&name.into(), &call.into());
    for part in parts {
        message.push(part);
    }
    message
}

fn head(parts: &Array) -> Option<(String, CallId)> {
    let call = u32::try_from(js::whole(&parts.get(1))).ok()?;
    Some((parts.get(0).as_string()?, call))
}
