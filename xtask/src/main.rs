//! `cargo xtask`: the project's commands. Each one sets up what it needs,
//! says its steps and the minutes they took, and ends non-zero when a step
//! failed.

mod bench;
mod browser;
mod by_crate;
mod counts;
mod demo;
#[cfg(test)]
mod docs;
mod fuzz;
mod instructions;
mod notices;
mod package;
mod panics;
mod process;
mod project;
#[cfg(test)]
mod purity;
mod report;
mod setup;
mod shrink;
mod sizes;
mod test;

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::{Result, bail};
use lexopt::prelude::*;

use project::Project;
use report::Report;

const HELP: &str = "\
cargo xtask COMMAND [OPTIONS]

  demo      build the package and the local stand-in, serve the demo page
      --open     show it in Chromium, with the flags that a machine without a
                 network interface needs
      --picture  take the call in headless Chromium and write docs/demo.png
  test      everything CI runs: format, lints on both targets, dependencies,
            native tests, instruction counts, a minute of each fuzz target, the
            same tests in headless Chrome, the package and its budget, a load of
            the package, whole-page tests
      --long     also ignored tests and the advisory database (needs network)
  bench     latency, CPU and size of the library against a policy that waits
            for final results, in every call of benches/README.md; options are
            handed on to benches/run.mjs
  fuzz      fuzz the decoders, the segmenter, the options and whole sessions
      --seconds N   each target runs so long, two at a time; default 60
      --target NAME only that one
  instructions  count the instructions of the hot paths and hold them against
            benches/instructions.json
      --update   keep the new numbers
  package   the npm package in pkg/, its sizes by file and by crate
      --dev      unoptimised and quick; no sizes

Tools are kept in $CONNECT_INTERPRETER_CACHE, else in
$XDG_CACHE_HOME/connect-interpreter, else in ~/.cache/connect-interpreter.
CHROMIUM and CHROMEDRIVER name other binaries than those found on PATH.
CONNECT_RTC_JS names a connect-rtc.js (aws/connect-rtc-js) for the page tests to
take calls with as well; without it these are skipped.
";

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
enum Command {
    Help,
    Demo { open: bool, picture: bool },
    Test { long: bool },
    Bench { options: Vec<OsString> },
    Fuzz(fuzz::Options),
    Instructions { update: bool },
    Package { dev: bool },
}

fn parse(mut args: lexopt::Parser) -> Result<Command> {
    let mut command = None;
    while let Some(arg) = args.next()? {
        match (&mut command, arg) {
            (_, Short('h') | Long("help")) => return Ok(Command::Help),
            (None, Value(name)) => {
                command = Some(match name.to_str() {
                    Some("demo") => Command::Demo {
                        open: false,
                        picture: false,
                    },
                    Some("test") => Command::Test { long: false },
                    Some("bench") => Command::Bench {
                        options: args.raw_args()?.collect(),
                    },
                    Some("fuzz") => Command::Fuzz(fuzz::Options::default()),
                    Some("instructions") => Command::Instructions { update: false },
                    Some("package") => Command::Package { dev: false },
                    Some("help") => return Ok(Command::Help),
                    _ => bail!("no command {name:?}; see cargo xtask --help"),
                });
            }
            (Some(Command::Demo { open, .. }), Long("open")) => *open = true,
            (Some(Command::Demo { picture, .. }), Long("picture")) => *picture = true,
            (Some(Command::Test { long }), Long("long")) => *long = true,
            (Some(Command::Instructions { update }), Long("update")) => *update = true,
            (Some(Command::Package { dev }), Long("dev")) => *dev = true,
            (Some(Command::Fuzz(options)), Long("seconds")) => {
                options.seconds = args.value()?.parse()?;
            }
            (Some(Command::Fuzz(options)), Long("target")) => {
                options.target = Some(args.value()?.parse()?);
            }
            (_, arg) => bail!("{}; see cargo xtask --help", arg.unexpected()),
        }
    }
    Ok(command.unwrap_or(Command::Help))
}

fn run() -> Result<bool> {
    if panics::is_linking() {
        return panics::link().map(|()| true);
    }
    let command = parse(lexopt::Parser::from_env())?;
    if command == Command::Help {
        print!("{HELP}");
        return Ok(true);
    }
    let project = Project::find()?;
    let mut report = Report::default();
    match command {
        Command::Help => {}
        Command::Demo { open, picture } => demo::run(&project, &mut report, open, picture)?,
        Command::Test { long } => test::run(&project, &mut report, long),
        Command::Bench { options } => bench::run(&project, &mut report, &options),
        Command::Fuzz(options) => fuzz::run(&project, &mut report, &options),
        Command::Instructions { update } => instructions::run(&project, &mut report, update),
        Command::Package { dev } => package::run(&project, &mut report, dev),
    }
    Ok(report.finish())
}

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(args: &[&str]) -> Result<Command> {
        parse(lexopt::Parser::from_args(args))
    }

    #[test]
    fn reads_commands_and_their_options() {
        assert_eq!(
            parsed(&["test", "--long"]).unwrap(),
            Command::Test { long: true }
        );
        assert_eq!(
            parsed(&["package", "--dev"]).unwrap(),
            Command::Package { dev: true }
        );
        assert_eq!(
            parsed(&["instructions", "--update"]).unwrap(),
            Command::Instructions { update: true }
        );
        assert_eq!(
            parsed(&["bench", "--quick"]).unwrap(),
            Command::Bench {
                options: vec!["--quick".into()]
            }
        );
        assert_eq!(
            parsed(&["fuzz", "--seconds", "600", "--target", "calls"]).unwrap(),
            Command::Fuzz(fuzz::Options {
                seconds: 600,
                target: Some("calls".into()),
            })
        );
        assert!(parsed(&["fuzz", "--seconds", "long"]).is_err());
        assert_eq!(parsed(&[]).unwrap(), Command::Help);
        assert_eq!(parsed(&["demo", "--help"]).unwrap(), Command::Help);
    }

    #[test]
    fn refuses_options_of_other_commands() {
        assert!(parsed(&["test", "--dev"]).is_err());
        assert!(parsed(&["test", "--update"]).is_err());
        assert!(parsed(&["frobnicate"]).is_err());
        assert!(parsed(&["test", "extra"]).is_err());
    }
}
