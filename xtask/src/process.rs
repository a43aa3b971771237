//! Child processes whose output is shown as it comes and kept as well.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io::{self, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};

use anyhow::{Context, Result, bail};

/// A program to run to its end.
pub struct Run {
    command: Command,
    quiet: bool,
}

impl Run {
    /// `program args…`, in the current folder, with no input.
    pub fn new<I, S>(program: impl AsRef<OsStr>, args: I) -> Self
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        let mut command = Command::new(program);
        command.args(args).stdin(Stdio::null());
        Self {
            command,
            quiet: false,
        }
    }

    /// The cargo that started us.
    pub fn cargo<I, S>(args: I) -> Self
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        Self::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()), args)
    }

    /// With more arguments.
    pub fn args<I, S>(mut self, args: I) -> Self
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        self.command.args(args);
        self
    }

    /// In this folder.
    pub fn dir(mut self, dir: impl AsRef<Path>) -> Self {
        self.command.current_dir(dir);
        self
    }

    /// With a variable set.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// With these folders before the rest of PATH.
    pub fn path_first<'a>(self, folders: impl IntoIterator<Item = &'a Path>) -> Result<Self> {
        let old = env::var_os("PATH").unwrap_or_default();
        let path = env::join_paths(
            folders
                .into_iter()
                .map(Path::to_owned)
                .chain(env::split_paths(&old)),
        )?;
        Ok(self.env("PATH", path))
    }

    /// Without showing what it prints. Only standard output is kept.
    pub fn quiet(mut self) -> Self {
        self.quiet = true;
        self
    }

    /// Runs it. The text is both streams in the order they came; a status
    /// other than 0 is an error.
    pub fn run(self) -> Result<String> {
        let (text, success) = self.run_any()?;
        if let Err(status) = success {
            bail!("{status}");
        }
        Ok(text)
    }

    /// Runs it; what it printed counts even when it failed. The inner result
    /// is how it ended.
    pub fn run_any(mut self) -> Result<(String, Result<(), String>)> {
        let name = describe(&self.command);
        let mut text = Vec::new();
        let status = if self.quiet {
            let out = self
                .command
                .stderr(Stdio::piped())
                .output()
                .with_context(|| format!("cannot start {name}"))?;
            text = out.stdout;
            if !out.status.success() {
                io::stderr().write_all(&out.stderr)?;
            }
            out.status
        } else {
            let (mut reader, writer) = io::pipe()?;
            self.command.stdout(writer.try_clone()?).stderr(writer);
            let mut child = self
                .command
                .spawn()
                .with_context(|| format!("cannot start {name}"))?;
            // The command holds the writing ends; the reader only ends when
            // they are gone.
            drop(self.command);
            tee(&mut reader, &mut text)?;
            child.wait()?
        };
        let ended = match status.success() {
            true => Ok(()),
            false => Err(format!("{name}: {status}")),
        };
        Ok((String::from_utf8_lossy(&text).into_owned(), ended))
    }
}

fn tee(from: &mut impl Read, kept: &mut Vec<u8>) -> io::Result<()> {
    let mut chunk = [0; 4096];
    let mut shown = io::stdout();
    loop {
        let n = from.read(&mut chunk)?;
        if n == 0 {
            return Ok(());
        }
        kept.extend_from_slice(&chunk[..n]);
        shown.write_all(&chunk[..n])?;
        shown.flush()?;
    }
}

/// Program and first arguments, for messages.
fn describe(command: &Command) -> String {
    let mut words = vec![
        Path::new(command.get_program())
            .file_name()
            .unwrap_or(command.get_program())
            .to_string_lossy()
            .into_owned(),
    ];
    words.extend(
        command
            .get_args()
            .take(3)
            .map(|arg| arg.to_string_lossy().into_owned()),
    );
    words.join(" ")
}

/// A child that is ended when this is dropped.
pub struct Running {
    child: Child,
    /// Kept open: waiting for a child closes its input first, and a server
    /// that ends with its input would end at once.
    _stdin: Option<ChildStdin>,
}

impl Running {
    /// Starts it.
    pub fn start(command: &mut Command) -> Result<Self> {
        let mut child = command
            .spawn()
            .with_context(|| format!("cannot start {}", describe(command)))?;
        let _stdin = child.stdin.take();
        Ok(Self { child, _stdin })
    }

    /// What it prints, if that is piped and was not taken before.
    pub fn stdout(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// Waits until it ends by itself.
    pub fn wait(&mut self) -> io::Result<ExitStatus> {
        self.child.wait()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself: nothing to do then.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The first of these programs that PATH has.
pub fn which(names: &[&str]) -> Option<OsString> {
    let path = env::var_os("PATH")?;
    names.iter().find_map(|name| {
        env::split_paths(&path)
            .map(|dir| dir.join(format!("{name}{}", env::consts::EXE_SUFFIX)))
            .find(|file| file.is_file())
            .map(Into::into)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_what_a_failing_child_said() {
        let (text, ended) = Run::new("sh", ["-c", "echo out; echo err >&2; exit 3"])
            .run_any()
            .unwrap();
        assert_eq!(text, "out\nerr\n");
        assert!(ended.unwrap_err().contains('3'));
    }

    #[test]
    fn says_which_program_is_missing() {
        let error = Run::new("no-such-program-anywhere", ["x"])
            .run()
            .unwrap_err();
        assert!(error.to_string().contains("no-such-program-anywhere"));
    }
}
