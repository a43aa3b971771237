//! Steps, the minutes they took, and the table at the end.

use std::time::Instant;

use anyhow::Result;

use crate::counts::Counts;

/// What a step has to say when it went well.
#[derive(Default)]
pub struct Done {
    /// For the table, a few words.
    pub note: String,
    /// The tests it ran.
    pub counts: Counts,
    /// Why it failed although its tests were counted.
    pub failure: Option<String>,
}

impl From<()> for Done {
    fn from((): ()) -> Self {
        Self::default()
    }
}

impl From<String> for Done {
    fn from(note: String) -> Self {
        Self {
            note,
            ..Self::default()
        }
    }
}

struct Step {
    name: &'static str,
    minutes: f64,
    done: Done,
}

/// The steps of one command.
#[derive(Default)]
pub struct Report {
    steps: Vec<Step>,
}

impl Report {
    /// Runs one step and tells whether it went well.
    pub fn step<D: Into<Done>>(
        &mut self,
        name: &'static str,
        work: impl FnOnce() -> Result<D>,
    ) -> bool {
        println!("\n=== {name}");
        let started = Instant::now();
        let done = work().map(Into::into).unwrap_or_else(|error| Done {
            failure: Some(format!("{error:#}")),
            ..Done::default()
        });
        let minutes = started.elapsed().as_secs_f64() / 60.0;
        match &done.failure {
            Some(why) => println!("=== {name}: FAILED after {minutes:.1} min: {why}"),
            None => println!("=== {name}: {minutes:.1} min"),
        }
        let well = done.failure.is_none();
        self.steps.push(Step {
            name,
            minutes,
            done,
        });
        well
    }

    /// Prints the table and, when tests ran, their totals on the last line.
    /// True when no step failed.
    pub fn finish(&self) -> bool {
        if self.steps.is_empty() {
            return true;
        }
        println!("\n=== summary");
        print!("{}", self.table());
        let failed: Vec<_> = self
            .steps
            .iter()
            .filter(|step| step.done.failure.is_some())
            .map(|step| step.name)
            .collect();
        if !failed.is_empty() {
            println!("failed steps: {}", failed.join(", "));
        }
        if self
            .steps
            .iter()
            .any(|step| step.done.counts != Counts::default())
        {
            println!("{}", self.total());
        }
        failed.is_empty()
    }

    /// All tests of all steps. A step that failed before it could count a
    /// failed test (a compile error, a lint) stands for one, so that the last
    /// line never says that nothing failed.
    fn total(&self) -> Counts {
        let mut total = Counts::default();
        for step in &self.steps {
            total += step.done.counts;
            if step.done.failure.is_some() && step.done.counts.failed == 0 {
                total.failed += 1;
            }
        }
        total
    }

    fn table(&self) -> String {
        let width = self.steps.iter().map(|s| s.name.len()).max().unwrap_or(0);
        let mut table = String::new();
        let mut minutes = 0.0;
        for step in &self.steps {
            minutes += step.minutes;
            let outcome = match step.done.failure {
                Some(_) => "FAILED",
                None => "ok",
            };
            let mut notes = Vec::new();
            if step.done.counts != Counts::default() {
                notes.push(step.done.counts.to_string());
            }
            if !step.done.note.is_empty() {
                notes.push(step.done.note.clone());
            }
            let line = format!(
                "{:width$}  {:>5.1} min  {outcome:6}  {}",
                step.name,
                step.minutes,
                notes.join(" · ")
            );
            table.push_str(line.trim_end());
            table.push('\n');
        }
        table.push_str(&format!("{:width$}  {minutes:>5.1} min\n", "all"));
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::bail;

    #[test]
    fn totals_count_tests_and_steps_that_never_got_to_them() {
        let mut report = Report::default();
        let tests = |passed, failed| Done {
            counts: Counts {
                passed,
                failed,
                ..Counts::default()
            },
            failure: (failed > 0).then(|| "tests failed".to_owned()),
            ..Done::default()
        };
        assert!(report.step("one", || Ok(tests(3, 0))));
        assert!(!report.step("two", || Ok(tests(4, 2))));
        assert!(!report.step("three", || -> Result<()> { bail!("does not compile") }));
        assert_eq!(report.total().to_string(), "7 passed, 3 failed");
        assert!(report.table().contains("two"));
        assert!(!report.finish());
    }
}
