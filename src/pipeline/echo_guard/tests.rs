use super::playback::{REMEMBERED_BLOCKS, REMEMBERED_CLIPS, level};
use super::*;
use crate::event::UtteranceId;
use crate::random::Random;

const RATE: usize = 16_000;

/// A recording's samples (16-bit mono WAV of 44 bytes of header), at 16 kHz.
macro_rules! recording {
    ($path:literal) => {
        samples(include_bytes!(concat!("../../../", $path)))
    };
}

fn samples(wav: &[u8]) -> Vec<f32> {
    assert_eq!(wav[24..28], 16_000_u32.to_le_bytes());
    let pairs = wav[44..].chunks_exact(2);
    pairs
        .map(|pair| crate::audio::pcm::to_f32(i16::from_le_bytes([pair[0], pair[1]])))
        .collect()
}

/// A room: what a loudspeaker plays as a microphone hears it, with walls, at
/// that level, over noise.
fn in_a_room(sound: &[f32], late: usize, gain: f32, noise: f32, random: &mut Random) -> Vec<f32> {
    let decay = 0.25 * RATE as f64 / 6.9;
    let walls: Vec<(usize, f32)> = (0..60)
        .map(|_| {
            let at = (random.unit() * 0.3 * RATE as f64) as usize + 40;
            let part = 0.3 * (-(at as f64) / decay).exp() * (random.unit() * 2.0 - 1.0);
            (at, part as f32)
        })
        .collect();
    let at = |n: usize| sound.get(n).copied().unwrap_or(0.0);
    (0..sound.len() + late + RATE)
        .map(|n| {
            let direct = n.checked_sub(late).map_or(0.0, at);
            let more = walls
                .iter()
                .map(|(later, part)| n.checked_sub(late + later).map_or(0.0, |n| part * at(n)));
            let noise = noise * (random.unit() * 2.0 - 1.0) as f32;
            gain * (direct + more.sum::<f32>()) + noise
        })
        .collect()
}

/// A recorded line: its sound, its text and its words with their seconds.
struct Line {
    sound: Vec<f32>,
    text: String,
    words: Vec<(String, f64, f64)>,
}

fn lines() -> Vec<Line> {
    let recorded = [
        ("en-1", recording!("www/lines/en-1.wav")),
        ("en-2", recording!("www/lines/en-2.wav")),
        ("en-3", recording!("www/lines/en-3.wav")),
        ("en-6", recording!("www/lines/en-6.wav")),
        ("es-4", recording!("www/lines/es-4.wav")),
        ("es-7", recording!("www/lines/es-7.wav")),
    ];
    let list = include_bytes!("../../../www/lines/lines.json");
    let list: serde_json::Value = serde_json::from_slice(list).unwrap();
    let list = list["lines"].as_array().unwrap();
    let line = |(id, sound)| {
        let line = list.iter().find(|line| line["id"] == id).unwrap();
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        let second = |value: &serde_json::Value| value.as_f64().unwrap();
        let words = line["words"].as_array().unwrap().iter();
        Line {
            sound,
            text: text(&line["text"]),
            words: words
                .map(|w| (text(&w["text"]), second(&w["start"]), second(&w["end"])))
                .collect(),
        }
    };
    recorded.into_iter().map(line).collect()
}

/// A clip of that sound and text has been played from the clock's origin on.
fn played(sound: &[f32], text: &str) -> Playback {
    let mut playback = Playback::default();
    let id = UtteranceId(1);
    playback.say(0.0, id, text);
    let clip = playback.clip(id).unwrap();
    clip.levels.push(sound, 16_000);
    clip.started = Some(0.0);
    clip.ended = Some(sound.len() as f64 / 16.0);
    playback
}

/// The starts of those of the words that are an echo, if the tap heard this.
fn echoes_of(tap: &[f32], words: &[Word], playback: &Playback) -> Vec<f64> {
    let mut guard = EchoGuard::default();
    guard.hear(tap);
    let place = |second: f64| {
        let position = (second.max(0.0) * RATE as f64) as u64;
        Some((position, Timestamp::from_millis_f64(second * 1000.0)))
    };
    guard.echoes(words, Join::Spaces, playback, place)
}

fn word(text: &str, start: f64, end: f64) -> Word {
    let mut words = crate::pipeline::segmenter::words_of(text, start, end);
    words.remove(0)
}

/// The line's words as a recogniser gives them: later, and not exactly there.
fn words(line: &Line, late: f64, pace: f64, random: &mut Random) -> Vec<Word> {
    line.words
        .iter()
        .map(|(text, start, end)| {
            let off = (random.unit() - 0.5) * 0.12;
            let at = |second: &f64| second * pace + late + off;
            word(text, at(start), at(end))
        })
        .collect()
}

const ROOMS: [(f32, f32); 4] = [(0.316, 0.0), (0.316, 0.003), (0.1, 0.002), (0.03, 0.002)];

#[test]
fn a_recordings_echo_is_known_word_by_word() {
    let mut random = Random::new(1);
    let (mut known, mut all) = (0, 0);
    for line in lines() {
        let playback = played(&line.sound, &line.text);
        for late in [80, 130, 200, 300] {
            for (gain, noise) in ROOMS {
                let tap = in_a_room(&line.sound, late * 16, gain, noise, &mut random);
                let words = words(&line, late as f64 / 1000.0, 1.0, &mut random);
                known += echoes_of(&tap, &words, &playback).len();
                all += words.len();
                // Every other word misheard: the sound says it all.
                let mut misheard = words;
                for word in misheard.iter_mut().step_by(2) {
                    word.text = "mumble".to_owned();
                }
                known += echoes_of(&tap, &misheard, &playback).len();
                all += misheard.len();
            }
        }
    }
    println!("{known} of {all} words known as echoes");
    assert!(known * 100 >= all * 98, "{known} of {all}");
}

