//! The credentials cache and the waits between attempts.

use connect_interpreter::aws::credentials::{Credentials, CredentialsCache};
use connect_interpreter::aws::retry::{Backoff, Random, Retry};
use connect_interpreter::error::{Error, ErrorCode, Stage};
use connect_interpreter::time::{Duration, Moment, Timestamp, UnixTime};
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const START: u64 = 1_773_500_000;

/// A time of the true clock, and the session's then.
fn unix(seconds: u64) -> UnixTime {
    UnixTime::from_secs(START + seconds)
}

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_millis(seconds * 1000)
}

fn moment(seconds: u64) -> Moment {
    off(seconds, 0)
}

/// With a wall clock that is ahead.
fn off(seconds: u64, ahead: u64) -> Moment {
    Moment {
        at: at(seconds),
        unix: unix(seconds + ahead),
    }
}

fn keys(id: &str, expiration: Option<u64>) -> Credentials {
    Credentials {
        access_key_id: id.to_owned(),
        secret_access_key: "secret".to_owned(),
        session_token: Some("token".to_owned()),
        expiration: expiration.map(unix),
    }
}

fn failure() -> Error {
    Error::new(ErrorCode::CredentialsUnavailable, Stage::Credentials, "no")
}

fn id(cache: &CredentialsCache, now: Moment) -> Option<&str> {
    cache.get(now).map(|keys| keys.access_key_id.as_str())
}

/// One that has asked once and was answered at once.
fn with(credentials: Credentials) -> CredentialsCache {
    let mut cache = CredentialsCache::new();
    assert!(cache.begin(moment(0)));
    assert!(!cache.accept(Ok(credentials), at(0)));
    cache
}

#[test]
fn one_request_is_on_its_way_at_a_time() {
    let mut cache = CredentialsCache::new();
    assert_eq!(cache.due(moment(0)), Some(at(0)));
    assert!(cache.begin(moment(0)));
    assert!(!cache.begin(moment(0)));
    assert!(!cache.begin(moment(1_000)));
    assert!(cache.in_flight());
    cache.accept(Ok(keys("a", Some(3_600))), at(1));
    assert_eq!(id(&cache, moment(1)), Some("a"));
    assert!(!cache.in_flight());
    assert!(!cache.begin(moment(2)));
}

#[test]
fn new_ones_are_asked_for_five_minutes_ahead_while_the_old_ones_serve() {
    let mut cache = with(keys("a", Some(3_600)));
    assert_eq!(cache.due(moment(0)), Some(at(3_300)));
    assert!(!cache.begin(moment(3_299)));
    assert!(cache.begin(moment(3_300)));
    assert_eq!(id(&cache, moment(3_400)), Some("a"));
    cache.accept(Ok(keys("b", Some(7_200))), at(3_400));
    assert_eq!(id(&cache, moment(3_400)), Some("b"));
    assert_eq!(cache.due(moment(3_400)), Some(at(6_900)));
}

#[test]
fn short_lived_ones_are_replaced_at_half_their_life() {
    let cache = with(keys("a", Some(60)));
    assert_eq!(cache.due(moment(0)), Some(at(30)));
    assert_eq!(id(&cache, moment(59)), Some("a"));
    assert_eq!(id(&cache, moment(60)), None);
}

#[test]
fn a_failing_provider_is_asked_again_with_growing_waits() {
    let mut cache = with(keys("a", Some(3_600)));
    let mut now = 3_300;
    let mut told = Vec::new();
    for (n, wait) in [1, 2, 4, 8, 16, 30, 30, 30].into_iter().enumerate() {
        assert!(cache.begin(moment(now)), "at {now}");
        if cache.accept(Err(failure()), at(now)) {
            told.push(n + 1);
        }
        assert_eq!(cache.due(moment(now)), Some(at(now + wait)));
        assert!(!cache.begin(moment(now + wait - 1)));
        now += wait;
    }
    // Every failure counts; not every one is told.
    assert_eq!(told, [1, 2, 4, 8]);
    assert!(cache.begin(moment(now)));
    cache.accept(Ok(keys("b", Some(now + 3_600))), at(now));
    assert_eq!(cache.due(moment(now)), Some(at(now + 3_300)));
}

