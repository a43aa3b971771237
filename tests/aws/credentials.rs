//! The credentials cache and the waits between attempts.

use connect_interpreter::aws::credentials::{Credentials, CredentialsCache};
use connect_interpreter::aws::retry::{Backoff, Random, Retry};
use connect_interpreter::error::{Error, ErrorCode, Stage};
use connect_interpreter::time::{Duration, UnixTime};
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const START: u64 = 1_773_500_000;

fn at(seconds: u64) -> UnixTime {
    UnixTime::from_secs(START + seconds)
}

fn keys(id: &str, expiration: Option<u64>) -> Credentials {
    Credentials {
        access_key_id: id.to_owned(),
        secret_access_key: "secret".to_owned(),
        session_token: Some("token".to_owned()),
        expiration: expiration.map(at),
    }
}

fn failure() -> Error {
    Error::new(ErrorCode::CredentialsUnavailable, Stage::Credentials, "no")
}

fn id(cache: &CredentialsCache, now: UnixTime) -> Option<&str> {
    cache.get(now).map(|keys| keys.access_key_id.as_str())
}

#[test]
fn one_request_is_on_its_way_at_a_time() {
    let mut cache = CredentialsCache::new();
    assert_eq!(cache.next_begin(), Some(UnixTime::default()));
    assert!(cache.begin(at(0)));
    assert!(!cache.begin(at(0)));
    assert!(!cache.begin(at(1_000)));
    assert_eq!(cache.next_begin(), None);
    cache.accept(Ok(keys("a", Some(3_600))), at(1));
    assert_eq!(id(&cache, at(1)), Some("a"));
    assert!(!cache.in_flight());
    assert!(!cache.begin(at(2)));
}

#[test]
fn new_ones_are_asked_for_five_minutes_ahead_while_the_old_ones_serve() {
    let mut cache = CredentialsCache::new();
    assert!(cache.begin(at(0)));
    cache.accept(Ok(keys("a", Some(3_600))), at(0));
    assert_eq!(cache.next_begin(), Some(at(3_300)));
    assert!(!cache.begin(at(3_299)));
    assert!(cache.begin(at(3_300)));
    assert_eq!(id(&cache, at(3_400)), Some("a"));
    cache.accept(Ok(keys("b", Some(7_200))), at(3_400));
    assert_eq!(id(&cache, at(3_400)), Some("b"));
    assert_eq!(cache.next_begin(), Some(at(6_900)));
}

#[test]
fn short_lived_ones_are_replaced_at_half_their_life() {
    let mut cache = CredentialsCache::new();
    assert!(cache.begin(at(0)));
    cache.accept(Ok(keys("a", Some(60))), at(0));
    assert_eq!(cache.next_begin(), Some(at(30)));
    assert_eq!(id(&cache, at(59)), Some("a"));
    assert_eq!(id(&cache, at(60)), None);
}

#[test]
fn a_failing_provider_is_asked_again_with_growing_waits() {
    let mut cache = CredentialsCache::new();
    let mut now = 0;
    for wait in [1, 2, 4, 8, 16, 30, 30, 30] {
        assert!(cache.begin(at(now)), "at {now}");
        cache.accept(Err(failure()), at(now));
        assert_eq!(cache.next_begin(), Some(at(now + wait)));
        assert!(!cache.begin(at(now + wait - 1)));
        now += wait;
    }
    assert!(cache.begin(at(now)));
    cache.accept(Ok(keys("a", Some(now + 3_600))), at(now));
    assert_eq!(cache.next_begin(), Some(at(now + 3_300)));
}

#[test]
fn a_failed_refresh_leaves_the_old_ones_until_their_end() {
    let mut cache = CredentialsCache::new();
    assert!(cache.begin(at(0)));
    cache.accept(Ok(keys("a", Some(600))), at(0));
    assert!(cache.begin(at(300)));
    cache.accept(Err(failure()), at(310));
    assert_eq!(id(&cache, at(599)), Some("a"));
    assert_eq!(id(&cache, at(600)), None);
    assert!(cache.begin(at(311)));
}

