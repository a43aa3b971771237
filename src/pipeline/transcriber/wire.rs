//! What goes over the socket and what comes.

use super::{CONNECT, Heard, RESUME_MINUTES, State, Transcriber};
use crate::aws::transcribe::{self, ServerMessage, StreamRequest};
use crate::config::SpeakerConfig;
use crate::event::Cause;
use crate::io::{Output, SocketId};
use crate::pipeline::context::Context;

impl Transcriber {
    pub(super) fn connect(&mut self, ctx: &mut Context<'_>, config: &SpeakerConfig) {
        let Some((credentials, unix)) = ctx.credentials() else {
            return;
        };
        let (session_id, _) = self.session.get_or_insert_with(|| (ctx.random().uuid(), 0));
        let request = StreamRequest {
            language_code: &config.codes.transcribe,
            stability: config.stability,
            options: &config.transcribe,
            session_id: Some(session_id),
            session_resume_window_min: Some(RESUME_MINUTES),
        };
        let endpoint = &ctx.shared.endpoints.transcribe;
        match transcribe::presigned_url(endpoint, &request, &credentials, unix) {
            Ok(url) => {
                let id = ctx.socket_id();
                if let Some(broken) = &mut self.broken {
                    broken.attempts += 1;
                }
                self.used = Some(credentials);
                self.state = State::Connecting {
                    id,
                    due: ctx.now + CONNECT,
                };
                ctx.output(Output::OpenSocket { id, url });
            }
            Err(error) => self.give_up(ctx, error),
        }
    }

    pub(super) fn message(&mut self, ctx: &mut Context<'_>, id: SocketId, audio: &[i16]) {
        if audio.is_empty() {
            return;
        }
        match transcribe::audio_message(audio) {
            Ok(bytes) => ctx.output(Output::SendMessage { id, bytes }),
            Err(error) => self.heard.push_back(Heard::Error(error)),
        }
    }

    pub(super) fn read(&mut self, ctx: &mut Context<'_>, bytes: &[u8]) {
        match transcribe::decode(bytes) {
            Ok(ServerMessage::Transcript(event)) => {
                self.is_alive(ctx.now);
                for result in &event.results {
                    self.prove();
                    self.course.see(result.end_time, ctx.now, self.sent);
                }
                self.heard.push_back(Heard::Results(event.results));
            }
            Ok(ServerMessage::Unknown) => {}
            Ok(ServerMessage::Exception(exception)) => {
                if let State::Streaming { id, .. } | State::Draining { id, .. } = self.state {
                    ctx.output(Output::CloseSocket { id });
                }
                if matches!(self.state, State::Draining { .. }) {
                    self.drained();
                } else {
                    self.broke(ctx, Cause::Exception, Some(exception.into()));
                }
            }
            // One message that cannot be read is no reason to lose the stream.
            Err(error) => self.heard.push_back(Heard::Error(error)),
        }
    }
}
