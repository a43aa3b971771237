//! The worker's side: the sessions of the page, and the page's messages to them.

use crate::few::Few;
use crate::web::driver::Driver;
use crate::web::js;
use crate::web::protocol::{CallId, FromEngine, START_PORTS, ToEngine};
use gloo_events::EventListener;
use js_sys::{Array, global};
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent, MessagePort};

/// The engine of a page.
pub struct Engine {
    _messages: EventListener,
}

impl Engine {
    /// Listens to the page and tells it so.
    pub fn start() -> Self {
        let page = Page(global().unchecked_into());
        let calls = Calls::default();
        let messages = EventListener::new(&page.0, "message", {
            let page = page.clone();
            move |event| {
                let data = event.unchecked_ref::<MessageEvent>().data();
                let parts: Array = data.unchecked_into();
                if let Some(message) = ToEngine::decode(&parts) {
                    handle(&page, &calls, message, &parts);
                }
            }
        });
        page.tell(FromEngine::Ready);
        Self {
            _messages: messages,
        }
    }
}

/// The sessions of a page: the only `Rc` of each.
pub type Calls = Rc<RefCell<Few<CallId, Rc<Driver>>>>;

/// The way to the page.
#[derive(Clone)]
pub struct Page(DedicatedWorkerGlobalScope);

impl Page {
    pub fn tell(&self, message: FromEngine) {
        // Plain values can always be cloned.
        let _ = self.0.post_message(&message.encode());
    }
}

fn handle(page: &Page, calls: &Calls, message: ToEngine, parts: &Array) {
    let find = |call| calls.borrow().get(call).cloned();
    match message {
        ToEngine::Start { call, start } => {
            let port = |index| parts.get(START_PORTS + index).unchecked_into();
            let ports: Vec<MessagePort> = (0..4).map(port).collect();
            let result = Driver::start(call, page.clone(), calls, &start, &ports);
            let result = result.map_err(js::thrown);
            page.tell(FromEngine::Started { call, result });
        }
        ToEngine::Command {
            call,
            speaker,
            command,
        } => {
            if let Some(driver) = find(call) {
                driver.command(speaker, command);
            }
        }
        ToEngine::Credentials { call, result } => {
            if let Some(driver) = find(call) {
                driver.credentials(result);
            }
        }
        ToEngine::Announce { call } => {
            if let Some(driver) = find(call) {
                driver.announce();
            }
        }
        ToEngine::Stop { call } => match find(call) {
            Some(driver) => driver.stop(),
            None => page.tell(FromEngine::Stopped { call }),
        },
    }
}
