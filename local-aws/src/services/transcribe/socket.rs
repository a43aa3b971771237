//! One stream: its socket, its timers, its engine.

use super::{
    clock::StreamClock,
    query::Query,
    streams::{Handle, Record, unix_ms},
    transcript::{Settling, Transcript},
};
use crate::{
    app::App,
    audio::Resampler,
    control::{
        faults::{Fault, Kind, Named, Service},
        locked,
    },
    engines::{Heard, Recogniser},
    event_stream::Message as Event,
};
use axum::extract::ws::{CloseFrame, Message, WebSocket};
use serde_json::{Value, json};
use std::{collections::VecDeque, sync::Arc, time::Duration};
use tokio::time::{Instant, sleep_until};

/// The service gives up on a stream after this long without audio.
const IDLE: Duration = Duration::from_secs(15);

/// What the recogniser works at.
const ENGINE_HZ: u32 = 16_000;

/// Silence that follows the end, so that the last utterance is over for sure.
const TAIL_S: f32 = 1.0;

/// Why a stream ends.
enum End {
    /// A close with code 1000, once all is sent.
    Close(&'static str),
    /// An exception message, then a close.
    Exception(String, String),
    /// An error message that is no exception of the model, then a close.
    Error(String),
    /// No close at all.
    Drop(&'static str),
}

fn bad_request(why: &str) -> End {
    End::Exception("BadRequestException".into(), why.into())
}

/// Serves a stream to its end.
pub async fn run(app: Arc<App>, mut socket: WebSocket, query: Result<Query, String>) {
    let refused = match query {
        Ok(query) => match open(&app, &query) {
            Some(handle) => {
                Stream::new(&app, query, handle).run(&mut socket).await;
                return;
            }
            None => (
                "LimitExceededException",
                "You have reached your limit of concurrent streams.".to_owned(),
            ),
        },
        Err(why) => ("BadRequestException", why),
    };
    app.counters.request(Service::Transcribe, refused.0);
    let message = Message::Binary(exception(refused.0, &refused.1).into());
    let _ = socket.send(message).await;
    close(&mut socket).await;
}

fn open(app: &App, query: &Query) -> Option<Arc<Handle>> {
    let limit = locked(&app.settings).stream_limit;
    app.streams.open(limit, |id| Record {
        id,
        session_id: query.session_id.clone(),
        resume_window_min: query.resume_window_min,
        resumes: None,
        language: query.language.clone(),
        sample_rate: query.sample_rate,
        stability: query.stability.map(super::query::Stability::name),
        opened_at_ms: unix_ms(),
        first_audio_at_ms: None,
        last_audio_at_ms: None,
        audio_events: 0,
        samples_received: 0,
        samples_processed: 0,
        events_sent: 0,
        ended: None,
    })
}

/// Sends a close and waits for the client's, so that the close is not lost to
/// a reset by audio that is still under way.
async fn close(socket: &mut WebSocket) {
    let frame = CloseFrame {
        code: 1000,
        reason: "".into(),
    };
    if socket.send(Message::Close(Some(frame))).await.is_ok() {
        let drained = async { while let Some(Ok(_)) = socket.recv().await {} };
        let _ = tokio::time::timeout(IDLE, drained).await;
    }
}

/// Says why, and closes.
async fn part(app: &App, socket: &mut WebSocket, name: &str, message: Vec<u8>) {
    app.counters.request(Service::Transcribe, name);
    tokio::time::sleep(app.delays().rtt()).await;
    let _ = socket.send(Message::Binary(message.into())).await;
    close(socket).await;
}

struct Stream<'a> {
    app: &'a App,
    query: Query,
    handle: Arc<Handle>,
    opened: Instant,
    clock: StreamClock,
    transcript: Transcript,
    resampler: Resampler,
    recogniser: Box<dyn Recogniser>,
    /// Audio that is not worked on yet, and when it will be.
    backlog: VecDeque<(Duration, Vec<f32>)>,
    /// Messages under way to the client.
    outgoing: VecDeque<(Duration, Vec<u8>)>,
    idle_at: Duration,
    silent: bool,
    ended: bool,
    flushed: bool,
}

impl<'a> Stream<'a> {
    fn new(app: &'a App, query: Query, handle: Arc<Handle>) -> Self {
        let delays = app.delays();
        let seed = delays.seed.wrapping_add(handle.record().id);
        Self {
            app,
            clock: StreamClock::default(),
            transcript: Transcript::new(settling(app, &query), seed),
            resampler: Resampler::new(query.sample_rate, ENGINE_HZ),
            recogniser: app.engines.recogniser(&query.language),
            query,
            handle,
            opened: Instant::now(),
            backlog: VecDeque::new(),
            outgoing: VecDeque::new(),
            idle_at: IDLE,
            silent: false,
            ended: false,
            flushed: false,
        }
    }

