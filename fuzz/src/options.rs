//! The host's objects: a session's options, and changes to a speaker's.

use connect_interpreter::config::SessionOptions;
use connect_interpreter::error::ErrorCode;
use connect_interpreter::speaker::Speaker;
use connect_interpreter::time::Duration;

/// Options as JSON; after a zero byte, changes to both speakers' as JSON.
pub fn run(data: &[u8]) {
    let mut parts = data.splitn(2, |byte| *byte == 0);
    let text = |part: Option<&[u8]>| part.map(|p| String::from_utf8_lossy(p).into_owned());
    let first = text(parts.next()).unwrap_or_default();
    let mut options = match SessionOptions::from_json(&first) {
        Ok(options) => options,
        Err(error) => {
            assert_eq!(error.code, ErrorCode::InvalidOption);
            assert!(error.field.is_some());
            return;
        }
    };
    check(&options);
    if let Some(changes) = text(parts.next()) {
        for speaker in Speaker::BOTH {
            let of = options.of_mut(speaker);
            match of.with_changes(&changes, speaker.name()) {
                Ok(changed) => *of = changed,
                Err(error) => assert!(error.field.is_some()),
            }
        }
        check(&options);
    }
}

fn check(options: &SessionOptions) {
    for rate in [0, 8_000, 44_100, 192_000, 192_001] {
        match options.resolve(rate) {
            Ok(config) => {
                assert!((8_000..=192_000).contains(&config.playout_rate_hz));
                for speaker in Speaker::BOTH {
                    let config = &config.speakers[speaker];
                    let limits = Duration::from_millis(20)..=Duration::from_millis(200);
                    assert!(limits.contains(&config.message));
                    assert!(config.start_guard <= Duration::from_secs(10));
                    assert!(config.lexicons.len() <= 5);
                    assert!(!config.codes.transcribe.is_empty());
                }
                let endpoints = &config.endpoints;
                assert!(endpoints.transcribe.url.starts_with("ws"));
                assert!(endpoints.translate.url.starts_with("http"));
                assert!(endpoints.polly.url.starts_with("http"));
            }
            Err(error) => assert!(error.field.is_some(), "{error:?}"),
        }
    }
}
