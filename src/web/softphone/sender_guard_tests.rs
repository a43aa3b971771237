//! The guard on a real sender. Sessions that follow it are the page tests'.

use super::*;
use gloo_timers::callback::Timeout;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::AudioContext;

#[wasm_bindgen]
extern "C" {
    type RTCPeerConnection;
    #[wasm_bindgen(constructor)]
    fn new() -> RTCPeerConnection;
    #[wasm_bindgen(method, js_name = addTrack)]
    fn add_track(this: &RTCPeerConnection, track: &MediaStreamTrack) -> RtcRtpSender;
    #[wasm_bindgen(method)]
    fn close(this: &RTCPeerConnection);
}

/// A call's sender with a microphone on it, and tracks to put there.
struct Line {
    connection: RTCPeerConnection,
    sender: RtcRtpSender,
    microphone: MediaStreamTrack,
    context: AudioContext,
}

impl Line {
    fn new() -> Self {
        let context = AudioContext::new().unwrap();
        let microphone = track(&context);
        let connection = RTCPeerConnection::new();
        let sender = connection.add_track(&microphone);
        Self {
            connection,
            sender,
            microphone,
            context,
        }
    }

    fn track(&self) -> MediaStreamTrack {
        track(&self.context)
    }

    /// What a softphone does.
    async fn replace(&self, track: &MediaStreamTrack) -> Result<JsValue, JsValue> {
        JsFuture::from(self.sender.replace_track(Some(track))).await
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.connection.close();
        js::ignore(self.context.close().unwrap());
    }
}

fn track(context: &AudioContext) -> MediaStreamTrack {
    let output = context.create_media_stream_destination().unwrap();
    output.stream().get_audio_tracks().get(0).unchecked_into()
}

/// Waits until the guard has done what it was told.
async fn settled(guard: &SenderGuard) {
    while let Some(busy) = guard.settled() {
        JsFuture::from(busy).await.unwrap();
    }
}

/// Lets the browser do something else.
async fn moment() {
    let over = Deferred::new();
    let promise = over.promise();
    let _timeout = Timeout::new(5, move || over.resolve());
    JsFuture::from(promise).await.unwrap();
}

#[wasm_bindgen_test]
async fn without_a_mix_everything_passes_through() {
    let line = Line::new();
    let guard = SenderGuard::new(Clone::clone(&line.sender));
    let other = line.track();
    let replacing = line.sender.replace_track(Some(&other));
    // Known before it stands there.
    assert_eq!(guard.microphone(), Some(Clone::clone(&other)));
    JsFuture::from(replacing).await.unwrap();
    assert_eq!(line.sender.track(), Some(Clone::clone(&other)));
    assert_eq!(guard.microphone(), Some(other));
}

#[wasm_bindgen_test]
async fn a_mix_stays_whatever_comes_and_the_last_that_came_is_there_afterwards() {
    let line = Line::new();
    let guard = SenderGuard::new(Clone::clone(&line.sender));
    let mix = line.track();
    guard.stand(Some(Clone::clone(&mix)));
    settled(&guard).await;
    assert_eq!(guard.microphone(), Some(Clone::clone(&line.microphone)));
    let mut last = Clone::clone(&line.microphone);
    for _ in 0..5 {
        last = line.track();
        line.replace(&last).await.unwrap();
        assert_eq!(guard.on_the_wire(), Some(Clone::clone(&mix)));
        assert_eq!(guard.microphone(), Some(Clone::clone(&last)));
    }
    guard.stand(None);
    settled(&guard).await;
    assert_eq!(line.sender.track(), Some(last));
}

