//! What the engine has begun and not ended, by what it told: if it dies, the
//! page tells the rest.

use crate::event::{Event, Outcome, UtteranceId};
use crate::speaker::{PerSpeaker, Speaker};
use crate::web::{js, options};
use wasm_bindgen::JsValue;

/// What is said so shortly before the engine's end is known to be lost has
/// given no result yet, in milliseconds: the time until it is noticed, and a
/// third of a second for the service.
const UNHEARD_MS: f64 = 1_250.0;

/// A session's results and utterances that are under way.
#[derive(Default)]
pub struct Ledger {
    utterances: Vec<(Speaker, u64)>,
    /// The latest utterance.
    pub last: u64,
    /// Each open result, with its beginning.
    results: Vec<(Speaker, String, f64)>,
}

impl Ledger {
    /// Takes an event as the host gets it.
    pub fn note(&mut self, event: &JsValue) {
        let text = |key| js::get(event, key).as_string().unwrap_or_default();
        let Ok(speaker) = options::speaker(&text("speaker")) else {
            return;
        };
        match text("type").as_str() {
            "utterance" => {
                let id = js::whole(&js::get(event, "utteranceId"));
                match text("outcome").as_str() {
                    "committed" => {
                        self.utterances.push((speaker, id));
                        self.last = id;
                    }
                    "speaking" => {}
                    _ => self.utterances.retain(|(_, known)| *known != id),
                }
            }
            "transcript" => {
                let id = text("resultId");
                self.results.retain(|(_, known, _)| *known != id);
                if js::get(event, "isPartial").is_truthy() {
                    let start = js::get(event, "startMs").as_f64().unwrap_or_default();
                    self.results.push((speaker, id, start));
                }
            }
            _ => {}
        }
    }

    /// The engine is gone, as is known at `now_ms`. Gives from when on what each
    /// speaker said is lost, and what is to be told of each utterance.
    pub fn close(&mut self, now_ms: f64) -> (PerSpeaker<f64>, Vec<Event>) {
        let results = std::mem::take(&mut self.results);
        let from = PerSpeaker::new(|speaker| {
            let open = results.iter().filter(|(of, ..)| *of == speaker);
            open.map(|(.., start)| *start)
                .fold(now_ms - UNHEARD_MS, f64::min)
        });
        let dropped = std::mem::take(&mut self.utterances);
        let dropped = dropped.into_iter().map(|(speaker, id)| Event::Utterance {
            speaker,
            utterance_id: UtteranceId(id),
            outcome: Outcome::Dropped,
            error: None,
            engine: None,
        });
        (from, dropped.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    fn note(ledger: &mut Ledger, json: &str) {
        ledger.note(&js_sys::JSON::parse(json).unwrap());
    }

    #[wasm_bindgen_test]
    fn what_is_under_way_is_told_and_the_rest_is_not() {
        let mut ledger = Ledger::default();
        for json in [
            r#"{"type":"utterance","speaker":"agent","utteranceId":1,"outcome":"committed"}"#,
            r#"{"type":"utterance","speaker":"customer","utteranceId":2,"outcome":"committed"}"#,
            r#"{"type":"utterance","speaker":"agent","utteranceId":1,"outcome":"speaking"}"#,
            r#"{"type":"utterance","speaker":"customer","utteranceId":2,"outcome":"caption"}"#,
            r#"{"type":"transcript","speaker":"agent","resultId":"a","isPartial":true,"startMs":5000}"#,
            r#"{"type":"transcript","speaker":"agent","resultId":"b","isPartial":true,"startMs":7000}"#,
            r#"{"type":"transcript","speaker":"agent","resultId":"b","isPartial":true,"startMs":7000}"#,
            r#"{"type":"transcript","speaker":"customer","resultId":"c","isPartial":true,"startMs":1}"#,
            r#"{"type":"transcript","speaker":"customer","resultId":"c","isPartial":false,"startMs":1}"#,
            r#"{"type":"statechange","state":"running"}"#,
        ] {
            note(&mut ledger, json);
        }
        let (from, told) = ledger.close(9_000.0);
        assert_eq!((from.agent, from.customer), (5_000.0, 7_750.0));
        let dropped = |event: &Event| {
            matches!(
                event,
                Event::Utterance {
                    speaker: Speaker::Agent,
                    utterance_id: UtteranceId(1),
                    outcome: Outcome::Dropped,
                    ..
                }
            )
        };
        assert!(told.len() == 1 && dropped(&told[0]));
        assert_eq!(ledger.last, 2);
        assert!(ledger.close(9_000.0).1.is_empty());
    }
}