#[test]
fn refused_ones_are_dropped_but_not_their_successors() {
    let mut cache = CredentialsCache::new();
    let old = keys("a", Some(3_600));
    assert!(cache.begin(at(0)));
    cache.accept(Ok(old.clone()), at(0));
    cache.refuse(&old);
    assert_eq!(id(&cache, at(1)), None);
    assert!(cache.begin(at(1)));
    cache.accept(Ok(keys("b", Some(3_600))), at(2));
    cache.refuse(&old);
    assert_eq!(id(&cache, at(3)), Some("b"));
}

#[test]
fn a_clock_that_is_hours_ahead_does_not_stop_the_call() {
    let mut cache = CredentialsCache::new();
    let ahead = 10_000;
    assert!(cache.begin(at(ahead)));
    // Good for an hour in truth; over already by this computer's clock.
    cache.accept(Ok(keys("a", Some(3_600))), at(ahead));
    assert_eq!(id(&cache, at(ahead)), Some("a"));
    assert!(!cache.begin(at(ahead + 299)));
    assert!(cache.begin(at(ahead + 300)));
}

#[test]
fn a_clock_that_is_set_back_does_not_stop_the_asking() {
    let mut cache = CredentialsCache::new();
    assert!(cache.begin(at(10_000)));
    cache.accept(Err(failure()), at(10_000));
    assert!(cache.begin(at(0)));
}

#[test]
fn lasting_ones_are_asked_for_once() {
    let mut cache = CredentialsCache::new();
    assert!(cache.begin(at(0)));
    cache.accept(Ok(keys("a", None)), at(0));
    assert_eq!(cache.next_begin(), None);
    assert!(!cache.begin(at(1_000_000)));
    assert_eq!(id(&cache, at(1_000_000)), Some("a"));
}

#[test]
fn errors_say_what_is_to_be_done_before_the_next_attempt() {
    let retry = |code| Retry::of(&Error::new(code, Stage::Translate, "x"));
    assert_eq!(retry(ErrorCode::Throttled), Retry::Throttled);
    assert_eq!(retry(ErrorCode::ServiceUnavailable), Retry::Transient);
    assert_eq!(retry(ErrorCode::Network), Retry::Transient);
    assert_eq!(retry(ErrorCode::ExpiredCredentials), Retry::NewCredentials);
    assert_eq!(retry(ErrorCode::BadRequest), Retry::Never);
    assert_eq!(retry(ErrorCode::AccessDenied), Retry::Never);
    assert_eq!(retry(ErrorCode::MalformedMessage), Retry::Never);
}

#[test]
fn waits_are_spread_from_nothing_to_a_bound_that_doubles() {
    let mut random = Random::new(42);
    for (failures, bound) in [
        (1, 100),
        (2, 200),
        (3, 400),
        (8, 12_800),
        (9, 20_000),
        (u32::MAX, 20_000),
    ] {
        let bound = Duration::from_millis(bound);
        let waits: Vec<Duration> = (0..1_000)
            .map(|_| Backoff::TRANSIENT.delay(failures, &mut random))
            .collect();
        assert!(waits.iter().all(|wait| *wait <= bound), "{failures}");
        assert!(waits.iter().any(|wait| *wait < bound / 10), "{failures}");
        assert!(
            waits.iter().any(|wait| *wait > bound * 9 / 10),
            "{failures}"
        );
    }
}

#[test]
fn the_same_seed_gives_the_same_numbers() {
    let numbers = |seed| {
        let mut random = Random::new(seed);
        [random.next_u64(), random.next_u64()]
    };
    // SplitMix64's published first numbers for the seed 1234567.
    assert_eq!(
        numbers(1_234_567),
        [6_457_827_717_110_365_317, 3_203_168_211_198_807_973]
    );
    assert_ne!(numbers(1), numbers(2));
    let uuid = Random::new(42).uuid();
    let parts: Vec<usize> = uuid.split('-').map(str::len).collect();
    assert_eq!(parts, [8, 4, 4, 4, 12]);
    assert_eq!(uuid.as_bytes()[14], b'4');
    assert!(b"89ab".contains(&uuid.as_bytes()[19]));
}