    async fn run(mut self, socket: &mut WebSocket) {
        let end = self.serve(socket).await;
        let why = match &end {
            End::Close(why) | End::Drop(why) => (*why).to_owned(),
            End::Exception(name, _) | End::Error(name) => name.clone(),
        };
        self.handle.change(|record| record.ended = Some(why));
        match end {
            End::Drop(_) => {}
            End::Close(_) => close(socket).await,
            End::Exception(name, why) => {
                part(self.app, socket, &name, exception(&name, &why)).await
            }
            End::Error(code) => part(self.app, socket, &code, error_message(&code)).await,
        }
    }

    async fn serve(&mut self, socket: &mut WebSocket) -> End {
        let handle = Arc::clone(&self.handle);
        let mut faults = self.app.faults.watch();
        loop {
            if let Some(end) = self.work(socket).await {
                return end;
            }
            let wake = self.next_wake();
            tokio::select! {
                message = socket.recv() => match message {
                    Some(Ok(Message::Binary(bytes))) => {
                        if let Err(end) = self.receive(&bytes) {
                            return end;
                        }
                    }
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    Some(Ok(Message::Text(_))) => {
                        return bad_request("The data that you sent couldn't be parsed: not a binary message.");
                    }
                    Some(Ok(Message::Close(_))) => return End::Drop("client closed"),
                    Some(Err(_)) | None => return End::Drop("connection lost"),
                },
                () = sleep_until(self.opened + wake.unwrap_or_default()), if wake.is_some() => {}
                _ = faults.changed() => {}
                heard = self.recogniser.late(), if self.flushed && self.recogniser.is_waiting() => {
                    self.hear(heard);
                }
                // Who says nothing does not say this either.
                () = handle.replaced.notified(), if !self.silent => {
                    return End::Exception(
                        "ConflictException".into(),
                        "A new stream started with the same session ID. The current stream has been terminated.".into(),
                    );
                }
            }
        }
    }

    fn now(&self) -> Duration {
        self.opened.elapsed()
    }

