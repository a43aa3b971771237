//! A WebSocket that closes itself and tells no more once it is dropped.

use crate::aws::sign::PresignedUrl;
use crate::session::SocketInput;
use gloo_events::EventListener;
use js_sys::{ArrayBuffer, Uint8Array};
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::{BinaryType, CloseEvent, MessageEvent, WebSocket};

/// A socket of the session.
pub struct Socket {
    socket: WebSocket,
    _listeners: [EventListener; 3],
}

impl Socket {
    /// Opens it. `None` if the URL is not one that the browser opens.
    pub fn open(url: &PresignedUrl, news: impl Fn(SocketInput<'_>) + 'static) -> Option<Self> {
        let socket = WebSocket::new(url.expose()).ok()?;
        socket.set_binary_type(BinaryType::Arraybuffer);
        let news = Rc::new(news);
        let opened = EventListener::new(&socket, "open", {
            let news = Rc::clone(&news);
            move |_| news(SocketInput::Opened)
        });
        let message = EventListener::new(&socket, "message", {
            let news = Rc::clone(&news);
            move |event| {
                let data = event.unchecked_ref::<MessageEvent>().data();
                // The service sends no text; if it does, the decoder refuses it.
                let bytes = match data.dyn_ref::<ArrayBuffer>() {
                    Some(buffer) => Uint8Array::new(buffer).to_vec(),
                    None => data.as_string().unwrap_or_default().into_bytes(),
                };
                news(SocketInput::Message(&bytes));
            }
        });
        // An `error` event is always followed by this one.
        let closed = EventListener::new(&socket, "close", move |event| {
            let event = event.unchecked_ref::<CloseEvent>();
            news(SocketInput::Closed {
                code: event.code(),
                clean: event.was_clean(),
            });
        });
        Some(Self {
            socket,
            _listeners: [opened, message, closed],
        })
    }

    /// Sends a message. On a socket that is closing it is lost; the close
    /// event that follows tells the session.
    pub fn send(&self, bytes: &[u8]) {
        if self.socket.ready_state() == WebSocket::OPEN {
            let _ = self.socket.send_with_u8_array(bytes);
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        let _ = self.socket.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::js::Deferred;
    use std::cell::Cell;
    use wasm_bindgen_futures::JsFuture;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test]
    fn a_url_that_is_none_opens_nothing() {
        let url = PresignedUrl::new("nonsense:".to_owned());
        assert!(Socket::open(&url, |_| ()).is_none());
    }

    #[wasm_bindgen_test]
    async fn a_refused_connection_is_a_close_that_is_not_clean() {
        let over = Deferred::new();
        let seen = Rc::new(Cell::new(None));
        // Port 9 is one that browsers do not speak to.
        let socket = Socket::open(&PresignedUrl::new("ws://127.0.0.1:9/".to_owned()), {
            let (seen, over) = (Rc::clone(&seen), over.clone());
            move |news| {
                if let SocketInput::Closed { code, clean } = news {
                    seen.set(Some((code, clean)));
                    over.resolve();
                }
            }
        });
        assert!(socket.is_some());
        let _ = JsFuture::from(over.promise()).await;
        assert_eq!(seen.get(), Some((1006, false)));
    }
}