#[wasm_bindgen_test]
async fn what_is_on_its_way_when_the_mix_comes_is_the_microphone() {
    let line = Line::new();
    let guard = SenderGuard::new(Clone::clone(&line.sender));
    let (other, mix) = (line.track(), line.track());
    let replacing = line.sender.replace_track(Some(&other));
    guard.stand(Some(Clone::clone(&mix)));
    JsFuture::from(replacing).await.unwrap();
    settled(&guard).await;
    assert_eq!(guard.on_the_wire(), Some(mix));
    guard.stand(None);
    settled(&guard).await;
    assert_eq!(guard.on_the_wire(), Some(other));
}

#[wasm_bindgen_test]
async fn wishes_in_a_row_end_with_the_last() {
    let line = Line::new();
    let guard = SenderGuard::new(Clone::clone(&line.sender));
    let (one, two) = (line.track(), line.track());
    for mix in [Some(&one), None, Some(&two), Some(&one), None, Some(&two)] {
        guard.stand(mix.cloned());
    }
    settled(&guard).await;
    assert_eq!(guard.on_the_wire(), Some(two));
}

#[wasm_bindgen_test]
async fn who_goes_past_the_guard_is_found_out() {
    let line = Line::new();
    let guard = SenderGuard::new(Clone::clone(&line.sender));
    let (mix, other) = (line.track(), line.track());
    guard.stand(Some(Clone::clone(&mix)));
    settled(&guard).await;
    let native = guard.native.call1(&line.sender, &other).unwrap();
    JsFuture::from(native.unchecked_into::<Promise>())
        .await
        .unwrap();
    assert_eq!(guard.on_the_wire(), Some(Clone::clone(&other)));
    while guard.on_the_wire().as_ref() != Some(&mix) {
        moment().await;
    }
    assert_eq!(guard.microphone(), Some(other));
}

#[wasm_bindgen_test]
async fn who_reads_the_sender_finds_what_they_put_there() {
    let line = Line::new();
    let guard = SenderGuard::new(Clone::clone(&line.sender));
    guard.stand(Some(line.track()));
    settled(&guard).await;
    assert_eq!(line.sender.track(), Some(Clone::clone(&line.microphone)));
    // Who switches "their" track off does not switch off the mix.
    line.sender.track().unwrap().set_enabled(false);
    assert!(guard.on_the_wire().unwrap().enabled());
    let other = line.track();
    line.replace(&other).await.unwrap();
    assert_eq!(line.sender.track(), Some(Clone::clone(&other)));
    guard.stand(None);
    settled(&guard).await;
    assert_eq!(line.sender.track(), Some(other));
    assert!(!line.microphone.enabled());
}

#[wasm_bindgen_test]
async fn what_is_no_audio_is_refused_by_the_browser_itself() {
    let line = Line::new();
    let guard = SenderGuard::new(Clone::clone(&line.sender));
    let mix = line.track();
    guard.stand(Some(Clone::clone(&mix)));
    settled(&guard).await;
    let wrong = guard.replace(JsValue::from_str("no track"));
    assert!(JsFuture::from(wrong).await.is_err());
    assert_eq!(guard.on_the_wire(), Some(mix));
    assert_eq!(guard.microphone(), Some(Clone::clone(&line.microphone)));
    // And nothing is a wish like any other.
    JsFuture::from(line.sender.replace_track(None))
        .await
        .unwrap();
    assert_eq!(guard.microphone(), None);
}

#[wasm_bindgen_test]
async fn a_closed_connection_ends_the_waiting() {
    let line = Line::new();
    let guard = SenderGuard::new(Clone::clone(&line.sender));
    guard.stand(Some(line.track()));
    settled(&guard).await;
    line.connection.close();
    guard.stand(None);
    settled(&guard).await;
    assert!(guard.settled().is_none());
}

#[wasm_bindgen_test]
fn the_sender_gets_its_method_back() {
    let line = Line::new();
    let own = || {
        Reflect::own_keys(&line.sender)
            .unwrap()
            .includes(&NAME.into(), 0)
    };
    let guard = SenderGuard::new(Clone::clone(&line.sender));
    assert!(own());
    drop(guard);
    assert!(!own());
}
