//! What can be due, and what happens then.

use crate::time::Timestamp;

/// A reason to be woken. Deadlines are not stored: each part of the session
/// knows its own, and the earliest of all is
/// [`Session::poll_timeout`](crate::session::Session::poll_timeout).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Timer {
    /// New credentials are due (or may be asked for again after a failure):
    /// they are asked for, five minutes before the old ones end. Or the
    /// provider has not answered: that is told.
    Credentials,
    /// Why a handshake was refused could not be learned.
    Probe,
    /// The handshake took too long: the socket is closed and counts as refused.
    Connect,
    /// The wait after a failure is over: a stream is opened again.
    Reconnect,
    /// The next message of a backlog may go, at four times real time.
    Pace,
    /// No audio came from the tap for two seconds: silence is sent in its
    /// place, so that the service ends the sentence and keeps the stream.
    Idle,
    /// Finals were waited for long enough: the socket is closed.
    Drain,
    /// The stream is close to the longest that the service allows: another one
    /// takes its place.
    Rollover,
    /// A translation is to be sent, sent again or given up.
    Translate,
    /// Speech is to be asked for, asked for again or given up.
    Synthesize,
    /// A service that works again has done so for long enough, or a stream was
    /// away for too long: the level changes.
    Ladder,
    /// An utterance has waited for its turn for too long: it takes none.
    Turn,
}

/// The earliest of some deadlines, with its reason.
pub fn earliest(
    deadlines: impl IntoIterator<Item = (Timer, Timestamp)>,
) -> Option<(Timer, Timestamp)> {
    deadlines.into_iter().min_by_key(|(_, at)| *at)
}
