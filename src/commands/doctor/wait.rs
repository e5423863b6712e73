//! `doctor --wait`: until ACM has issued the certificates that are asked for.

use std::time::{Duration, Instant};

use cloud::Connection;
use cloud::preflight::{self, Check, Lack, Need, State};

use super::Group;
use crate::aws::{Aws, Row, time_text};
use crate::exit::Exit;
use crate::problem::{Failure, Problem, Result, count};
use crate::session::Session;

/// The pauses between the first questions; the last one stays. ACM looks at DNS by itself, and takes minutes or hours for it.
///
/// Source: [DNS validation][aws] in the ACM user guide: after 72 hours ACM gives up.
///
/// [aws]: https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html
const PAUSES: [Duration; 5] = [
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
    Duration::from_secs(15),
];
/// After how much silence a sign of life is given.
const SILENCE: Duration = Duration::from_secs(20);
/// After how many rounds without any answer there is no more asking: credentials may have ended meanwhile.
const UNANSWERED: usize = 20;

/// A certificate that ACM has not decided about.
pub(super) struct Awaited {
    pub(super) connection: Connection,
    pub(super) arn: String,
}

impl Awaited {
    /// The certificates among these rows that time can cure.
    pub(super) fn among(rows: &[Row], connection: &Connection) -> Vec<Awaited> {
        let arns = rows.iter().filter_map(|row| pending(&row.check));
        arns.map(|arn| Awaited { connection: connection.clone(), arn: arn.to_owned() }).collect()
    }

    async fn look(&self) -> Check {
        let region = self.arn.split(':').nth(3).unwrap_or_default().to_owned();
        let need = Need::Certificate { arn: self.arn.clone(), region };
        let answer = preflight::check(&self.connection, &[need]).await.pop();
        answer
            .unwrap_or_else(|| Check::unknown(format!("the certificate {}", self.arn), "there is no answer"))
    }
}

/// The ARN of the certificate that waits for its validation, if the check is about one.
fn pending(check: &Check) -> Option<&str> {
    match &check.lack {
        Some(Lack::Validation(arn)) => Some(arn),
        _ => None,
    }
}

/// Puts what came of a certificate in the place of what was known of it; its rows as they are now.
fn settle((arn, check): &(String, Check), groups: &mut [Group]) -> Vec<Row> {
    let rows = groups.iter_mut().flat_map(|group| &mut group.checks);
    let rows = rows.filter(|row| pending(&row.check) == Some(arn.as_str()));
    let mut settled: Vec<Row> = Vec::new();
    for row in rows {
        row.check = check.clone();
        match settled.first_mut() {
            Some(first) => first.places.extend(row.places.iter().cloned()),
            None => settled.push(row.clone()),
        }
    }
    settled
}

/// Certificates that are waited for.
pub(super) struct Waiting {
    awaited: Vec<Awaited>,
    began: Instant,
    /// When something was said last.
    said: Instant,
    /// How many rounds in a row had no answer.
    unanswered: usize,
    timeout: Option<Duration>,
    /// The command that waits again.
    again: String,
}

impl Waiting {
    pub(super) fn new(mut awaited: Vec<Awaited>, timeout: Option<Duration>, again: String) -> Waiting {
        awaited.sort_by(|one, other| one.arn.cmp(&other.arn));
        awaited.dedup_by(|one, other| one.arn == other.arn);
        let now = Instant::now();
        Waiting { awaited, began: now, said: now, unanswered: 0, timeout, again }
    }

    /// Waits until ACM has issued or given up each of the certificates, and puts what came of it into the groups; gives the
    /// rows that are other than before. What else is missing is no matter here.
    pub(super) fn wait(
        mut self,
        groups: &mut [Group],
        aws: &Aws,
        session: &mut Session<'_>,
    ) -> Result<Vec<Row>> {
        if self.awaited.is_empty() {
            session.printer.status("no certificate waits for its validation: there is nothing to wait for");
            return Ok(Vec::new());
        }
        let rows = groups.iter().flat_map(|group| &group.checks);
        for row in rows.filter(|row| pending(&row.check).is_some()) {
            session.printer.status(&format!("waiting: {}", row.check.what));
        }
        let (mut ended, mut round) = (Vec::new(), 0);
        while !self.awaited.is_empty() {
            self.rest(PAUSES[round.min(PAUSES.len() - 1)], aws, session)?;
            round += 1;
            for decided in self.look(aws, session)? {
                ended.extend(settle(&decided, groups));
            }
            if self.unanswered == UNANSWERED {
                session.printer.status("not waiting any longer: there were no answers");
                break;
            }
        }
        Ok(ended)
    }

    /// Pauses, with signs of life; ends when time is up or somebody wants to stop.
    fn rest(&mut self, pause: Duration, aws: &Aws, session: &mut Session<'_>) -> Result<()> {
        let left = self.timeout.map(|timeout| timeout.saturating_sub(self.began.elapsed()));
        if left == Some(Duration::ZERO) {
            let message = format!(
                "time is up after {}: {} not issued yet",
                time_text(self.began.elapsed()),
                self.certificates()
            );
            return Err(self.left(Exit::TimedOut, Problem::error("doctor/time-is-up", message)));
        }
        if self.said.elapsed() >= SILENCE {
            let (number, time) = (self.certificates(), time_text(self.began.elapsed()));
            session
                .printer
                .status(&format!("{number} not issued yet after {time}; still waiting, Ctrl-C ends it"));
            self.said = Instant::now();
        }
        let pause = left.map_or(pause, |left| pause.min(left));
        aws.unless_interrupted(async { tokio::time::sleep(pause).await })
            .map_err(|failure| self.interrupted(failure))
    }

    /// Asks for all; what ACM has decided is not asked for again.
    fn look(&mut self, aws: &Aws, session: &mut Session<'_>) -> Result<Vec<(String, Check)>> {
        let (mut decided, mut pending_still, mut trouble) = (Vec::new(), Vec::new(), None);
        let mut answered = false;
        for one in std::mem::take(&mut self.awaited) {
            let check = match aws.unless_interrupted(one.look()) {
                Ok(check) => check,
                Err(failure) => {
                    pending_still.push(one);
                    self.awaited = pending_still;
                    return Err(self.interrupted(failure));
                }
            };
            answered |= check.state != State::Unknown;
            if check.state == State::Unknown {
                trouble.clone_from(&check.reason);
            }
            if check.state == State::Unknown || pending(&check).is_some() {
                pending_still.push(one);
            } else {
                session.printer.status(&check.what);
                self.said = Instant::now();
                decided.push((one.arn, check));
            }
        }
        self.awaited = pending_still;
        if let Some(reason) = trouble.filter(|_| self.unanswered == 0) {
            session.printer.status(&format!("could not look at a certificate, and asks again: {reason}"));
        }
        self.unanswered = if answered { 0 } else { self.unanswered + 1 };
        Ok(decided)
    }

    fn certificates(&self) -> String {
        let number = self.awaited.len();
        format!("{} {}", count(number, "certificate"), if number == 1 { "is" } else { "are" })
    }

    fn interrupted(&self, failure: Failure) -> Failure {
        let message = format!("interrupted: {} not issued yet", self.certificates());
        self.left(failure.exit, Problem::error("aws/interrupted", message))
    }

    /// ACM needs nobody who waits.
    fn left(&self, exit: Exit, problem: Problem) -> Failure {
        let note = "ACM goes on looking for the records in DNS by itself, for 72 hours after it was asked";
        let problem = Problem { notes: vec![note.to_owned()], ..problem };
        Failure { next: Some(self.again.clone()), ..Failure::new(exit, vec![problem]) }
    }
}