#[test]
fn the_same_words_in_another_sound_are_a_persons() {
    let mut random = Random::new(2);
    let (mut taken, mut all) = (0, 0);
    let lines = lines();
    for (n, line) in lines.iter().enumerate() {
        let playback = played(&line.sound, &line.text);
        for (m, other) in lines.iter().enumerate().filter(|(m, _)| *m != n) {
            // Somebody else's speech, said to be these words at that time.
            let words = words(line, 0.1 * (m % 4) as f64 + 0.1, 1.0, &mut random);
            taken += echoes_of(&other.sound, &words, &playback).len();
            all += words.len();
        }
        // The sentence at another pace, half a second and more behind it.
        for (pace, late) in [
            (1.15, 300),
            (0.87, 500),
            (1.2, 600),
            (0.9, 800),
            (1.1, 1_000),
        ] {
            let count = (line.sound.len() as f64 * pace) as usize;
            let at = |n: usize| line.sound.get((n as f64 / pace) as usize);
            let slower: Vec<f32> = (0..count).map(|n| *at(n).unwrap_or(&0.0)).collect();
            let tap = in_a_room(&slower, late * 16, 1.0, 0.001, &mut random);
            let words = words(line, late as f64 / 1000.0, pace, &mut random);
            taken += echoes_of(&tap, &words, &playback).len();
            all += words.len();
        }
    }
    println!("{taken} of {all} words taken for echoes");
    assert!(taken * 100 <= all * 3, "{taken} of {all}");
}

/// What is said after the clip has ended is nobody's echo, however it sounds.
#[test]
fn the_same_sound_after_the_clip_has_ended_is_a_persons() {
    for line in lines() {
        let playback = played(&line.sound, &line.text);
        let length = line.sound.len() as f64 / RATE as f64;
        let late = ((length + 0.6) * RATE as f64) as usize;
        let mut random = Random::new(3);
        let tap = in_a_room(&line.sound, late, 0.9, 0.0, &mut random);
        let words = words(&line, length + 0.6, 1.0, &mut random);
        assert_eq!(echoes_of(&tap, &words, &playback), [] as [f64; 0]);
    }
}

#[test]
fn places_in_the_text_are_places_in_the_speech() {
    for line in lines() {
        let mut levels = Levels::default();
        levels.push(&line.sound, 16_000);
        let said = said(&line.text, Join::Spaces, &levels.levels);
        assert_eq!(said.len(), line.words.len());
        for ((_, at), (word, start, end)) in said.iter().zip(&line.words) {
            let off = at - (start + end) * 500.0;
            assert!(off.abs() < 250.0, "{word}: {off} ms");
        }
    }
}

#[test]
fn nothing_grows() {
    let mut playback = Playback::default();
    for n in 0..1_000 {
        let id = UtteranceId(n);
        playback.say(n as f64, id, "one more");
        let clip = playback.clip(id).unwrap();
        clip.levels.push(&[0.1; 480], 48_000);
        if n % 3 > 0 {
            clip.started = Some(n as f64);
        }
        assert!(playback.clips.len() <= REMEMBERED_CLIPS);
    }
    let clip = playback.clips.last_mut().unwrap();
    for _ in 0..10 {
        clip.levels.push(&vec![0.1; 60 * 48_000], 48_000);
        assert!(clip.levels.levels.len() <= 2 * REMEMBERED_BLOCKS);
    }
    playback.stopped(2_000.0);
    // What never began will not be heard.
    assert!(playback.clips.iter().all(|clip| clip.started.is_some()));
    playback.say(90_000.0, UtteranceId(5_000), "later");
    assert_eq!(playback.clips.len(), 1);
    let mut guard = EchoGuard::default();
    for _ in 0..300 {
        guard.hear(&vec![0.1; RATE]);
    }
    let held = guard.tap.levels.len();
    assert!((REMEMBERED_BLOCKS..=2 * REMEMBERED_BLOCKS).contains(&held));
    assert_eq!((guard.tap.get(0), guard.tap.get(30_000)), (0.0, 0.0));
    assert!(guard.tap.get(29_999) > 0.0);
}

#[test]
fn levels_are_decibels() {
    let steps = |a: f32, b: f32| f32::from(level(a)) - f32::from(level(b));
    assert!((steps(0.1, 0.01) - 10.0 * DB).abs() <= 1.0);
    assert!((steps(1e-3, 1e-5) - 20.0 * DB).abs() <= 1.0);
    assert_eq!((level(0.0), level(1e-12), level(2.0)), (0, 0, 255));
    assert_eq!(level(f32::NAN), 255);
}

#[test]
fn words_are_alike_but_for_an_ending_or_a_letter() {
    let alike = |a: &str, b: &str| alike(a.as_bytes(), b.as_bytes());
    for (a, b) in [
        ("suitcase", "suitcases"),
        ("perdida", "perdido"),
        ("no", "no"),
        ("llega", "llego"),
        ("你", "你"),
    ] {
        assert!(alike(a, b), "{a} {b}");
    }
    for (a, b) in [
        ("no", "so"),
        ("hello", "yellowish"),
        ("", "a"),
        ("blue", "suitcase"),
        ("你", "佡"),
    ] {
        assert!(!alike(a, b), "{a} {b}");
    }
}
