//! Answers of Translate, Polly and Cognito: successes, refusals, limits.

use connect_interpreter::aws::cognito::{self, CognitoException};
use connect_interpreter::aws::credentials::Credentials;
use connect_interpreter::aws::exception::CommonException;
use connect_interpreter::aws::http::ResponseHead;
use connect_interpreter::aws::polly::{self, PollyException, Speech};
use connect_interpreter::aws::translate::{self, TranslateException, TranslateText};
use connect_interpreter::config::{Endpoint, TranslateOptions};
use connect_interpreter::error::{ErrorCode, Stage};
use connect_interpreter::language::{Engine, Voice};
use connect_interpreter::time::UnixTime;
use serde_json::Value;
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const NOW: UnixTime = UnixTime::from_secs(1_773_500_966);

fn head(status: u16, headers: &[(&str, &str)]) -> ResponseHead {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    ResponseHead {
        status,
        headers: headers.iter().map(owned).collect(),
    }
}

fn listed_in_the_model(service: &str) -> Vec<String> {
    let models: Value = serde_json::from_str(include_str!("../data/golden/botocore.json")).unwrap();
    serde_json::from_value(models["exceptions"][service].clone()).unwrap()
}

#[test]
fn every_exception_of_the_models_is_typed() {
    let sorted = |mut names: Vec<&'static str>| {
        names.sort_unstable();
        names
    };
    let translate = TranslateException::LISTED.iter();
    let translate = sorted(translate.filter_map(|e| e.wire_name()).collect());
    assert_eq!(translate, listed_in_the_model("translate"));
    let polly = PollyException::LISTED.iter();
    let polly = sorted(polly.filter_map(|e| e.wire_name()).collect());
    assert_eq!(polly, listed_in_the_model("polly"));
    let cognito = CognitoException::LISTED.iter();
    let cognito = sorted(cognito.filter_map(|e| e.wire_name()).collect());
    assert_eq!(cognito, listed_in_the_model("cognito-identity"));
}

