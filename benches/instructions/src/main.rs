//! Runs one piece of work, once to warm up and once to be counted. Without an
//! argument it names them all.
//!
//! Under callgrind only what happens within [`counted_work`] is counted, so
//! that preparing costs nothing. It says on standard output which features of
//! the processor the code may choose by: valgrind has its own processor.

mod audio;
mod call;
mod wire;

use std::error::Error;
use std::process::ExitCode;

/// Does its work once; the same work each time.
type Work = Box<dyn FnMut()>;

type Prepare = fn() -> Result<Work, Box<dyn Error>>;

/// In the order of the table. The names are the keys of `instructions.json`.
const ALL: [(&str, Prepare); 9] = [
    ("resample 1 s, 48 to 16 kHz", || {
        audio::resample(48_000, 16_000)
    }),
    ("resample 1 s, 44.1 to 16 kHz", || {
        audio::resample(44_100, 16_000)
    }),
    ("resample 1 s, 16 to 48 kHz", || {
        audio::resample(16_000, 48_000)
    }),
    ("frame and encode 1 s", audio::messages),
    ("decode a transcript of 20 words", wire::transcript),
    ("presign a stream's URL", wire::presign),
    ("session: 16 batches of 2400 frames", call::audio),
    ("session: a partial of 20 words", call::partial),
    ("session: a final of 20 words", call::last),
];

/// Callgrind counts from here on, and until it returns.
#[inline(never)]
fn counted_work(work: &mut dyn FnMut()) {
    work();
}

#[cfg(target_arch = "x86_64")]
fn features() -> String {
    let features = [
        ("avx", std::arch::is_x86_feature_detected!("avx")),
        ("avx2", std::arch::is_x86_feature_detected!("avx2")),
        ("fma", std::arch::is_x86_feature_detected!("fma")),
    ];
    let there = features.iter().filter(|(_, there)| *there);
    there.map(|(name, _)| *name).collect::<Vec<_>>().join(" ")
}

#[cfg(not(target_arch = "x86_64"))]
fn features() -> String {
    String::new()
}

fn run(name: &str) -> Result<(), Box<dyn Error>> {
    let (_, prepare) = ALL
        .iter()
        .find(|(known, _)| *known == name)
        .ok_or_else(|| format!("nothing is called {name:?}"))?;
    let mut work = prepare()?;
    work();
    counted_work(&mut *work);
    println!("{}", features());
    Ok(())
}

fn main() -> ExitCode {
    let Some(name) = std::env::args().nth(1) else {
        for (name, _) in ALL {
            println!("{name}");
        }
        return ExitCode::SUCCESS;
    };
    match run(&name) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_runs_and_has_a_name_of_its_own() {
        for (n, (name, prepare)) in ALL.iter().enumerate() {
            assert!(!ALL[..n].iter().any(|(other, _)| other == name), "{name}");
            let mut work = prepare().unwrap();
            work();
            counted_work(&mut *work);
        }
        assert!(run("nothing").is_err());
    }
}
