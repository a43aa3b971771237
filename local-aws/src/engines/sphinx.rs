//! English that is no line of the demo: engine "pocketsphinx", a program of the
//! machine.
//!
//! When the lines have not recognised an utterance, its sound goes to a process
//! of its own. Until that has answered, whatever is heard after the utterance
//! waits, so that the reports stay in the order of the speech.

use std::collections::VecDeque;

use tokio::task::JoinSet;

use super::{Heard, RATE, Word, installed};

pub(super) const ENGINE: &str = "pocketsphinx";
const PROGRAM: &str = "pocketsphinx_continuous";
/// Raw samples from stdin as one utterance; words with times on stdout.
const ARGUMENTS: [&str; 8] = [
    "-infile",
    "/dev/stdin",
    "-time",
    "yes",
    "-remove_silence",
    "no",
    "-logfn",
    "/dev/null",
];
/// Sound before and after an utterance that goes with it, in samples: 0.3 s.
const MARGIN: usize = RATE * 3 / 10;
/// Sound that is kept while nobody speaks: the margin, and what the beginning of
/// speech is found late by.
const KEPT: usize = RATE;
/// The longest sound that is kept: an utterance ends after 30 s.
const LONGEST: usize = RATE * 32;
/// Utterances of a stream that may wait for their answer. A process is as fast
/// as speech at least, so that more are a machine that is too slow.
const WAITING: usize = 4;

/// Whether program and model are there: it transcribes nothing.
pub(super) fn is_installed() -> bool {
    installed::runs(PROGRAM, &["-infile", "/dev/null", "-logfn", "/dev/null"]).is_some()
}

/// The second listener of one stream.
#[derive(Default)]
pub(super) struct Sphinx {
    /// The last of the stream's samples.
    pcm: VecDeque<i16>,
    /// How many samples there were before them.
    before: usize,
    /// Where the speech of the last utterance ended, in samples of the stream.
    heard_until: usize,
    /// What is heard but waits, in order; the first is an utterance whose
    /// process is at work.
    waiting: VecDeque<Waiting>,
    /// That process. Dropping it ends it.
    process: JoinSet<Option<String>>,
}

enum Waiting {
    Heard(Heard),
    Utterance(Utterance),
}

struct Utterance {
    utterance: u64,
    start: f64,
    speech_end: f64,
    /// Where its sound begins, in seconds of the stream.
    origin: f64,
    sound: Vec<u8>,
}

impl Sphinx {
    /// Remembers the stream's next samples; while nobody is `speaking`, only the
    /// latest.
    pub(super) fn hear(&mut self, pcm: &[f32], speaking: bool) {
        let samples = pcm.iter().map(|s| (s * 32767.0).round() as i16);
        self.pcm.extend(samples);
        let most = if speaking { LONGEST } else { KEPT };
        let extra = self.pcm.len().saturating_sub(most);
        self.pcm.drain(..extra);
        self.before += extra;
    }

    /// Takes what another engine reports; whether it `is_speech`, so that one not
    /// recognised is worth a try.
    pub(super) fn take(&mut self, heard: Heard, is_speech: bool) {
        let over = match &heard {
            Heard::Words { .. } => None,
            Heard::Ended { speech_end, .. } | Heard::NotRecognised { speech_end, .. } => {
                Some(sample(*speech_end))
            }
        };
        let utterances = self
            .waiting
            .iter()
            .filter(|waiting| matches!(waiting, Waiting::Utterance(_)));
        let waiting = match heard {
            Heard::NotRecognised {
                utterance,
                start,
                speech_end,
            } if is_speech && utterances.count() < WAITING => {
                let (origin, sound) = self.sound(start, speech_end);
                Waiting::Utterance(Utterance {
                    utterance,
                    start,
                    speech_end,
                    origin,
                    sound,
                })
            }
            heard => Waiting::Heard(heard),
        };
        self.waiting.push_back(waiting);
        self.heard_until = over.unwrap_or(self.heard_until);
    }

    /// Whether a process is at work.
    pub(super) fn is_waiting(&self) -> bool {
        !self.process.is_empty()
    }

    /// What can be reported now.
    pub(super) fn reports(&mut self) -> Vec<Heard> {
        let mut out = Vec::new();
        self.proceed(&mut out);
        while let Some(answer) = self.process.try_join_next() {
            self.answered(answer.ok().flatten().as_deref(), &mut out);
        }
        out
    }

    /// What can be reported when the process at work has answered.
    pub(super) async fn next_reports(&mut self) -> Vec<Heard> {
        let mut out = Vec::new();
        if let Some(answer) = self.process.join_next().await {
            self.answered(answer.ok().flatten().as_deref(), &mut out);
        }
        out
    }