#[test]
fn an_exception_is_found_wherever_its_name_stands() {
    let name = "UnsupportedLanguagePairException";
    let expected = TranslateException::UnsupportedLanguagePair;
    let in_body = |kind: &str| format!(r#"{{"__type":"{kind}","Message":"x","message":"y"}}"#);
    for body in [
        in_body(name),
        in_body(&format!("com.amazonaws.translate#{name}")),
        in_body(&format!("{name}:http://internal.amazon.com/coral/")),
        format!(r#"{{"code":"{name}"}}"#),
    ] {
        assert_eq!(
            translate::refusal(&head(400, &[]), body.as_bytes()),
            expected,
            "{body}"
        );
    }
    let url = format!("{name}:http://internal.amazon.com/coral/com.amazonaws/");
    for value in [name, url.as_str()] {
        let head = head(400, &[("x-amzn-errortype", value)]);
        assert_eq!(translate::refusal(&head, b"<html>"), expected, "{value}");
    }
}

#[test]
fn without_a_name_the_status_decides() {
    use CommonException as E;
    for (status, expected, code) in [
        (400, E::Validation, ErrorCode::BadRequest),
        (401, E::AccessDenied, ErrorCode::AccessDenied),
        (403, E::AccessDenied, ErrorCode::AccessDenied),
        (404, E::Unknown, ErrorCode::BadRequest),
        (429, E::Throttling, ErrorCode::Throttled),
        (500, E::Unavailable, ErrorCode::ServiceUnavailable),
        (503, E::Unavailable, ErrorCode::ServiceUnavailable),
        (504, E::Unavailable, ErrorCode::ServiceUnavailable),
    ] {
        let exception = translate::refusal(&head(status, &[]), b"<html>Bad gateway</html>");
        assert_eq!(exception, TranslateException::Common(expected), "{status}");
        assert_eq!(exception.to_error(Stage::Translate).code, code, "{status}");
    }
}

#[test]
fn refused_credentials_are_told_from_expired_ones_and_from_a_wrong_clock() {
    let refusal = |name: &str, message: &str| {
        let body = format!(r#"{{"__type":"{name}","message":"{message}"}}"#);
        let error = translate::response(&head(400, &[]), body.as_bytes()).err();
        error.map(|error| (error.code, error.message))
    };
    let code = |name: &str, message: &str| refusal(name, message).map(|(code, _)| code);
    assert_eq!(
        code("UnrecognizedClientException", ""),
        Some(ErrorCode::AccessDenied)
    );
    assert_eq!(
        code("AccessDeniedException", ""),
        Some(ErrorCode::AccessDenied)
    );
    assert_eq!(
        code("InvalidSignatureException", ""),
        Some(ErrorCode::AccessDenied)
    );
    assert_eq!(
        code("ExpiredTokenException", ""),
        Some(ErrorCode::ExpiredCredentials)
    );
    let skewed = refusal(
        "InvalidSignatureException",
        "Signature expired: 20260314T150926Z is now earlier than 20260314T160426Z",
    );
    let (code, message) = skewed.unwrap();
    assert_eq!(code, ErrorCode::ExpiredCredentials);
    assert!(message.contains("clock"), "{message}");
}

#[test]
fn the_services_clock_is_read() {
    let head = head(403, &[("date", "Sat, 14 Mar 2026 15:09:26 GMT")]);
    assert_eq!(head.date(), Some(NOW));
    assert_eq!(ResponseHead::default().date(), None);
}

#[test]
fn a_refusal_never_repeats_what_was_said() {
    let body = br#"{"__type":"InvalidRequestException","Message":"Mi clave es 1234"}"#;
    let error = translate::response(&head(400, &[]), body).err().unwrap();
    assert!(!format!("{error:?}").contains("1234"));
    let body = br#"{"message":"Mi clave es 1234"}"#;
    let exception = polly::refusal(
        &head(400, &[("x-amzn-errortype", "InvalidSsmlException")]),
        body,
    );
    assert_eq!(exception, PollyException::InvalidSsml);
    let error = exception.to_error(Stage::Synthesize);
    assert!(!format!("{error:?}").contains("1234"));
}

#[test]
fn a_translation_is_read_with_its_engine_if_it_is_named() {
    let body =
        br#"{"TranslatedText":"Hello.","SourceLanguageCode":"es","TargetLanguageCode":"en"}"#;
    let translated = translate::response(&head(200, &[]), body).unwrap();
    assert_eq!(
        (translated.text.as_str(), translated.engine),
        ("Hello.", None)
    );
    let body = br#"{"TranslatedText":"Hello.","Engine":"phrasebook"}"#;
    let translated = translate::response(&head(200, &[]), body).unwrap();
    assert_eq!(translated.engine.as_deref(), Some("phrasebook"));
}

#[test]
fn masked_words_are_not_spoken() {
    assert_eq!(
        translate::without_mask("Where is my ?$#@$ order?"),
        "Where is my order?"
    );
    assert_eq!(translate::without_mask("Well, ?$#@$, stop."), "Well, stop.");
    assert_eq!(translate::without_mask("Stop, ?$#@$!"), "Stop!");
    assert_eq!(translate::without_mask("?$#@$ ?$#@$!"), "");
    assert_eq!(translate::without_mask("Hello."), "Hello.");
}

fn endpoint(service: &str) -> Endpoint {
    let signed_host = format!("{service}.us-east-1.amazonaws.com");
    Endpoint {
        url: format!("https://{signed_host}"),
        signed_host,
        region: "us-east-1".to_owned(),
    }
}

fn keys() -> Credentials {
    Credentials {
        access_key_id: "AKIDEXAMPLE".to_owned(),
        secret_access_key: "secret".to_owned(),
        session_token: None,
        expiration: None,
    }
}

#[test]
fn a_text_that_is_too_long_is_refused_before_it_is_sent() {
    let options = TranslateOptions::default();
    let translate = |text: &str| {
        let text = TranslateText {
            text,
            source: "es",
            target: "en",
            options: &options,
        };
        translate::request(&endpoint("translate"), &text, &keys(), NOW).map_err(|e| e.code)
    };
    // 10,000 bytes are 5,000 of these.
    assert!(translate(&"ñ".repeat(5_000)).is_ok());
    assert_eq!(translate(&"ñ".repeat(5_001)), Err(ErrorCode::TextTooLong));
    let voice = Voice {
        id: "Joanna".to_owned(),
        engine: Engine::Neural,
        language_code: "en-US".to_owned(),
    };
    let speak = |text: &str, lexicons: &[String]| {
        let speech = Speech {
            text,
            voice: &voice,
            lexicons,
        };
        polly::request(&endpoint("polly"), &speech, &keys(), NOW).map_err(|e| e.code)
    };
    assert!(speak(&"ñ".repeat(3_000), &[]).is_ok());
    assert_eq!(speak(&"ñ".repeat(3_001), &[]), Err(ErrorCode::TextTooLong));
    let lexicons = vec!["L".to_owned(); 6];
    assert!(speak("x", &lexicons[..5]).is_ok());
    assert_eq!(speak("x", &lexicons), Err(ErrorCode::InvalidOption));
}

#[test]
fn an_unsignable_request_is_an_error_without_its_secrets() {
    let options = TranslateOptions::default();
    let text = TranslateText {
        text: "x",
        source: "es",
        target: "en",
        options: &options,
    };
    let bad = Credentials {
        session_token: Some("line\nbreak".to_owned()),
        ..keys()
    };
    let error = translate::request(&endpoint("translate"), &text, &bad, NOW).unwrap_err();
    assert_eq!(error.code, ErrorCode::InvalidOption);
    assert!(!error.message.contains("break"));
}

#[test]
fn cognitos_answers_become_an_identity() {
    let body = br#"{"IdentityId":"us-east-1:11111111-1111-4111-8111-111111111111"}"#;
    let id = cognito::get_id_response(&head(200, &[]), body).unwrap();
    assert_eq!(id, "us-east-1:11111111-1111-4111-8111-111111111111");
    let body = br#"{"Credentials":{"AccessKeyId":"ASIDEXAMPLE","Expiration":1.773504566E9,
        "SecretKey":"s3cret","SessionToken":"t0ken"},"IdentityId":"us-east-1:1"}"#;
    let credentials = cognito::get_credentials_response(&head(200, &[]), body).unwrap();
    assert_eq!(credentials.access_key_id, "ASIDEXAMPLE");
    assert_eq!(credentials.secret_access_key, "s3cret");
    assert_eq!(credentials.session_token.as_deref(), Some("t0ken"));
    assert_eq!(
        credentials.expiration,
        Some(UnixTime::from_secs(1_773_504_566))
    );
    let shown = format!("{credentials:?}");
    for secret in ["ASIDEXAMPLE", "s3cret", "t0ken"] {
        assert!(!shown.contains(secret));
    }
}

#[test]
fn cognitos_refusals_say_whose_fault_it_is() {
    for (name, code, retryable) in [
        ("NotAuthorizedException", ErrorCode::AccessDenied, false),
        (
            "ResourceNotFoundException",
            ErrorCode::CredentialsUnavailable,
            false,
        ),
        ("TooManyRequestsException", ErrorCode::Throttled, true),
        (
            "InternalErrorException",
            ErrorCode::ServiceUnavailable,
            true,
        ),
    ] {
        let body = format!(r#"{{"__type":"{name}","message":"x"}}"#);
        let error = cognito::get_id_response(&head(400, &[]), body.as_bytes()).unwrap_err();
        assert_eq!((error.code, error.retryable), (code, retryable), "{name}");
        assert_eq!(error.stage, Stage::Credentials);
    }
}
