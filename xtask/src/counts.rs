//! Reads the summaries of the test runners.

use std::fmt;
use std::ops::AddAssign;

/// Tests by outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Ran and held.
    pub passed: u32,
    /// Ran and did not, or were stopped by another's failure.
    pub failed: u32,
    /// Left out on purpose.
    pub skipped: u32,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

/// The sum of libtest's and wasm-bindgen-test's `test result:` lines.
pub fn of_libtest(output: &str) -> Counts {
    let mut sum = Counts::default();
    for line in plain(output).lines() {
        let Some((_, result)) = line.split_once("test result: ") else {
            continue;
        };
        for part in result.split([';', '.']) {
            match number_before(part, "passed") {
                Some(n) => sum.passed += n,
                None => {
                    sum.failed += number_before(part, "failed").unwrap_or(0);
                    sum.skipped += number_before(part, "ignored").unwrap_or(0);
                }
            }
        }
    }
    sum
}

/// Playwright's summary, one outcome per line. A test that was flaky,
/// interrupted or did not run is not a test that passed.
pub fn of_playwright(output: &str) -> Counts {
    let mut sum = Counts::default();
    for line in plain(output).lines() {
        let line = match line.split_once(" (") {
            Some((line, _)) => line,
            None => line,
        };
        let n = |word| number_before(line, word).unwrap_or(0);
        sum.passed += n("passed");
        sum.failed += n("failed") + n("flaky") + n("interrupted") + n("did not run");
        sum.failed +=
            n("error was not a part of any test") + n("errors were not a part of any test");
        sum.skipped += n("skipped");
    }
    sum
}

/// The summary of `node --test` in its TAP form.
pub fn of_node(output: &str) -> Counts {
    let mut sum = Counts::default();
    for line in plain(output).lines() {
        let Some((what, n)) = line.strip_prefix("# ").and_then(|l| l.split_once(' ')) else {
            continue;
        };
        let n = n.parse().unwrap_or(0);
        match what {
            "pass" => sum.passed += n,
            "fail" | "cancelled" => sum.failed += n,
            "skipped" | "todo" => sum.skipped += n,
            _ => {}
        }
    }
    sum
}

/// `n` when the text is exactly "n word".
fn number_before(text: &str, word: &str) -> Option<u32> {
    let (number, rest) = text.trim().split_once(' ')?;
    (rest.trim() == word).then(|| number.parse().ok())?
}

/// Without the colours.
fn plain(output: &str) -> String {
    let mut text = String::with_capacity(output.len());
    let mut rest = output.chars();
    while let Some(c) = rest.next() {
        if c == '\u{1b}' {
            // A control sequence ends with its first letter.
            rest.by_ref().find(char::is_ascii_alphabetic);
        } else {
            text.push(c);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_up_every_test_binary() {
        let output = "\
running 2 tests
test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s

test result: \u{1b}[31mFAILED\u{1b}[0m. 5 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.20s
test result: ok. 7 passed; 0 failed; 0 ignored; 4 filtered out; finished in 0.03s
";
        assert_eq!(
            of_libtest(output),
            Counts {
                passed: 14,
                failed: 3,
                skipped: 1
            }
        );
    }

    #[test]
    fn reads_playwright() {
        let output = "\
Running 9 tests using 1 worker
  ✓  1 call.spec.js:3:1 › 12 passed lines are heard (1.2s)

  1 failed
    call.spec.js:9:1 › the other ────
  2 did not run
  1 skipped
  5 passed (12.3s)
";
        assert_eq!(
            of_playwright(output),
            Counts {
                passed: 5,
                failed: 3,
                skipped: 1
            }
        );
    }

    #[test]
    fn reads_the_node_runner() {
        let output = "TAP version 13\n# Subtest: pass 9\nok 1 - pass 9\n1..3\n# tests 3\n# suites 0\n\
            # pass 2\n# fail 0\n# cancelled 1\n# skipped 4\n# todo 0\n# duration_ms 50.1\n";
        assert_eq!(
            of_node(output),
            Counts {
                passed: 2,
                failed: 1,
                skipped: 4
            }
        );
    }

    #[test]
    fn text_that_only_looks_like_a_summary_counts_nothing() {
        assert_eq!(of_playwright("the 3 passed ones"), Counts::default());
        assert_eq!(of_libtest("12 passed; 0 failed"), Counts::default());
    }
}
