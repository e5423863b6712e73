//! What cannot be tested on a machine without some program or file: said aloud, and a failure where it must be there.

use std::io::Write;

/// Set where every program that tests use is installed, as `.ci/run` installs them.
#[cfg(all(feature = "aws", unix))]
const COMPLETE: &str = "DOCUTHINKER_TEST_PROGRAMS";

/// Says that the test is skipped, also where it passes: what `eprintln!` writes is then kept back.
pub(crate) fn skipped(why: &str) {
    let test = std::thread::current().name().unwrap_or_default().to_owned();
    let _ = writeln!(std::io::stderr(), "skipped {test}: {why}");
}

/// Those of the programs that are not on the path.
#[cfg(all(feature = "aws", unix))]
fn missing<'p>(programs: &[&'p str]) -> Vec<&'p str> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_there = |program: &str| std::env::split_paths(&path).any(|folder| folder.join(program).is_file());
    programs.iter().copied().filter(|program| !is_there(program)).collect()
}

/// Whether these programs are installed. Without them the test is skipped, or fails where they must be there.
#[cfg(all(feature = "aws", unix))]
#[track_caller]
pub(crate) fn are_installed(programs: &[&str]) -> bool {
    let missing = missing(programs);
    if missing.is_empty() {
        return true;
    }
    let why = format!("{} is not installed", missing.join(", "));
    assert!(std::env::var_os(COMPLETE).is_none(), "{why}, and {COMPLETE} says that it is");
    skipped(&why);
    false
}

#[cfg(all(feature = "aws", unix))]
#[test]
fn a_program_that_is_not_there_is_found_missing() {
    assert!(are_installed(&["sh"]));
    assert_eq!(missing(&["sh", "no-such-program"]), ["no-such-program"]);
}
