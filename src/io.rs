//! What goes into a session and what comes out, as data.
//!
//! A module of its own, so that the pipelines need not know the session;
//! [`crate::session`] has the same names.

use crate::aws::credentials::Credentials;
use crate::aws::http::{HttpRequest, ResponseHead};
use crate::config::SpeakerConfig;
use crate::error::Error;
use crate::event::{Event, UtteranceId};
use crate::time::UnixTime;

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
    /// The wall clock now, when it has jumped: the computer has slept, or its
    /// clock was put right.
    Clock(UnixTime),
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
    /// The call is on hold: nothing is transcribed, translated or spoken. It
    /// holds for both speakers, whichever it comes with.
    Hold {
        /// Whether the call is on hold.
        held: bool,
        /// The taps' frame from which it holds; `None` is at once.
        from_frame: Option<u64>,
    },
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
    /// Finish: drop what is queued, send the end of the audio and close the
    /// sockets once the services have. For both speakers, whichever it comes
    /// with; a second one does nothing.
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

/// News of an utterance in the player. The session hands the player no more
/// than the utterance that plays and the next one, so both reports are needed
/// for every utterance that got samples; after
/// [`Output::StopPlayout`] none are needed for what it dropped.
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
        /// Mono samples, -1..1, at [`SessionConfig::playout_rate_hz`](crate::config::SessionConfig::playout_rate_hz).
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
