//! The sans-IO session: two pipelines, one credentials cache.
//!
//! The driver gives inputs with the time they came, drains
//! [`Session::poll_output`] after each, and calls [`Session::handle_timeout`]
//! when [`Session::poll_timeout`] is due. A spurious timeout does nothing.

use crate::aws::credentials::Credentials;
use crate::aws::http::{HttpRequest, ResponseHead};
use crate::config::{SessionConfig, SpeakerConfig};
use crate::error::Error;
use crate::event::{Event, UtteranceId};
use crate::speaker::Speaker;
use crate::time::{Timestamp, UnixTime};

/// A WebSocket the session asked for. Never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SocketId(pub u64);

/// An HTTP request the session asked for. Never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u64);

/// What the world tells the session about one speaker's pipeline.
#[derive(Debug)]
pub enum Input<'a> {
    /// Mono samples (-1..1) from the tap.
    Audio {
        /// The tap's rate, 8,000 to 192,000 Hz. It may change at any time.
        rate_hz: u32,
        /// The AudioContext frame of the first sample; a jump is lost audio.
        first_frame: u64,
        /// The samples.
        samples: &'a [f32],
    },
    /// A socket's news.
    Socket(SocketId, SocketInput<'a>),
    /// The answer to [`Output::GetCredentials`], and the wall clock now. The
    /// speaker that comes with it does not matter: the cache is the session's.
    Credentials(Result<Credentials, Error>, UnixTime),
    /// A request's news.
    Response(RequestId, ResponseInput<'a>),
    /// The player's news about an utterance.
    Played(UtteranceId, PlayedInput),
    /// Silence this speaker from a frame on, or stop doing so.
    Mute {
        /// Whether the speaker is muted.
        muted: bool,
        /// The tap's frame from which it holds; `None` is at once.
        from_frame: Option<u64>,
    },
    /// The call is on hold: nothing is transcribed, translated or spoken.
    Hold(bool),
    /// Switch this speaker's pipeline on or off.
    Enable(bool),
    /// New settings for this speaker.
    Configure(Box<SpeakerConfig>),
    /// Speak a typed text in this speaker's name.
    Say {
        /// The text.
        text: String,
        /// Whether it is in the speaker's language (and is translated first)
        /// or already in the listener's.
        translate: bool,
    },
    /// Finish: close the socket and drop what is queued.
    Stop,
}

/// News of a socket.
#[derive(Debug)]
pub enum SocketInput<'a> {
    /// The handshake succeeded.
    Opened,
    /// A binary message.
    Message(&'a [u8]),
    /// The socket is closed, or could not be opened (1006, not clean).
    Closed {
        /// The close code.
        code: u16,
        /// Whether the closing handshake was done.
        clean: bool,
    },
}

/// News of a request.
#[derive(Debug)]
pub enum ResponseInput<'a> {
    /// Status and headers.
    Head(ResponseHead),
    /// A piece of the body.
    Chunk(&'a [u8]),
    /// The body is whole.
    End,
    /// No answer, or the body broke off.
    Failed,
}

/// News of an utterance in the player.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlayedInput {
    /// Its first sample went out at this AudioContext frame.
    Started {
        /// The frame.
        frame: u64,
    },
    /// Its last sample went out before this AudioContext frame.
    Ended {
        /// The frame.
        frame: u64,
        /// How many samples of it were played.
        samples: u64,
    },
}

/// What the session asks of the world. `Debug` shows neither secrets nor words.
#[derive(Debug)]
pub enum Output {
    /// Ask the host for credentials; answer with [`Input::Credentials`].
    GetCredentials,
    /// Open a WebSocket (binary). The URL is presigned: never log it.
    OpenSocket {
        /// Its id.
        id: SocketId,
        /// The presigned URL.
        url: crate::aws::sign::PresignedUrl,
    },
    /// Send a binary message.
    SendMessage {
        /// The socket.
        id: SocketId,
        /// The message.
        bytes: Vec<u8>,
    },
    /// Close a socket; no more news of it is wanted.
    CloseSocket {
        /// The socket.
        id: SocketId,
    },
    /// Send an HTTP request and stream its answer back.
    SendRequest {
        /// Its id.
        id: RequestId,
        /// The request.
        request: HttpRequest,
    },
    /// Abort a request; no more news of it is wanted.
    CancelRequest {
        /// The request.
        id: RequestId,
    },
    /// Append samples at the playout rate to the utterance being played. The
    /// driver never reorders: utterances come whole, one after the other.
    Play {
        /// The utterance.
        utterance: UtteranceId,
        /// Mono samples, -1..1, at [`SessionConfig::playout_rate_hz`].
        pcm: Vec<f32>,
    },
    /// No more samples of that utterance will come.
    PlayEnd {
        /// The utterance.
        utterance: UtteranceId,
    },
    /// Drop what is playing and queued for this speaker, with a short ramp.
    StopPlayout,
    /// Tell the host.
    Event(Event),
}

/// Two pipelines and what they share.
pub struct Session {
    config: SessionConfig,
}

impl Session {
    /// A session with a validated configuration. `seed` feeds jitter and
    /// session ids.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidOption`](crate::error::ErrorCode::InvalidOption),
    /// [`UnsupportedLanguage`](crate::error::ErrorCode::UnsupportedLanguage) or
    /// [`VoiceMismatch`](crate::error::ErrorCode::VoiceMismatch), naming the field.
    pub fn new(config: SessionConfig, seed: u64) -> Result<Self, Error> {
        let _ = seed;
        Ok(Self { config })
    }

    /// Takes one input, for the pipeline of that speaker, at the time `now`.
    pub fn handle_input(&mut self, now: Timestamp, speaker: Speaker, input: Input<'_>) {
        let _ = (now, speaker, input, &self.config);
    }

    /// The next thing to do, in order; `None` when there is nothing.
    pub fn poll_output(&mut self) -> Option<(Speaker, Output)> {
        None
    }

    /// When [`Self::handle_timeout`] wants to be called next.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Timestamp> {
        None
    }

    /// Lets the timers that are due fire.
    pub fn handle_timeout(&mut self, now: Timestamp) {
        let _ = now;
    }
}
