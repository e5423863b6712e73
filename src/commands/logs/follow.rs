//! Going on with what comes, until somebody wants to stop: by CloudWatch's live tail where it is allowed, by asking again and
//! again where not.

use std::time::{Duration, Instant};

use cloud::{CloudError, Connection, Kind, LiveTail, LogQuery, LogReader, Tailed};

use super::show::Shower;
use crate::aws::{Aws, time_text};
use crate::exit::Exit;
use crate::problem::Result;
use crate::session::Session;

/// How often AWS is asked: it takes 5 questions a second for an account and region.
const PAUSE: Duration = Duration::from_secs(2);
/// After how much silence a sign of life is given.
const SILENCE: Duration = Duration::from_secs(20);
/// How long after each other it is asked for what a live tail has not told, since it came in before: an answer may lack what
/// came in a moment ago.
const CATCHING_UP: [Duration; 3] = [Duration::from_secs(5), Duration::from_secs(10), Duration::from_secs(15)];

/// What is said once of a live tail, and of one that leaves events out.
const LIVE: &str =
    "following with CloudWatch's live tail, which AWS bills by the minute (`--poll` asks instead)";
const SAMPLED: &str =
    "more than 500 events a second: the live tail leaves some out, which are asked for and come late";

/// When to ask, and how often after that.
struct Looks {
    next: Option<Instant>,
    then: &'static [Duration],
}

impl Looks {
    /// Asks a few times from now on, for what a live tail has not told.
    fn catch_up(&mut self, first: Duration) {
        let first = Instant::now() + first;
        self.next = Some(self.next.map_or(first, |planned| planned.min(first)));
        self.then = &CATCHING_UP;
    }

    /// After a question; `live` if the live tail tells what comes.
    fn looked(&mut self, live: bool) {
        let pause = match self.then {
            _ if !live => Some(PAUSE),
            [pause, rest @ ..] => {
                self.then = rest;
                Some(*pause)
            }
            [] => None,
        };
        self.next = pause.map(|pause| Instant::now() + pause);
    }
}

/// What is known while it is followed.
struct Following<'a> {
    reader: LogReader,
    shower: &'a mut Shower,
    aws: &'a Aws,
    /// The live tail, if there is one or one may still begin. Until it has, and after it broke off, it is asked.
    tail: Option<LiveTail>,
    looks: Looks,
    /// Since when nothing came, when something was said last, and whether the trouble was told.
    quiet: Instant,
    said: Instant,
    trouble: bool,
    /// Whether it was told that there is a live tail; and when, that it leaves events out.
    was_live: bool,
    sampled: Option<Instant>,
}

/// Shows events as they come. Ctrl-C is how it ends, so nothing is said of it. With `poll`, AWS is asked and no live tail begun.
pub(super) fn follow(
    places: &[(Connection, LogQuery)],
    reader: LogReader,
    shower: &mut Shower,
    poll: bool,
    aws: &Aws,
    session: &mut Session<'_>,
) -> Result {
    let now = Instant::now();
    let mut following = Following {
        reader,
        shower,
        aws,
        tail: None,
        looks: Looks { next: Some(now), then: &[] },
        quiet: now,
        said: now,
        trouble: false,
        was_live: false,
        sampled: None,
    };
    if let Some(end) = following.look(session)? {
        return Ok(end);
    }
    if poll {
        asks(None, session);
    } else {
        match aws.run(async { LiveTail::start(places) }) {
            Ok(tail) => following.tail = Some(tail),
            Err(reason) => asks(Some(&reason), session),
        }
    }
    following.go_on(session)
}

/// Says that it is followed by asking.
fn asks(reason: Option<&str>, session: &mut Session<'_>) {
    let why = reason.map(|reason| format!(", since there is no live tail: {reason}")).unwrap_or_default();
    session.printer.status(&format!("following by asking every {} s{why}", PAUSE.as_secs()));
}

