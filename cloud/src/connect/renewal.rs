//! A session that has ended on the way is opened again: once for everybody who shares the connection.

use std::sync::{Arc, OnceLock};

use tokio::sync::Mutex;
use tokio::time::Instant;

use super::Connection;
use crate::error::{CloudError, Kind};

/// What came after a connection; its clones share it.
#[derive(Clone, Default)]
pub(super) struct Renewal(Arc<Shared>);

#[derive(Default)]
struct Shared {
    /// Held by the one who opens the session, while everybody else waits.
    opening: Mutex<()>,
    /// The connection with the new session, or why there is none.
    next: OnceLock<Result<Connection, CloudError>>,
}

impl Renewal {
    fn known(&self) -> Option<Result<Connection, CloudError>> {
        self.0.next.get().cloned()
    }
}

impl Connection {
    /// This connection, or the one that replaced it since.
    pub(crate) fn newest(&self) -> Connection {
        let mut newest = self.clone();
        while let Some(Ok(next)) = newest.renewal.known() {
            newest = next;
        }
        newest
    }

    /// Whether its session was opened at this time or later.
    pub(crate) fn opened_since(&self, time: Instant) -> bool {
        self.opened >= time
    }

    /// The connection after this one, whose session has ended. The first who asks opens it; a hundred stacks are then one
    /// question for the code of an MFA device.
    ///
    /// # Errors
    ///
    /// As [`Connection::open`]. That nobody could sign in is remembered; that nobody answered is not.
    pub(crate) async fn renewed(&self) -> Result<Connection, CloudError> {
        let _opening = self.renewal.0.opening.lock().await;
        if let Some(known) = self.renewal.known() {
            return known;
        }
        let opened = self.reopened().await;
        if opened.as_ref().err().is_none_or(|error| error.kind() != Kind::Unreachable) {
            // Nobody else can have filled it: that is what the lock is for.
            let _ = self.renewal.0.next.set(opened.clone());
        }
        opened
    }
}
