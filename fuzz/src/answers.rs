//! Every answer that comes over HTTP: Translate, Polly, Cognito, and how they
//! refuse.

use connect_interpreter::aws::http::ResponseHead;
use connect_interpreter::aws::{cognito, exception, polly, translate};
use connect_interpreter::error::{Error, Stage};

const STATUSES: [u16; 8] = [200, 400, 403, 404, 413, 429, 500, 503];
const HEADERS: [&str; 5] = [
    "content-type",
    "x-amzn-errortype",
    "date",
    polly::ENGINE_HEADER,
    "retry-after",
];

/// Two bytes say which answer, its status and which header it has; the header
/// ends with a line feed, and the rest is the body.
pub fn run(data: &[u8]) {
    let [kind, which, rest @ ..] = data else {
        return;
    };
    let cut = rest.iter().position(|byte| *byte == b'\n');
    let (value, body) = match cut {
        Some(at) => (&rest[..at], &rest[at + 1..]),
        None => (&rest[..0], rest),
    };
    let name = HEADERS[usize::from(*which / 8) % HEADERS.len()];
    let head = ResponseHead {
        status: STATUSES[usize::from(*which) % STATUSES.len()],
        headers: vec![(name.to_owned(), String::from_utf8_lossy(value).into_owned())],
    };
    let of = |stage: Stage| move |error: Error| assert_eq!(error.stage, stage);
    match kind % 6 {
        0 => match translate::response(&head, body) {
            Ok(translated) => {
                let spoken = translate::without_mask(&translated.text);
                assert!(!spoken.contains(translate::MASK));
            }
            Err(error) => of(Stage::Translate)(error),
        },
        1 => {
            if let Err(Some(error)) = polly::head(&head) {
                of(Stage::Synthesize)(error);
            }
            of(Stage::Synthesize)(polly::refusal(&head, body).to_error(Stage::Synthesize));
        }
        2 => {
            let answer = cognito::get_id_response(&head, body);
            let _ = answer
                .map(|id| assert!(!id.is_empty()))
                .map_err(of(Stage::Credentials));
        }
        3 => {
            let answer = cognito::get_credentials_response(&head, body);
            let _ = answer
                .map(|keys| assert!(!keys.access_key_id.is_empty()))
                .map_err(of(Stage::Credentials));
        }
        4 => {
            of(Stage::Translate)(translate::refusal(&head, body).to_error(Stage::Translate));
            of(Stage::Credentials)(cognito::refusal(&head, body).to_error(Stage::Credentials));
        }
        _ => {
            let _ = (exception::name(&head, body), head.date());
        }
    }
}