#[test]
fn while_nothing_can_be_used_it_is_asked_more_often() {
    let mut cache = CredentialsCache::new();
    let mut now = 0;
    for wait in [1, 2, 4, 4, 4] {
        assert!(cache.begin(moment(now)), "at {now}");
        cache.accept(Err(failure()), at(now));
        assert_eq!(cache.due(moment(now)), Some(at(now + wait)));
        now += wait;
    }
}

#[test]
fn a_provider_that_hangs_is_told_and_asked_again_and_its_late_answer_taken() {
    let mut cache = CredentialsCache::new();
    assert!(cache.begin(moment(0)));
    assert_eq!(cache.due(moment(0)), Some(at(10)));
    assert!(!cache.give_up(at(9)));
    assert!(cache.give_up(at(10)), "told");
    assert!(!cache.give_up(at(10)), "once");
    assert!(cache.begin(moment(11)));
    // The late answer of the first request, and then the second one's.
    assert!(!cache.accept(Ok(keys("a", Some(3_600))), at(12)));
    assert_eq!(id(&cache, moment(12)), Some("a"));
    assert!(!cache.in_flight());
    assert!(!cache.accept(Err(failure()), at(13)), "nobody waits for it");
    assert_eq!(id(&cache, moment(13)), Some("a"));
    assert_eq!(cache.due(moment(13)), Some(at(12 + 3_588 - 300)));
}

#[test]
fn a_failed_refresh_leaves_the_old_ones_until_their_end() {
    let mut cache = with(keys("a", Some(600)));
    assert!(cache.begin(moment(300)));
    cache.accept(Err(failure()), at(310));
    assert_eq!(id(&cache, moment(599)), Some("a"));
    assert_eq!(id(&cache, moment(600)), None);
    assert!(cache.begin(moment(311)));
}

#[test]
fn refused_ones_serve_until_others_come_and_expired_ones_do_not() {
    let old = keys("a", Some(3_600));
    let mut cache = with(old.clone());
    let first = cache.generation();
    cache.refuse(&old);
    assert_eq!(id(&cache, moment(1)), Some("a"));
    assert!(cache.begin(moment(1)));
    cache.accept(Ok(keys("b", Some(3_600))), at(2));
    assert_ne!(cache.generation(), first);
    cache.refuse(&old);
    cache.expire(&old);
    assert_eq!(id(&cache, moment(3)), Some("b"));
    assert!(!cache.begin(moment(4)));
    cache.expire(&keys("b", Some(3_600)));
    assert_eq!(id(&cache, moment(5)), None);
    assert!(cache.begin(moment(5)));
}

#[test]
fn a_clock_that_is_hours_ahead_does_not_stop_the_call() {
    // Good for an hour in truth; over already by this computer's clock.
    let hours = 7_200;
    let mut cache = CredentialsCache::new();
    assert!(cache.begin(off(0, hours)));
    cache.accept(Ok(keys("a", Some(3_600))), at(0));
    assert_eq!(id(&cache, off(0, hours)), Some("a"));
    assert!(!cache.begin(off(299, hours)));
    // Corrected, it is as if it had always been right.
    assert_eq!(cache.due(moment(20)), Some(at(3_300)));
    assert_eq!(id(&cache, moment(3_599)), Some("a"));
    assert_eq!(id(&cache, moment(3_600)), None);
    assert!(cache.begin(off(300, hours)));
}

#[test]
fn a_clock_that_is_set_back_does_not_stop_the_asking() {
    let mut cache = CredentialsCache::new();
    assert!(cache.begin(off(0, 10_000)));
    cache.accept(Err(failure()), at(0));
    assert!(cache.begin(moment(1)));
    cache.accept(Ok(keys("a", Some(3_600))), at(1));
    // Hours back: they end when they end.
    let back = Moment {
        at: at(100),
        unix: UnixTime::from_secs(START - 7_200),
    };
    assert_eq!(id(&cache, back), Some("a"));
    assert_eq!(cache.due(moment(101)), Some(at(3_300)));
}

#[test]
fn lasting_ones_are_asked_for_once_and_again_when_refused() {
    let lasting = keys("a", None);
    let mut cache = with(lasting.clone());
    assert_eq!(cache.due(moment(0)), None);
    assert!(!cache.begin(moment(1_000_000)));
    assert_eq!(id(&cache, moment(1_000_000)), Some("a"));
    cache.refuse(&lasting);
    assert!(cache.begin(moment(1_000_001)));
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
