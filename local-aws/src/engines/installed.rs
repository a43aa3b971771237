//! Engines that are programs of the machine: espeak-ng speaks, Apertium
//! translates and pocketsphinx (in `sphinx`) recognises what the recordings, the
//! phrasebook and the lines do not know. Each runs as a
//! child process for each request, and only when asked for at the start, so that
//! the stand-in otherwise behaves alike everywhere.

use std::{
    io::{self, Cursor},
    process::{Command, Stdio},
};

use rubato::{
    Async, FixedAsync, Resampler as _, SincInterpolationParameters, SincInterpolationType,
    WindowFunction, audioadapter_buffers::direct::SequentialSlice,
};
use tokio::io::AsyncWriteExt;

use super::{RATE, sphinx, text};

/// espeak-ng's amplitude, 0 to 200: its default of 100 clips.
const AMPLITUDE: &str = "80";

/// Which programs there are.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Installed {
    pub espeak: bool,
    pub apertium: bool,
    pub sphinx: bool,
}

impl Installed {
    /// Finds out by running them.
    pub(super) fn detect() -> Self {
        let pairs = runs("apertium", &["-l"]).unwrap_or_default();
        Self {
            espeak: runs("espeak-ng", &["--version"]).is_some(),
            apertium: ["eng-spa", "spa-eng"]
                .iter()
                .all(|pair| pairs.lines().any(|line| line.trim() == *pair)),
            sphinx: sphinx::is_installed(),
        }
    }

    /// Any text of the pairs English and Spanish.
    pub(super) async fn translate(&self, source: &str, target: &str, text: &str) -> Option<String> {
        let pair = match (
            text::primary(source).as_str(),
            text::primary(target).as_str(),
        ) {
            ("en", "es") => "eng-spa",
            ("es", "en") => "spa-eng",
            _ => return None,
        };
        if !self.apertium || text::tokens(text).is_empty() {
            return None;
        }
        let out = run("apertium", &["-u", pair], &line(text)).await.ok()?;
        let out = String::from_utf8(out).ok()?.trim().to_owned();
        (!out.is_empty()).then_some(out)
    }

    /// Any text in the languages that espeak-ng has.
    pub(super) async fn speak(&self, language: &str, text: &str) -> Option<Vec<i16>> {
        if !self.espeak || text::tokens(text).is_empty() {
            return None;
        }
        let voice = voice(language);
        let wav = run(
            "espeak-ng",
            &["-v", &voice, "-a", AMPLITUDE, "--stdin", "--stdout"],
            &line(text),
        )
        .await
        .ok()?;
        to_16k(&wav)
    }
}

/// espeak-ng's voice for a Polly language code.
fn voice(language: &str) -> String {
    match language.to_lowercase().as_str() {
        "es-us" | "es-mx" => "es-419".to_owned(),
        "cmn-cn" => "cmn".to_owned(),
        "arb" | "ar-ae" => "ar".to_owned(),
        known @ ("en-us" | "en-gb" | "pt-br" | "fr-be" | "fr-ch") => known.to_owned(),
        other => text::primary(other),
    }
}

/// A program's output, if there is the program and it succeeds.
pub(super) fn runs(program: &str, arguments: &[&str]) -> Option<String> {
    Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .ok()
        .filter(|output| output.status.success())
        .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// A text with a line's end: without it Apertium waits for more punctuation.
fn line(text: &str) -> Vec<u8> {
    format!("{text}\n").into_bytes()
}

/// A program's output for `input`.
pub(super) async fn run(program: &str, arguments: &[&str], input: &[u8]) -> io::Result<Vec<u8>> {
    let mut child = tokio::process::Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input).await?;
    }
    let output = child.wait_with_output().await?;
    if output.status.success() {
        Ok(output.stdout)
    } else {
        Err(io::Error::other(format!("{program} failed")))
    }
}

/// The samples of a mono WAV stream, at 16 kHz.
fn to_16k(wav: &[u8]) -> Option<Vec<i16>> {
    let mut reader = hound::WavReader::new(Cursor::new(wav)).ok()?;
    let rate = reader.spec().sample_rate;
    // A stream's header promises more than there is: take what comes.
    let pcm: Vec<f32> = reader
        .samples::<i16>()
        .map_while(Result::ok)
        .map(|sample| f32::from(sample) / 32768.0)
        .collect();
    if pcm.is_empty() {
        return None;
    }
    let ratio = RATE as f64 / f64::from(rate);
    // 320 phases are exact for espeak-ng's 22,050 Hz.
    let parameters = SincInterpolationParameters::new(256, WindowFunction::BlackmanHarris)
        .f_cutoff(0.92)
        .oversampling_factor(320)
        .interpolation(SincInterpolationType::Nearest);
    let mut resampler =
        Async::<f32>::new_sinc(ratio, 1.0, &parameters, 1024, 1, FixedAsync::Input).ok()?;
    let length = resampler.process_all_needed_output_len(pcm.len());
    let mut out = vec![0.0; length];
    let input = SequentialSlice::new(&pcm, 1, pcm.len()).ok()?;
    let mut output = SequentialSlice::new_mut(&mut out, 1, length).ok()?;
    let (_, made) = resampler
        .process_all_into_buffer(&input, &mut output, pcm.len(), None)
        .ok()?;
    out.truncate(made);
    Some(
        out.iter()
            .map(|s| (s * 32767.0).clamp(-32768.0, 32767.0) as i16)
            .collect(),
    )
}
