//! Going on with what comes, until somebody wants to stop.

use std::time::{Duration, Instant};

use cloud::{CloudError, Kind, LogReader};

use super::show::Shower;
use crate::aws::{Aws, time_text};
use crate::exit::Exit;
use crate::problem::Result;
use crate::session::Session;

/// How often AWS is asked: it takes 5 questions a second for an account and region.
const PAUSE: Duration = Duration::from_secs(2);
/// After how much silence a sign of life is given.
const SILENCE: Duration = Duration::from_secs(20);

/// Shows events as they come. Ctrl-C is how it ends, so nothing is said of it.
pub(super) fn follow(
    reader: &mut LogReader,
    shower: &mut Shower,
    aws: &Aws,
    session: &mut Session<'_>,
) -> Result {
    let (mut quiet, mut told, mut trouble) = (Instant::now(), Instant::now(), false);
    loop {
        let Ok(answer) = aws.unless_interrupted(reader.next()) else { return Ok(Exit::Interrupted) };
        match answer {
            Ok(Some((at, event))) => {
                let before = shower.shown;
                if !shower.show(at, &event, session)? {
                    return Ok(Exit::Done);
                }
                if shower.shown > before {
                    (quiet, told, trouble) = (Instant::now(), Instant::now(), false);
                }
                continue;
            }
            Ok(None) => {
                trouble = false;
                reader.again();
            }
            Err(error) if passes(&error) => {
                if !std::mem::replace(&mut trouble, true) {
                    session.printer.status(&format!("{error}; trying again"));
                    told = Instant::now();
                }
            }
            Err(error) => return Err(crate::aws::failure(&error)),
        }
        if told.elapsed() >= SILENCE {
            let time = time_text(quiet.elapsed());
            session.printer.status(&format!("nothing new for {time}; still following, Ctrl-C ends it"));
            told = Instant::now();
        }
        // A timer is made where it runs.
        if aws.unless_interrupted(async { tokio::time::sleep(PAUSE).await }).is_err() {
            return Ok(Exit::Interrupted);
        }
    }
}

/// Whether asking again may help.
fn passes(error: &CloudError) -> bool {
    error.kind() == Kind::Unreachable
}
