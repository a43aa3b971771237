//! A MessagePort that closes itself.

use gloo_events::EventListener;
use wasm_bindgen::prelude::*;
use web_sys::{MessageEvent, MessagePort};

/// One end of a channel to an audio worklet.
pub struct Port {
    port: MessagePort,
    _messages: EventListener,
}

impl Port {
    /// Takes the port and hands the data of each message on.
    pub fn new(port: MessagePort, mut receive: impl FnMut(JsValue) + 'static) -> Self {
        let messages = EventListener::new(&port, "message", move |event| {
            receive(event.unchecked_ref::<MessageEvent>().data());
        });
        // Ports whose listener is not set through `onmessage` wait for this.
        port.start();
        Self {
            port,
            _messages: messages,
        }
    }

    /// Sends a plain value.
    pub fn post(&self, message: &JsValue) {
        // Fails only on values that cannot be cloned, and these are plain.
        let _ = self.port.post_message(message);
    }

    /// Sends a value and gives its buffers away.
    pub fn post_and_give(&self, message: &JsValue, transfer: &JsValue) {
        let _ = self.port.post_message_with_transferable(message, transfer);
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        self.port.close();
    }
}
