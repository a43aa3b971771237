//! `cargo xtask bench`: the library against a policy that waits, in one run.

use std::ffi::OsString;

use crate::process::Run;
use crate::project::Project;
use crate::report::Report;
use crate::{browser, package, setup, sizes};

/// The steps of `cargo xtask bench`.
pub fn run(project: &Project, report: &mut Report, options: &[OsString]) {
    let benches = project.root.join("benches");
    let ready = report.step("tools", || {
        package::tools(project, false)?;
        setup::npm(&benches)?;
        browser::chromium(project).map(drop)
    });
    if ready
        && report.step("package", || package::build(project))
        && report.step("local-aws", || project.build_local_aws())
    {
        report.step("measure", || {
            Run::new("node", [benches.join("run.mjs")])
                .args(options)
                .dir(&benches)
                .env("LOCAL_AWS_BIN", project.local_aws())
                .env("CHROMIUM", browser::chromium(project)?)
                .env("PKG", project.pkg())
                .run()
                .map(drop)
        });
        report.step("sizes", || sizes::report(project));
    }
}
