//! Whose words.

use serde::Serialize;
use std::fmt;
use std::ops::{Index, IndexMut};

/// The person whose words a pipeline carries. Everything is keyed by the
/// speaker, never by a direction: the agent's pipeline hears the agent and
/// speaks to the customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Speaker {
    /// The agent, whose browser this is.
    Agent,
    /// The customer at the other end of the call.
    Customer,
}

impl Speaker {
    /// Both speakers, the agent first.
    pub const BOTH: [Self; 2] = [Self::Agent, Self::Customer];

    /// The listener: the other person.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Agent => Self::Customer,
            Self::Customer => Self::Agent,
        }
    }

    /// The name used in options, events and errors.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Customer => "customer",
        }
    }
}

impl fmt::Display for Speaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One value for each speaker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PerSpeaker<T> {
    /// The agent's.
    pub agent: T,
    /// The customer's.
    pub customer: T,
}

impl<T> PerSpeaker<T> {
    /// Makes each speaker's value.
    pub fn new(mut make: impl FnMut(Speaker) -> T) -> Self {
        Self {
            agent: make(Speaker::Agent),
            customer: make(Speaker::Customer),
        }
    }
}

impl<T> Index<Speaker> for PerSpeaker<T> {
    type Output = T;
    fn index(&self, speaker: Speaker) -> &T {
        match speaker {
            Speaker::Agent => &self.agent,
            Speaker::Customer => &self.customer,
        }
    }
}

impl<T> IndexMut<Speaker> for PerSpeaker<T> {
    fn index_mut(&mut self, speaker: Speaker) -> &mut T {
        match speaker {
            Speaker::Agent => &mut self.agent,
            Speaker::Customer => &mut self.customer,
        }
    }
}
