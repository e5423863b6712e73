//! Several log groups read side by side, so that what is told is in order of time and no page is kept longer than needed.

use std::collections::VecDeque;

use super::told::Told;
use super::{LogEvent, LogQuery, page};
use crate::connect::Connection;
use crate::engine::progress::Timestamp;
use crate::error::CloudError;
use crate::failure::ApiFailure;

/// How far back a repeated look begins before the newest event that was seen: events come late, and not in their order.
const OVERLAP: i64 = 30_000;

/// Reads events of several places, each once, in order of time.
pub struct LogReader {
    sources: Vec<Source>,
    told: Told,
}

struct Source {
    connection: Connection,
    query: LogQuery,
    waiting: VecDeque<LogEvent>,
    token: Option<String>,
    /// Whether this look has seen all there was.
    done: bool,
    newest: Timestamp,
}

impl LogReader {
    /// Reads these places; nothing is asked yet.
    pub fn new(places: impl IntoIterator<Item = (Connection, LogQuery)>) -> LogReader {
        let sources = places.into_iter().map(|(connection, query)| Source {
            newest: query.from,
            connection,
            query,
            waiting: VecDeque::new(),
            token: None,
            done: false,
        });
        LogReader { sources: sources.collect(), told: Told::default() }
    }

    /// The next event and the number of its place; `None` when all that there was is told. Then [`LogReader::again`] looks
    /// for what came since. A call that fails may be repeated; nothing is lost.
    ///
    /// # Errors
    ///
    /// The question for a page was not answered.
    pub async fn next(&mut self) -> Result<Option<(usize, LogEvent)>, CloudError> {
        loop {
            for source in &mut self.sources {
                source.fill().await.map_err(ApiFailure::into_error)?;
            }
            let first = self
                .sources
                .iter()
                .enumerate()
                .filter_map(|(at, source)| Some((source.waiting.front()?.time, at)));
            let Some((_, at)) = first.min() else { return Ok(None) };
            let source = &mut self.sources[at];
            let Some(event) = source.waiting.pop_front() else { continue };
            source.newest = source.newest.max(event.time);
            if self.told.asked(at, &event) {
                return Ok(Some((at, event)));
            }
        }
    }

    /// Whether an event that came by a live tail is told for the first time.
    pub fn is_new(&mut self, place: usize, event: &LogEvent) -> bool {
        self.told.live(place, event)
    }

    /// All events of this place until this time were told, some of them by a live tail: [`LogReader::again`] begins there.
    pub fn reached(&mut self, place: usize, time: Timestamp) {
        if let Some(source) = self.sources.get_mut(place) {
            source.newest = source.newest.max(time);
        }
    }

    /// From now on, tells what came since, with some overlap: what is late is not lost, and nothing is told twice.
    pub fn again(&mut self) {
        for source in &mut self.sources {
            let from = Timestamp(source.newest.0.saturating_sub(OVERLAP)).max(source.query.from);
            source.query.from = from;
            (source.token, source.done) = (None, false);
        }
    }
}

impl Source {
    /// Asks for pages until something is in hand or there is nothing more. A log group that is not there has nothing.
    async fn fill(&mut self) -> Result<(), ApiFailure> {
        while self.waiting.is_empty() && !self.done {
            match page(&self.connection, &self.query, self.token.clone()).await {
                Ok(page) => {
                    self.waiting = page.events;
                    self.done = page.next.is_none();
                    self.token = page.next;
                }
                Err(failure) if failure.is_absent() => self.done = true,
                Err(failure) => return Err(failure),
            }
        }
        Ok(())
    }
}