impl Following<'_> {
    fn go_on(&mut self, session: &mut Session<'_>) -> Result {
        loop {
            if self.looks.next.is_some_and(|next| next <= Instant::now())
                && let Some(end) = self.look(session)?
            {
                return Ok(end);
            }
            if self.said.elapsed() >= SILENCE {
                let time = time_text(self.quiet.elapsed());
                session.printer.status(&format!("nothing new for {time}; still following, Ctrl-C ends it"));
                self.said = Instant::now();
            }
            let sign = self.said + SILENCE;
            let until = self.looks.next.map_or(sign, |next| next.min(sign));
            let Ok(told) = self.aws.unless_interrupted(told(self.tail.as_mut(), until)) else {
                return Ok(Exit::Interrupted);
            };
            if let Some(told) = told
                && !self.take(told, session)?
            {
                return Ok(Exit::Done);
            }
        }
    }

    /// Takes in what the live tail told; `false` if nobody reads any more.
    fn take(&mut self, told: Tailed, session: &mut Session<'_>) -> Result<bool> {
        match told {
            Tailed::Began => {
                if !std::mem::replace(&mut self.was_live, true) {
                    session.printer.status(LIVE);
                }
                self.looks.catch_up(Duration::ZERO);
            }
            Tailed::Events { events, sampled } => return self.show(events, sampled, session),
            Tailed::Broke => self.looks.catch_up(PAUSE),
            Tailed::Refused(reason) => {
                self.tail = None;
                self.looks.catch_up(PAUSE);
                asks(Some(&reason), session);
            }
        }
        Ok(true)
    }

    fn show(
        &mut self,
        events: Vec<(usize, cloud::LogEvent)>,
        sampled: bool,
        session: &mut Session<'_>,
    ) -> Result<bool> {
        if sampled {
            self.looks.catch_up(PAUSE);
            if self.sampled.is_none_or(|told| told.elapsed() > SILENCE) {
                session.printer.status(SAMPLED);
                self.sampled = Some(Instant::now());
            }
        }
        for (at, event) in events {
            // As long as something may be missing, the next question begins where the last one did.
            if self.looks.next.is_none() {
                self.reader.reached(at, event.time);
            }
            if self.reader.is_new(at, &event) && !self.shown(at, &event, session)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Shows an event; `false` if nobody reads any more.
    fn shown(&mut self, at: usize, event: &cloud::LogEvent, session: &mut Session<'_>) -> Result<bool> {
        let before = self.shower.shown;
        if !self.shower.show(at, event, session)? {
            return Ok(false);
        }
        if self.shower.shown > before {
            (self.quiet, self.said, self.trouble) = (Instant::now(), Instant::now(), false);
        }
        Ok(true)
    }

    /// Asks for what came since the last question, and shows it; how the command ends, if it does.
    fn look(&mut self, session: &mut Session<'_>) -> Result<Option<Exit>> {
        loop {
            let Ok(answer) = self.aws.unless_interrupted(self.reader.next()) else {
                return Ok(Some(Exit::Interrupted));
            };
            match answer {
                Ok(Some((at, event))) => {
                    if !self.shown(at, &event, session)? {
                        return Ok(Some(Exit::Done));
                    }
                }
                Ok(None) => {
                    self.trouble = false;
                    self.reader.again();
                    self.looks.looked(self.tail.as_ref().is_some_and(LiveTail::is_live));
                    return Ok(None);
                }
                Err(error) if passes(&error) => {
                    if !std::mem::replace(&mut self.trouble, true) {
                        session.printer.status(&format!("{error}; trying again"));
                        self.said = Instant::now();
                    }
                    // The same question again: what it would have told is still not known.
                    self.looks.next = Some(Instant::now() + PAUSE);
                    return Ok(None);
                }
                Err(error) => return Err(crate::aws::failure(&error)),
            }
        }
    }
}

/// What the live tail tells until this moment.
async fn told(tail: Option<&mut LiveTail>, until: Instant) -> Option<Tailed> {
    // A timer is made where it runs.
    let timer = tokio::time::sleep_until(until.into());
    match tail {
        None => {
            timer.await;
            None
        }
        Some(tail) => tokio::select! {
            told = tail.next() => Some(told),
            () = timer => None,
        },
    }
}

/// Whether asking again may help.
fn passes(error: &CloudError) -> bool {
    error.kind() == Kind::Unreachable
}
