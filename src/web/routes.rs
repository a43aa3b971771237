//! The routes of the mixer, by the names that hosts use.

use crate::error::Error;
use crate::speaker::Speaker;

/// What a route carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sound {
    /// A speaker's own voice.
    Original(Speaker),
    /// The translation of a speaker's words.
    Translation(Speaker),
    /// What fills the silence.
    ComfortNoise,
}

/// A way of a sound to a listener.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// The public name.
    pub name: &'static str,
    /// What.
    pub sound: Sound,
    /// To whom.
    pub listener: Speaker,
    /// The volume while interpreting (what the AWS sample starts with).
    pub volume: f32,
}

use Sound::{ComfortNoise, Original, Translation};
use Speaker::{Agent, Customer};

const fn route(name: &'static str, sound: Sound, listener: Speaker, volume: f32) -> Route {
    Route {
        name,
        sound,
        listener,
        volume,
    }
}

/// Comfort noise from a clip is this loud: a recording of a room is far below
/// full scale already, the generated noise is not.
pub const CLIP_VOLUME: f32 = 0.05;

/// All routes.
pub const ROUTES: [Route; 8] = [
    route("customer-original-to-agent", Original(Customer), Agent, 0.3),
    route(
        "customer-translation-to-agent",
        Translation(Customer),
        Agent,
        1.0,
    ),
    route(
        "customer-translation-to-customer",
        Translation(Customer),
        Customer,
        0.1,
    ),
    route("agent-original-to-customer", Original(Agent), Customer, 0.1),
    route(
        "agent-translation-to-customer",
        Translation(Agent),
        Customer,
        1.0,
    ),
    route("agent-translation-to-agent", Translation(Agent), Agent, 0.1),
    route("comfort-noise-to-agent", ComfortNoise, Agent, 0.005),
    route("comfort-noise-to-customer", ComfortNoise, Customer, 0.005),
];

/// The volumes of all routes, in the order of [`ROUTES`].
#[derive(Clone, Debug, PartialEq)]
pub struct Volumes([f32; ROUTES.len()]);

impl Volumes {
    /// The defaults.
    pub fn new(noise_clip: bool) -> Self {
        Self(ROUTES.map(|route| match route.sound {
            ComfortNoise if noise_clip => CLIP_VOLUME,
            _ => route.volume,
        }))
    }

    /// Sets a route by name; `prefix` goes before the name in an error's field.
    pub fn set(&mut self, prefix: &str, name: &str, value: f64) -> Result<(), Error> {
        let index = index(name, prefix)?;
        if !(0.0..=2.0).contains(&value) {
            return Err(Error::option(format!("{prefix}{name}"), "a volume, 0 to 2"));
        }
        #[expect(clippy::cast_possible_truncation, reason = "0 to 2")]
        {
            self.0[index] = value as f32;
        }
        Ok(())
    }

    /// The volume of a route by name.
    pub fn get(&self, name: &str) -> Result<f32, Error> {
        Ok(self.0[index(name, "")?])
    }

    /// The volumes in the order of [`ROUTES`].
    pub fn all(&self) -> [f32; ROUTES.len()] {
        self.0
    }
}

fn index(name: &str, prefix: &str) -> Result<usize, Error> {
    let found = ROUTES.iter().position(|route| route.name == name);
    found.ok_or_else(|| {
        let names = ROUTES.map(|route| route.name).join(", ");
        Error::option(
            format!("{prefix}{}", if prefix.is_empty() { "route" } else { name }),
            format!("one of the routes {names}"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn every_route_has_its_default() {
        let volumes = Volumes::new(false);
        assert_eq!(volumes.get("customer-original-to-agent"), Ok(0.3));
        assert_eq!(volumes.get("agent-original-to-customer"), Ok(0.1));
        assert_eq!(volumes.get("comfort-noise-to-agent"), Ok(0.005));
        assert_eq!(
            Volumes::new(true).get("comfort-noise-to-customer"),
            Ok(CLIP_VOLUME)
        );
    }

    #[test]
    fn a_wrong_route_or_volume_is_named_and_changes_nothing() {
        let mut volumes = Volumes::new(false);
        let field = |result: Result<(), Error>| result.err().and_then(|error| error.field);
        let route = "agent-translation-to-agent";
        let wrong = volumes.set("volumes.", "agent-to-agent", 1.0);
        assert_eq!(field(wrong).as_deref(), Some("volumes.agent-to-agent"));
        for value in [-0.1, 2.1, f64::NAN, f64::INFINITY] {
            let wrong = volumes.set("volumes.", route, value);
            assert_eq!(
                field(wrong).as_deref(),
                Some("volumes.agent-translation-to-agent")
            );
        }
        assert_eq!(volumes, Volumes::new(false));
        assert_eq!(volumes.set("", route, 2.0), Ok(()));
        assert_eq!(volumes.get(route), Ok(2.0));
    }
}
