//! How long the stand-in takes.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// All delays, in milliseconds unless said otherwise. The defaults are the
/// ones that the bench calls typical.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Delays {
    /// From a word's end to the partial that has it (300).
    pub partial_ms: u64,
    /// From then until its items are stable at high stability (200); twice
    /// that at medium, three times at low.
    pub stable_ms: u64,
    /// From the end of speech to the final result (700).
    pub final_ms: u64,
    /// Of a translation (120).
    pub translate_ms: u64,
    /// To the first byte of speech (150).
    pub polly_first_byte_ms: u64,
    /// How many times faster than real time the speech then comes (4).
    pub polly_body_speed: f64,
    /// Of a Cognito call (40).
    pub cognito_ms: u64,
    /// Added to every HTTP answer, to the WebSocket's handshake and to each of
    /// its messages to the client (0).
    pub rtt_ms: u64,
    /// Of everything that is drawn (42).
    pub seed: u64,
}

impl Default for Delays {
    fn default() -> Self {
        Self {
            partial_ms: 300,
            stable_ms: 200,
            final_ms: 700,
            translate_ms: 120,
            polly_first_byte_ms: 150,
            polly_body_speed: 4.0,
            cognito_ms: 40,
            rtt_ms: 0,
            seed: 42,
        }
    }
}

impl Delays {
    /// These delays with the fields that `partial` has.
    ///
    /// # Errors
    /// On a field that does not exist or has no sensible value.
    pub fn merged(self, partial: &serde_json::Value) -> Result<Self, String> {
        let fields = partial.as_object().ok_or("an object of delays")?;
        let mut all = serde_json::to_value(self).map_err(|error| error.to_string())?;
        for (name, value) in fields {
            all[name] = value.clone();
        }
        let merged: Self = serde_json::from_value(all).map_err(|error| error.to_string())?;
        if merged.polly_body_speed.is_nan() || merged.polly_body_speed <= 0.0 {
            return Err("pollyBodySpeed must be above 0".into());
        }
        Ok(merged)
    }

    /// The round trip.
    #[must_use]
    pub const fn rtt(&self) -> Duration {
        Duration::from_millis(self.rtt_ms)
    }
}
