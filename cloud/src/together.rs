//! Several questions at the same time, but not all at once.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// How many questions are asked at the same time: enough that a hundred are answered within seconds, and below what any
/// service takes for too many.
const AT_ONCE: usize = 8;

/// The answers to all `questions`, in their order; `None` where finding one panicked. Dropping this ends all of them.
pub(crate) async fn together<Q>(questions: impl IntoIterator<Item = Q>) -> Vec<Option<Q::Output>>
where
    Q: Future<Output: Send + 'static> + Send + 'static,
{
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut running = JoinSet::new();
    for (at, question) in questions.into_iter().enumerate() {
        let places = Arc::clone(&places);
        running.spawn(async move {
            // The semaphore is never closed; without a place it would just be asked at once.
            let _place = places.acquire().await;
            (at, question.await)
        });
    }
    let mut answers: Vec<_> = (0..running.len()).map(|_| None).collect();
    while let Some(done) = running.join_next().await {
        if let Ok((at, answer)) = done {
            answers[at] = Some(answer);
        }
    }
    answers
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[tokio::test]
    async fn eight_are_asked_at_once_and_answered_in_their_order() {
        let (open, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let question = |n: u64| {
            let (open, most) = (Arc::clone(&open), Arc::clone(&most));
            async move {
                most.fetch_max(open.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                for _ in n..30 {
                    tokio::task::yield_now().await;
                }
                open.fetch_sub(1, Ordering::SeqCst);
                n
            }
        };
        let answers = together((0..20).map(question)).await;
        assert_eq!(answers, (0..20).map(Some).collect::<Vec<_>>());
        assert_eq!(most.load(Ordering::SeqCst), AT_ONCE);
    }
}
