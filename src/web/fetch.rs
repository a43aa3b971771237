//! HTTP through the browser's `fetch`, in the page and in the worker, with the
//! body as it comes.

use crate::aws::http::{HttpRequest, ResponseHead};
use crate::session::ResponseInput;
use js_sys::{Array, Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    AbortController, Headers, ReadableStreamDefaultReader, RequestCredentials, RequestInit,
    RequestMode, Response,
};

#[wasm_bindgen]
extern "C" {
    // The global function: there is no `window` in a worker.
    #[wasm_bindgen(js_name = fetch)]
    fn global_fetch(url: &str, options: &RequestInit) -> Promise;
}

/// A request on its way. Dropping it aborts it.
pub struct Request {
    controller: AbortController,
}

impl Request {
    /// Sends it. `news` may be told of the end of an aborted request.
    pub fn send(request: HttpRequest, news: impl Fn(ResponseInput<'_>) + 'static) -> Option<Self> {
        let controller = AbortController::new().ok()?;
        let options = options(&request)?;
        options.set_signal(Some(&controller.signal()));
        spawn_local(async move {
            match stream(&request.url, &options, &news).await {
                Ok(()) => news(ResponseInput::End),
                // Why is not told to scripts: no connection, CORS, a broken body.
                Err(_) => news(ResponseInput::Failed),
            }
        });
        Some(Self { controller })
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        self.controller.abort();
    }
}

/// Sends a request and waits for the whole answer; `None` if there is none.
pub async fn fetch_all(request: HttpRequest) -> Option<(ResponseHead, Vec<u8>)> {
    let response = answer(&request.url, &options(&request)?).await.ok()?;
    let body = bytes(&response).await?;
    Some((head(&response), Uint8Array::new(&body).to_vec()))
}

/// The bytes at a URL; `None` if there are none.
pub async fn download(url: &str) -> Option<js_sys::ArrayBuffer> {
    let response = answer(url, &RequestInit::new()).await.ok()?;
    if !response.ok() {
        return None;
    }
    bytes(&response).await
}

async fn bytes(response: &Response) -> Option<js_sys::ArrayBuffer> {
    let body = JsFuture::from(response.array_buffer().ok()?).await.ok()?;
    body.dyn_into().ok()
}

fn options(request: &HttpRequest) -> Option<RequestInit> {
    let headers = Headers::new().ok()?;
    for (name, value) in &request.headers {
        headers.set(name, value).ok()?;
    }
    let options = RequestInit::new();
    options.set_method(request.method);
    options.set_headers(&headers);
    // The signature is the credential; the page's cookies are none of theirs.
    options.set_credentials(RequestCredentials::Omit);
    if !request.body.is_empty() {
        options.set_body(&Uint8Array::from(request.body.as_slice()));
    }
    Some(options)
}

/// Opens a connection that the requests to come find open. Whatever is answered
/// is of no interest, nor whether the page may see it.
pub fn connect(host: &str) {
    let options = RequestInit::new();
    options.set_credentials(RequestCredentials::Omit);
    options.set_mode(RequestMode::NoCors);
    super::js::ignore(global_fetch(host, &options));
}

async fn answer(url: &str, options: &RequestInit) -> Result<Response, JsValue> {
    JsFuture::from(global_fetch(url, options)).await?.dyn_into()
}

async fn stream(
    url: &str,
    options: &RequestInit,
    news: &impl Fn(ResponseInput<'_>),
) -> Result<(), JsValue> {
    let response = answer(url, options).await?;
    news(ResponseInput::Head(head(&response)));
    let Some(body) = response.body() else {
        return Ok(());
    };
    let reader: ReadableStreamDefaultReader = body.get_reader().unchecked_into();
    loop {
        let piece = JsFuture::from(reader.read()).await?;
        if super::js::get(&piece, "done").is_truthy() {
            return Ok(());
        }
        let bytes: Uint8Array = super::js::get(&piece, "value").dyn_into()?;
        news(ResponseInput::Chunk(&bytes.to_vec()));
    }
}

fn head(response: &Response) -> ResponseHead {
    let entries = js_sys::try_iter(&response.headers()).ok().flatten();
    let headers = entries
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let entry: Array = entry.ok()?.dyn_into().ok()?;
            Some((entry.get(0).as_string()?, entry.get(1).as_string()?))
        })
        .collect();
    ResponseHead {
        status: response.status(),
        headers,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::js::Deferred;
    use std::cell::RefCell;
    use std::rc::Rc;
    use wasm_bindgen_test::wasm_bindgen_test;

    fn request(url: &str) -> HttpRequest {
        HttpRequest {
            method: "GET",
            url: url.to_owned(),
            headers: vec![("accept".to_owned(), "*/*".to_owned())],
            body: Vec::new(),
        }
    }

    /// What a request tells, in words, to its end.
    async fn told(url: &str) -> Vec<String> {
        let (seen, over) = (Rc::new(RefCell::new(Vec::new())), Deferred::new());
        let request = Request::send(request(url), {
            let (seen, over) = (Rc::clone(&seen), over.clone());
            move |news| {
                let (word, last) = match news {
                    ResponseInput::Head(head) => (format!("head {}", head.status), false),
                    ResponseInput::Chunk(bytes) => {
                        (String::from_utf8_lossy(bytes).into_owned(), false)
                    }
                    ResponseInput::End => ("end".to_owned(), true),
                    ResponseInput::Failed => ("failed".to_owned(), true),
                };
                seen.borrow_mut().push(word);
                if last {
                    over.resolve();
                }
            }
        });
        assert!(request.is_some());
        let _ = JsFuture::from(over.promise()).await;
        seen.take()
    }

    #[wasm_bindgen_test]
    async fn an_answer_comes_in_pieces_and_ends() {
        assert_eq!(
            told("data:text/plain,hola").await,
            ["head 200", "hola", "end"]
        );
    }

    #[wasm_bindgen_test]
    async fn no_answer_is_a_failure() {
        // Port 9 is one that browsers do not speak to.
        assert_eq!(told("http://127.0.0.1:9/").await, ["failed"]);
    }

    #[wasm_bindgen_test]
    async fn a_dropped_request_is_aborted() {
        let over = Deferred::new();
        let seen = Rc::new(RefCell::new(Vec::new()));
        let request = Request::send(request("data:text/plain,hola"), {
            let (seen, over) = (Rc::clone(&seen), over.clone());
            move |news| {
                seen.borrow_mut()
                    .push(matches!(news, ResponseInput::Failed));
                over.resolve();
            }
        });
        drop(request);
        let _ = JsFuture::from(over.promise()).await;
        assert_eq!(*seen.borrow(), [true]);
    }
}
