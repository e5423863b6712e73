//! Several stacks at the same time.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

/// How many stacks are looked at side by side, as `deploy` does by default: enough that no app of usual size waits, and
/// few enough that CloudFormation, which counts questions for each account and region, need not slow us down.
const AT_ONCE: usize = 8;

/// What comes of all `works`, in their order; at most eight run at the same time. Dropping this ends all of them.
///
/// All that run are looked at whenever one has news, which costs nothing beside a question to AWS.
pub(crate) async fn together<F: Future>(works: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut waiting: VecDeque<_> = works.into_iter().map(Box::pin).enumerate().collect();
    let mut done: Vec<Option<F::Output>> = waiting.iter().map(|_| None).collect();
    let mut running: Vec<(usize, Pin<Box<F>>)> = Vec::new();
    poll_fn(|context| {
        loop {
            while running.len() < AT_ONCE {
                let Some(next) = waiting.pop_front() else { break };
                running.push(next);
            }
            let before = running.len();
            running.retain_mut(|(at, work)| match work.as_mut().poll(context) {
                Poll::Ready(output) => {
                    done[*at] = Some(output);
                    false
                }
                Poll::Pending => true,
            });
            if running.is_empty() && waiting.is_empty() {
                return Poll::Ready(());
            }
            // What takes the place of one that has ended must be looked at once, or nobody wakes it.
            if running.len() == before || waiting.is_empty() {
                return Poll::Pending;
            }
        }
    })
    .await;
    done.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[tokio::test]
    async fn eight_run_at_once_and_all_come_back_in_their_order() {
        let (open, most) = (Cell::new(0_usize), Cell::new(0_usize));
        let work = async |n: usize| {
            open.set(open.get() + 1);
            most.set(most.get().max(open.get()));
            for _ in n..30 {
                tokio::task::yield_now().await;
            }
            open.set(open.get() - 1);
            n
        };
        assert_eq!(together((0..20).map(work)).await, (0..20).collect::<Vec<_>>());
        assert_eq!(most.get(), AT_ONCE);
        assert_eq!(together([std::future::ready(1)]).await, [1]);
    }
}
