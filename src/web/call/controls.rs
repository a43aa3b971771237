//! What a host does to a running session.

use super::Call;
use crate::error::Error;
use crate::speaker::Speaker;
use crate::web::guard::{ElementGuard, FlowGuard, SenderGuard};
use crate::web::mixer::Send;
use crate::web::protocol::{Command, Moment};
use crate::web::routes::Volumes;
use crate::web::{file_source, js, options};
use js_sys::{JSON, Object, Promise, Reflect};
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;
use web_sys::{HtmlAudioElement, MediaStreamTrack, RtcRtpSender};

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
        let tracks = self.tracks.borrow().clone();
        if let Some(sender) = sender {
            let ours = Clone::clone(&self.speech.agent);
            self.guard(Rc::new(SenderGuard::new(sender, ours, tracks.agent)));
        }
        if let Some(element) = element {
            let (ours, raw) = (&self.speech.customer, tracks.customer.as_ref());
            let guard = ElementGuard::new(element, ours, raw).map_err(js::refused)?;
            self.guard(Rc::new(guard));
        }
        Ok(())
    }

    /// From now on the guard is told whether audio flows; at the end it
    /// restores. After the end nothing is done.
    pub fn guard(&self, guard: Rc<dyn FlowGuard>) {
        if !self.is_over() {
            guard.set(self.flows());
            self.guards.borrow_mut().push(guard);
        }
    }

    /// The guard is told nothing more, not even to restore.
    pub fn unguard(&self, guard: &Rc<dyn FlowGuard>) {
        let other = |known: &Rc<dyn FlowGuard>| !Rc::ptr_eq(known, guard);
        self.guards.borrow_mut().retain(other);
    }

    /// Another track in place of a speaker's, or silence. The track stays the
    /// host's.
    pub fn replace_track(
        &self,
        speaker: Speaker,
        track: Option<MediaStreamTrack>,
    ) -> Result<(), Error> {
        options::live(speaker, "track", track.as_ref())?;
        if self.is_over() || self.tracks.borrow()[speaker] == track {
            return Ok(());
        }
        if let Some(mixer) = self.mixer.borrow().as_ref() {
            mixer
                .replace(speaker, track.as_ref())
                .map_err(js::refused)?;
        }
        self.tracks.borrow_mut()[speaker].clone_from(&track);
        self.listen_to_track(speaker);
        for guard in self.guards.borrow().clone() {
            guard.replaced(speaker, track.as_ref());
        }
        Ok(())
    }

    /// The volumes that were set.
    pub fn volumes(&self) -> Volumes {
        self.volumes.borrow().clone()
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
        if self.status.get().muted[speaker] == muted {
            return;
        }
        self.update(|status| status.muted[speaker] = muted);
        if let Some(mixer) = self.mixer.borrow().as_ref() {
            mixer.mute(speaker, muted);
        }
        self.apply_volumes();
        let finish = self.options.borrow_mut().of_mut(speaker).on_mute == Some(true);
        let moment = self.moment(&[speaker], muted && !finish);
        self.command(speaker, Command::Mute { muted, moment });
    }

    pub fn hold(&self, held: bool) {
        if self.status.get().held == held {
            return;
        }
        self.update(|status| status.held = held);
        self.apply_volumes();
        let moment = self.moment(&Speaker::BOTH, held);
        // The session holds both sides at once.
        self.command(Speaker::Agent, Command::Hold { held, moment });
    }

    /// The frame of now. If what is being spoken is to stop, the players do so
    /// at once, whatever keeps the engine busy, and play nothing until it
    /// knows.
    pub(super) fn moment(&self, speakers: &[Speaker], stops: bool) -> Moment {
        let mut moment = Moment { frame: 0, stop: 0 };
        if let Some(mixer) = self.mixer.borrow().as_ref() {
            moment.frame = mixer.frame();
            if stops {
                moment.stop = self.status.get().stops + 1;
                self.update(|status| status.stops = moment.stop);
                for speaker in speakers {
                    mixer.stop_player(*speaker, moment.stop);
                }
            }
        }
        moment
    }

    pub fn enable(&self, speaker: Speaker, enabled: bool) {
        self.options.borrow_mut().of_mut(speaker).enabled = Some(enabled);
        let settings = js::get(&self.settings, speaker.name());
        // Only fails on frozen objects, and this one is ours.
        let _ = Reflect::set(&settings, &"enabled".into(), &enabled.into());
        self.command(speaker, Command::Enable(enabled));
    }

    pub fn configure(&self, speaker: Speaker, changes: &JsValue) -> Result<(), Error> {
        self.reconfigure(&[(speaker, changes)])
    }

    /// Changes both sides at once: a language and the voice that has to speak
    /// it, say. A side whose changes are `undefined` stays.
    pub fn configure_both(&self, agent: &JsValue, customer: &JsValue) -> Result<(), Error> {
        let both = [(Speaker::Agent, agent), (Speaker::Customer, customer)];
        let given: Vec<_> = both
            .into_iter()
            .filter(|(_, c)| !c.is_undefined())
            .collect();
        self.reconfigure(&given)
    }

    fn reconfigure(&self, changes: &[(Speaker, &JsValue)]) -> Result<(), Error> {
        let mut new = self.options.borrow().clone();
        let mut commands = Vec::new();
        for (speaker, changes) in changes {
            let side = new.of_mut(*speaker);
            let (json, changed) = options::changed(*speaker, side, changes)?;
            *side = changed;
            commands.push((*speaker, json));
        }
        new.resolve(self.rate_hz)?;
        self.options.replace(new);
        for (speaker, json) in commands {
            // It was made of plain values.
            let changes = JSON::parse(&json).unwrap_or_default();
            let settings = js::get(&self.settings, speaker.name());
            let changes = changes.unchecked_ref::<Object>();
            Object::assign(settings.unchecked_ref::<Object>(), changes);
            self.command(speaker, Command::Configure(json));
        }
        Ok(())
    }

    pub fn say(&self, speaker: Speaker, text: String, translate: bool) {
        self.command(speaker, Command::Say { text, translate });
    }

    /// What goes to the customer; `{ clip, loop? }` go with a clip. The promise
    /// waits until it does, or until something else is to.
    pub fn send(&self, what: &str, options: &JsValue) -> Promise {
        let sent = match what {
            "mix" => self.send_now(&Send::Mix),
            "microphone" => self.send_now(&Send::Microphone),
            "silence" => self.send_now(&Send::Silence),
            "clip" => match self.send_clip(options) {
                Ok(playing) => return playing,
                Err(error) => Err(error),
            },
            _ => {
                let expected = "\"mix\", \"microphone\", \"clip\" or \"silence\"";
                Err(Error::option("send", expected))
            }
        };
        match sent {
            Ok(()) => Promise::resolve(&JsValue::UNDEFINED),
            Err(error) => Promise::reject(&js::thrown(error)),
        }
    }

    fn send_now(&self, what: &Send) -> Result<(), Error> {
        self.update(|status| status.sends += 1);
        let mixer = self.mixer.borrow();
        mixer
            .as_ref()
            .map_or(Ok(()), |mixer| mixer.send(what).map_err(js::refused))
    }

    fn send_clip(&self, options: &JsValue) -> Result<Promise, Error> {
        let clip = js::get_some(options, "clip");
        let clip = clip.ok_or_else(|| Error::option("send.clip", "a Blob, a URL or a string"))?;
        let looped = js::get_some(options, "loop").unwrap_or(JsValue::FALSE);
        let looped = looped.as_bool();
        let looped = looped.ok_or_else(|| Error::option("send.loop", "a boolean"))?;
        self.update(|status| status.sends += 1);
        let sends = self.status.get().sends;
        let call = self.me.upgrade();
        Ok(future_to_promise(async move {
            if let Some(call) = call {
                let buffer = file_source::decode(&call.context, &clip, "send.clip").await;
                let buffer = buffer.map_err(js::thrown)?;
                // The last wish counts.
                if call.status.get().sends == sends {
                    let clip = Send::Clip { buffer, looped };
                    call.send_now(&clip).map_err(js::thrown)?;
                }
            }
            Ok(JsValue::UNDEFINED)
        }))
    }
}