    fn next_wake(&self) -> Option<Duration> {
        let idle = (!self.ended && !self.silent).then_some(self.idle_at);
        [
            self.backlog.front().map(|(due, _)| *due),
            self.outgoing.front().map(|(due, _)| *due),
            self.transcript.poll_timeout(),
            idle,
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Does everything that is due.
    async fn work(&mut self, socket: &mut WebSocket) -> Option<End> {
        if let Some(end) = self.fault() {
            return Some(end);
        }
        let now = self.now();
        while let Some((_, samples)) = self.backlog.pop_front_if(|(due, _)| *due <= now) {
            let count = samples.len() as u64;
            self.recognise(&samples);
            self.handle
                .change(|record| record.samples_processed += count);
        }
        if self.ended && !self.flushed && self.backlog.is_empty() {
            self.flushed = true;
            let tail = vec![0.0; (self.query.sample_rate as f32 * TAIL_S) as usize];
            for piece in tail.chunks(self.query.sample_rate as usize / 20) {
                self.recognise(piece);
            }
        }
        let now = self.now();
        let finals = self.transcript.finals();
        for event in self.transcript.poll(now) {
            let due = now + self.app.delays().rtt();
            self.outgoing.push_back((due, transcript_event(&event)));
        }
        let finals = self.transcript.finals() - finals;
        if !self.silent {
            self.app.counters.change(|counts| counts.finals += finals);
        }
        if let Some(end) = self.send(socket).await {
            return Some(end);
        }
        if self.silent {
            return None;
        }
        let said = self.outgoing.is_empty() && self.transcript.poll_timeout().is_none();
        if self.flushed && said && !self.recogniser.is_waiting() {
            return Some(End::Close("finished"));
        }
        (!self.ended && self.now() >= self.idle_at).then(|| {
            bad_request("Your request timed out because no new audio was received for 15 seconds.")
        })
    }

    /// Sends what has travelled long enough.
    async fn send(&mut self, socket: &mut WebSocket) -> Option<End> {
        while let Some((_, bytes)) = self
            .outgoing
            .pop_front_if(|(due, _)| *due <= self.opened.elapsed())
        {
            if self.silent {
                continue;
            }
            if socket.send(Message::Binary(bytes.into())).await.is_err() {
                return Some(End::Drop("connection lost"));
            }
            self.handle.change(|record| record.events_sent += 1);
        }
        None
    }

    fn recognise(&mut self, samples: &[f32]) {
        self.transcript.settle(settling(self.app, &self.query));
        let heard = self.recogniser.push(&self.resampler.push(samples));
        self.hear(heard);
    }

    fn hear(&mut self, heard: Vec<Heard>) {
        for heard in heard {
            if matches!(heard, Heard::NotRecognised { .. }) {
                self.app
                    .counters
                    .change(|counts| counts.not_recognised += 1);
            }
            let now = self.opened.elapsed();
            self.transcript.hear(now, heard, &self.clock);
        }
    }

    /// Takes a message from the client.
    fn receive(&mut self, bytes: &[u8]) -> Result<(), End> {
        if bytes.is_empty() {
            self.ended = true;
            return Ok(());
        }
        let parse = |why: &str| {
            bad_request(&format!(
                "The data that you sent couldn't be parsed: {why}."
            ))
        };
        let event = Event::decode(bytes).map_err(parse)?;
        if event.header(":message-type") != Some("event") {
            return Err(parse(":message-type is not event"));
        }
        if event.header(":event-type") != Some("AudioEvent") {
            return Err(parse(":event-type is not AudioEvent"));
        }
        if event
            .header(":content-type")
            .is_some_and(|kind| kind != "application/octet-stream")
        {
            return Err(parse(":content-type is not application/octet-stream"));
        }
        if event.payload.is_empty() {
            self.ended = true;
            return Ok(());
        }
        if self.ended {
            return Err(parse("audio after the end of the stream"));
        }
        let (pairs, rest) = event.payload.as_chunks::<2>();
        if !rest.is_empty() {
            return Err(parse("half a sample of pcm"));
        }
        if pairs.len() > self.query.sample_rate as usize {
            return Err(bad_request(
                "The audio of an AudioEvent must not be longer than one second.",
            ));
        }
        let samples: Vec<f32> = pairs
            .iter()
            .map(|pair| f32::from(i16::from_le_bytes(*pair)) / 32768.0)
            .collect();
        let now = self.now();
        let seconds = samples.len() as f64 / f64::from(self.query.sample_rate);
        self.idle_at = now + IDLE;
        self.handle.change(|record| {
            let at = unix_ms();
            record.first_audio_at_ms.get_or_insert(at);
            record.last_audio_at_ms = Some(at);
            record.audio_events += 1;
            record.samples_received += samples.len() as u64;
        });
        let done = self.clock.arrived(now, seconds);
        self.backlog.push_back((done, samples));
        Ok(())
    }

    /// Takes a fault that strikes this stream now.
    fn fault(&mut self) -> Option<End> {
        let record = self.handle.record();
        if record.samples_received == 0 {
            return None;
        }
        let audio_ms = record.samples_received * 1000 / u64::from(record.sample_rate);
        let strikes = |fault: &Fault| {
            fault.service == Service::Transcribe
                && fault.is_of_a_stream()
                && fault.after_ms <= audio_ms
                && fault.is_of_language(Some(&record.language))
                && fault
                    .when
                    .is_none_or(|when| Some(when) == self.recogniser.moment())
        };
        match self.app.faults.take(strikes)?.kind {
            Kind::Close => Some(End::Close("closed on demand")),
            Kind::Kill => Some(End::Drop("killed on demand")),
            Kind::Message(Named::Exception(name)) => {
                Some(End::Exception(name, "Raised on demand.".into()))
            }
            Kind::Message(Named::Error(code)) => Some(End::Error(code)),
            _ => {
                self.silent = true;
                None
            }
        }
    }
}

fn settling(app: &App, query: &Query) -> Settling {
    let delays = app.delays();
    Settling {
        partial: Duration::from_millis(delays.partial_ms),
        stable: query
            .stability
            .map(|level| level.delay(Duration::from_millis(delays.stable_ms))),
        final_: Duration::from_millis(delays.final_ms),
    }
}

fn headers(kind: &str, name_of: &str, name: &str) -> Vec<(String, String)> {
    [
        (name_of, name),
        (":content-type", "application/json"),
        (":message-type", kind),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

fn transcript_event(event: &Value) -> Vec<u8> {
    Event {
        headers: headers("event", ":event-type", "TranscriptEvent"),
        payload: event.to_string().into_bytes(),
    }
    .encode()
}

fn exception(name: &str, why: &str) -> Vec<u8> {
    Event {
        headers: headers("exception", ":exception-type", name),
        payload: json!({"Message": why}).to_string().into_bytes(),
    }
    .encode()
}

fn error_message(code: &str) -> Vec<u8> {
    let headers = [
        (":message-type", "error"),
        (":error-code", code),
        (":error-message", "Raised on demand."),
    ];
    Event {
        headers: headers
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        payload: Vec::new(),
    }
    .encode()
}