    /// The sound from `start` to `speech_end` with its margins, and where it
    /// begins. The program is at its best with silence around the words: margins
    /// that there are not, as at the beginning of a stream, are made.
    fn sound(&self, start: f64, speech_end: f64) -> (f64, Vec<u8>) {
        let end = self.before + self.pcm.len();
        let (first, last) = (sample(start), sample(speech_end));
        let from = first
            .saturating_sub(MARGIN)
            .max(self.heard_until)
            .clamp(self.before, end);
        let to = (last + MARGIN).clamp(from, end);
        let silence = |length: usize| std::iter::repeat_n(0, length.min(MARGIN));
        let lead = silence((from + MARGIN).saturating_sub(first));
        let tail = silence((last + MARGIN).saturating_sub(to));
        let origin = (from as f64 - lead.len() as f64) / RATE as f64;
        let heard = self.pcm.range(from - self.before..to - self.before);
        let sound = lead
            .chain(heard.copied())
            .chain(tail)
            .flat_map(i16::to_le_bytes)
            .collect();
        (origin, sound)
    }

    /// Reports what waits for nothing, and starts the next process.
    fn proceed(&mut self, out: &mut Vec<Heard>) {
        while self.process.is_empty() {
            match self.waiting.front_mut() {
                Some(Waiting::Utterance(utterance)) => {
                    let sound = std::mem::take(&mut utterance.sound);
                    self.process.spawn(recognise(sound));
                }
                Some(Waiting::Heard(_)) => {
                    if let Some(Waiting::Heard(heard)) = self.waiting.pop_front() {
                        out.push(heard);
                    }
                }
                None => return,
            }
        }
    }

    fn answered(&mut self, answer: Option<&str>, out: &mut Vec<Heard>) {
        if let Some(Waiting::Utterance(utterance)) = self.waiting.pop_front() {
            out.push(utterance.end(answer.unwrap_or("")));
        }
        self.proceed(out);
    }
}

impl Utterance {
    fn end(self, answer: &str) -> Heard {
        let mut words = words(answer);
        let within = |time: f64| (time + self.origin).clamp(self.start, self.speech_end);
        for word in &mut words {
            word.start = within(word.start);
            word.end = within(word.end);
        }
        if words.is_empty() {
            return Heard::NotRecognised {
                utterance: self.utterance,
                start: self.start,
                speech_end: self.speech_end,
            };
        }
        Heard::Ended {
            utterance: self.utterance,
            engine: ENGINE,
            words,
            speech_end: self.speech_end,
        }
    }
}

/// The words of what the program prints, written as a sentence: it has neither
/// case nor marks.
///
/// Each is a line of word, start, end and probability. `<s>` and `<sil>` are
/// silence, `[NOISE]` is noise, `the(2)` is a second pronunciation.
fn words(answer: &str) -> Vec<Word> {
    let mut words: Vec<Word> = answer
        .lines()
        .filter_map(|line| {
            let [word, start, end, probability] = line.split(' ').collect::<Vec<_>>()[..] else {
                return None;
            };
            let (start, end): (f64, f64) = (start.parse().ok()?, end.parse().ok()?);
            probability.parse::<f64>().ok()?;
            let text = word.split('(').next().unwrap_or(word);
            let spoken = text.starts_with(|first: char| first.is_alphanumeric() || first == '\'');
            (spoken && end.is_finite() && start.is_finite()).then(|| Word {
                text: match text {
                    "i" | "i'm" | "i'd" | "i'll" | "i've" => capital(text),
                    _ => text.to_owned(),
                },
                punctuation: None,
                start,
                end,
            })
        })
        .collect();
    if let Some(first) = words.first_mut() {
        first.text = capital(&first.text);
    }
    if let Some(last) = words.last_mut() {
        last.punctuation = Some(".".to_owned());
    }
    words
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// The sample at `time` of a stream.
fn sample(time: f64) -> usize {
    (time * RATE as f64) as usize
}

async fn recognise(sound: Vec<u8>) -> Option<String> {
    let out = installed::run(PROGRAM, &ARGUMENTS, &sound).await.ok()?;
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn words_are_a_sentence_and_silence_is_none() {
        let answer = "the price i've got\n\
            <s> 0.000 0.370 1.000000\n\
            the(2) 0.380 0.570 0.957907\n\
            <sil> 0.580 0.690 0.900000\n\
            [NOISE] 0.700 0.950 0.956758\n\
            price 0.960 1.180 0.221934\n\
            i've 1.190 1.380 0.5\n\
            </s> 2.710 3.100 1.000000\n";
        let words = words(answer);
        let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
        assert_eq!(texts, ["The", "price", "I've"]);
        assert_eq!((words[1].start, words[1].end), (0.96, 1.18));
        assert_eq!(words[2].punctuation.as_deref(), Some("."));
        assert_eq!(
            (&words[0].punctuation, &words[1].punctuation),
            (&None, &None)
        );
    }

    #[test]
    fn silence_has_no_words() {
        assert!(words("\n<s> 0.000 0.730 0.999800\n</s> 0.740 0.980 1.000000\n").is_empty());
        assert!(words("").is_empty());
    }
}
