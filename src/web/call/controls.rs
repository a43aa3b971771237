//! What a host does to a running session.

use super::Call;
use crate::config::SpeakerOptions;
use crate::error::Error;
use crate::speaker::Speaker;
use crate::web::guard::{ElementGuard, SenderGuard};
use crate::web::mixer::Send;
use crate::web::protocol::{Command, ToEngine};
use crate::web::{js, options};
use wasm_bindgen::prelude::*;
use web_sys::{HtmlAudioElement, RtcRtpSender};

impl Call {
    pub fn attach(&self, targets: &JsValue) -> Result<(), Error> {
        let sender = js::get_some(targets, "sender")
            .map(JsCast::dyn_into::<RtcRtpSender>)
            .transpose()
            .map_err(|_| Error::option("sender", "an RTCRtpSender"))?;
        let element = js::get_some(targets, "audio")
            .map(JsCast::dyn_into::<HtmlAudioElement>)
            .transpose()
            .map_err(|_| Error::option("audio", "an <audio> element"))?;
        if self.ended.borrow().is_some() {
            return Ok(());
        }
        if let Some(sender) = sender {
            let (ours, raw) = (&self.speech.agent, &self.tracks.agent);
            let guard = SenderGuard::new(sender, Clone::clone(ours), Clone::clone(raw));
            self.senders.borrow_mut().push(guard);
        }
        if let Some(element) = element {
            let (ours, raw) = (&self.speech.customer, &self.tracks.customer);
            let guard = ElementGuard::new(element, ours, raw).map_err(js::refused)?;
            self.elements.borrow_mut().push(guard);
        }
        self.apply_guards();
        Ok(())
    }

    pub fn set_volume(&self, route: &str, value: f64) -> Result<(), Error> {
        self.volumes.borrow_mut().set("", route, value)?;
        self.apply_volumes();
        Ok(())
    }

    pub fn volume(&self, route: &str) -> Result<f32, Error> {
        self.volumes.borrow().get(route)
    }

    pub fn level(&self, speaker: Speaker) -> f32 {
        self.mixer
            .borrow()
            .as_ref()
            .map_or(-100.0, |mixer| mixer.level(speaker))
    }

    pub fn mute(&self, speaker: Speaker, muted: bool) {
        let mut from_frame = 0;
        if let Some(mixer) = self.mixer.borrow().as_ref() {
            mixer.mute(speaker, muted);
            from_frame = mixer.frame();
        }
        self.command(speaker, Command::Mute { muted, from_frame });
    }

    pub fn hold(&self, held: bool) {
        self.update(|status| status.held = held);
        self.apply_volumes();
        // The session holds both sides at once.
        self.command(Speaker::Agent, Command::Hold(held));
    }

    pub fn enable(&self, speaker: Speaker, enabled: bool) {
        self.speaker_options(speaker, |options| options.enabled = Some(enabled));
        self.apply_volumes();
        self.command(speaker, Command::Enable(enabled));
    }

    pub fn configure(&self, speaker: Speaker, changes: &JsValue) -> Result<(), Error> {
        let mut new = self.options.borrow().clone();
        let side = new.of_mut(speaker);
        let (changes, changed) = options::changed(speaker, side, changes)?;
        *side = changed;
        new.resolve(self.rate_hz)?;
        self.options.replace(new);
        self.apply_volumes();
        self.command(speaker, Command::Configure(changes));
        Ok(())
    }

    pub fn say(&self, speaker: Speaker, text: String, translate: bool) {
        self.command(speaker, Command::Say { text, translate });
    }

    pub fn send(&self, what: &str) -> Result<(), Error> {
        let what = match what {
            "mix" => Send::Mix,
            "microphone" => Send::Microphone,
            "silence" => Send::Silence,
            _ => {
                return Err(Error::option(
                    "send",
                    "\"mix\", \"microphone\" or \"silence\"",
                ));
            }
        };
        if let Some(mixer) = self.mixer.borrow().as_ref() {
            mixer.send(what);
        }
        Ok(())
    }

    fn command(&self, speaker: Speaker, command: Command) {
        let message = ToEngine::Command {
            call: self.id,
            speaker,
            command,
        };
        self.page.tell(message, &[]);
    }

    fn speaker_options(&self, speaker: Speaker, change: impl FnOnce(&mut SpeakerOptions)) {
        change(self.options.borrow_mut().of_mut(speaker));
    }
}
