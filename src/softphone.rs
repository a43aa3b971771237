//! What the state of an Amazon Connect contact means for its interpretation.
//!
//! The browser half reads the state from Streams; what follows from it is
//! decided here, so that every course of a call can be tested without one.

/// One party's connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Leg {
    /// There is none, or it is over.
    #[default]
    Gone,
    /// Ringing, or being put through: what is heard is a tone or a machine.
    Connecting,
    /// Hears and speaks.
    Connected,
    /// Hears music.
    OnHold,
}

impl Leg {
    /// By Streams' name of a connection's state. Who monitors in silence says
    /// nothing, so there is nobody to interpret.
    #[must_use]
    pub fn from_name(name: &str) -> Self {
        match name {
            "init" | "connecting" | "silent_monitor" => Self::Connecting,
            "connected" | "barge" => Self::Connected,
            "hold" => Self::OnHold,
            _ => Self::Gone,
        }
    }
}

/// A contact as Streams describes it at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contact {
    /// Streams' name of the contact's state.
    pub state: String,
    /// This agent.
    pub agent: Leg,
    /// The party that the contact began with.
    pub customer: Leg,
    /// Everybody else.
    pub others: Vec<Leg>,
}

/// How far a call is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// Not both of them are there yet: ringing, dialling, ringback.
    #[default]
    Waiting,
    /// Agent and customer talk, alone or with others.
    Talking,
    /// The agent talks to one other party while the customer does not hear it.
    Consulting {
        /// Which of [`Contact::others`].
        other: usize,
    },
    /// Nobody is to be interpreted at the moment.
    Held,
    /// The call is over for this agent.
    Over,
}

impl Phase {
    /// The name that hosts see.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Talking => "talking",
            Self::Consulting { .. } => "consulting",
            Self::Held => "held",
            Self::Over => "over",
        }
    }
}

impl Contact {
    /// How far it is.
    #[must_use]
    pub fn phase(&self) -> Phase {
        match self.state.as_str() {
            "connected" => {}
            "ended" | "error" | "missed" | "rejected" => return Phase::Over,
            _ => return Phase::Waiting,
        }
        match (self.agent, self.customer) {
            // Handed on to another agent.
            (Leg::Gone, _) => Phase::Over,
            (Leg::OnHold, _) => Phase::Held,
            (Leg::Connecting, _) | (_, Leg::Connecting) => Phase::Waiting,
            (Leg::Connected, Leg::Connected) => Phase::Talking,
            (Leg::Connected, Leg::OnHold | Leg::Gone) => self.consulting(),
        }
    }

    /// Several others at once are a mixture that has no one language.
    fn consulting(&self) -> Phase {
        let mut connected = (0..self.others.len()).filter(|at| self.others[*at] == Leg::Connected);
        match (connected.next(), connected.next()) {
            (Some(other), None) => Phase::Consulting { other },
            _ => Phase::Held,
        }
    }
}

/// Whether the agent is muted in a call, after Streams has said so.
///
/// Streams names no contact: it means the one that is active, and it says
/// `false` at the end of every call, whichever that was. What it really does is
/// to switch the microphone's track off and on.
#[must_use]
pub const fn muted(said: bool, microphone_on: bool) -> bool {
    said || !microphone_on
}

#[cfg(test)]
mod tests {
    use super::*;
    use Leg::{Connected, Connecting, Gone, OnHold};

    fn phase(state: &str, agent: Leg, customer: Leg, others: &[Leg]) -> Phase {
        Contact {
            state: state.into(),
            agent,
            customer,
            others: others.to_vec(),
        }
        .phase()
    }

    #[test]
    fn an_inbound_call_is_interpreted_from_its_acceptance_to_its_end() {
        let course = [
            ("incoming", Connecting, Connected, Phase::Waiting),
            ("connecting", Connecting, Connected, Phase::Waiting),
            ("connected", Connected, Connected, Phase::Talking),
            ("connected", Connected, OnHold, Phase::Held),
            ("connected", Connected, Connected, Phase::Talking),
            ("ended", Gone, Gone, Phase::Over),
        ];
        for (state, agent, customer, expected) in course {
            assert_eq!(phase(state, agent, customer, &[]), expected, "{state}");
        }
    }

    #[test]
    fn ringback_and_early_media_of_an_outbound_call_are_not_interpreted() {
        for state in ["connecting", "connected"] {
            assert_eq!(phase(state, Connected, Connecting, &[]), Phase::Waiting);
        }
        assert_eq!(
            phase("connected", Connected, Connected, &[]),
            Phase::Talking
        );
    }

    #[test]
    fn a_call_that_nobody_takes_never_begins() {
        for state in ["missed", "error", "rejected"] {
            assert_eq!(phase(state, Connecting, Connected, &[]), Phase::Over);
        }
        assert_eq!(phase("pending", Connecting, Gone, &[]), Phase::Waiting);
    }

    #[test]
    fn a_call_back_waits_for_the_agents_own_leg() {
        assert_eq!(
            phase("connected", Connecting, Connected, &[]),
            Phase::Waiting
        );
    }

    #[test]
    fn a_transfer_goes_by_way_of_a_consultation() {
        let course = [
            (Connected, OnHold, Connecting, Phase::Held),
            (Connected, OnHold, Connected, Phase::Consulting { other: 0 }),
            (Connected, Connected, Connected, Phase::Talking),
            (Connected, Connected, OnHold, Phase::Talking),
            (Connected, Gone, Connected, Phase::Consulting { other: 0 }),
            (Gone, Connected, Connected, Phase::Over),
        ];
        for (agent, customer, other, expected) in course {
            let found = phase("connected", agent, customer, &[other]);
            assert_eq!(found, expected, "{agent:?} {customer:?} {other:?}");
        }
    }

    #[test]
    fn several_others_without_the_customer_are_nobody_to_interpret() {
        let found = phase("connected", Connected, OnHold, &[Connected, Connected]);
        assert_eq!(found, Phase::Held);
        let found = phase("connected", Connected, OnHold, &[Gone, Connected]);
        assert_eq!(found, Phase::Consulting { other: 1 });
    }

    #[test]
    fn an_agent_on_hold_hears_and_says_nothing() {
        assert_eq!(phase("connected", OnHold, Connected, &[]), Phase::Held);
    }

    #[test]
    fn a_silent_monitor_is_not_interpreted_and_one_who_barges_in_is() {
        let leg = Leg::from_name("silent_monitor");
        assert_eq!(phase("connected", leg, Connected, &[]), Phase::Waiting);
        let leg = Leg::from_name("barge");
        assert_eq!(phase("connected", leg, Connected, &[]), Phase::Talking);
    }

    #[test]
    fn another_calls_end_does_not_unmute() {
        assert!(muted(true, false) && muted(true, true));
        assert!(muted(false, false));
        assert!(!muted(false, true));
    }

    #[test]
    fn unknown_states_are_over_for_a_leg_and_waiting_for_a_contact() {
        assert_eq!(Leg::from_name("disconnected"), Gone);
        assert_eq!(phase("paused", Connected, Connected, &[]), Phase::Waiting);
    }
}
