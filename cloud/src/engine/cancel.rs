//! A wish to stop, handed from the caller (Ctrl-C) to the engine.

use tokio::sync::watch;

/// The engine's end: tells whether the caller wants to stop.
#[derive(Debug, Clone)]
pub struct Cancel(watch::Receiver<bool>);

/// The caller's end: asks the engine to stop at the next safe point.
#[derive(Debug, Clone)]
pub struct CancelHandle(watch::Sender<bool>);

impl Cancel {
    /// Makes both ends. Dropping the handle means that nobody will ever cancel.
    pub fn pair() -> (CancelHandle, Cancel) {
        let (sender, receiver) = watch::channel(false);
        (CancelHandle(sender), Cancel(receiver))
    }

    /// A signal that never comes.
    pub fn never() -> Cancel {
        Cancel::pair().1
    }

    /// Whether the caller has asked to stop.
    pub fn is_cancelled(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until the caller asks to stop; for ever if that can no longer happen.
    pub async fn cancelled(&self) {
        let mut receiver = self.0.clone();
        if receiver.wait_for(|asked| *asked).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl CancelHandle {
    /// Asks the engine to stop: before a change set is executed it cleans up, afterwards it detaches.
    pub fn cancel(&self) {
        self.0.send_replace(true);
    }
}
