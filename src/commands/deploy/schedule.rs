//! Which stacks may begin now, and which never will: pure, so that it can be tried with any graph.

/// Where one stack is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// It has not begun.
    Waiting,
    /// It is being deployed.
    Running,
    /// It is as its template says.
    Done,
    /// Its deployment ended otherwise.
    Failed,
    /// It will not begin in this run.
    Skipped,
}

/// Why stacks do not begin any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Because {
    /// The stack at this place failed.
    Failed(usize),
    /// Somebody wants to stop.
    Interrupted,
}

/// What is to be done now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Turn {
    /// These may begin, in this order.
    pub(super) start: Vec<usize>,
    /// These never will, and why.
    pub(super) skip: Vec<(usize, Because)>,
}

/// Decides who begins: after the stacks in `after[stack]` are done, at most `limit` at a time, and nobody once there is a
/// reason to `stop`. Those that are running are never touched.
pub(super) fn schedule(after: &[Vec<usize>], states: &[State], stop: Option<Because>, limit: usize) -> Turn {
    let waiting = (0..states.len()).filter(|stack| states[*stack] == State::Waiting);
    if let Some(stop) = stop {
        let because = |stack| failed_before(after, states, stack).map_or(stop, Because::Failed);
        return Turn { start: vec![], skip: waiting.map(|stack| (stack, because(stack))).collect() };
    }
    let running = states.iter().filter(|state| **state == State::Running).count();
    let ready = |stack: &usize| after[*stack].iter().all(|on| states[*on] == State::Done);
    Turn { start: waiting.filter(ready).take(limit.saturating_sub(running)).collect(), skip: vec![] }
}

/// The first failed stack that `stack` depends on, directly or through others.
fn failed_before(after: &[Vec<usize>], states: &[State], stack: usize) -> Option<usize> {
    let mut seen = vec![false; after.len()];
    let mut open = after[stack].clone();
    while let Some(on) = open.pop() {
        if !std::mem::replace(&mut seen[on], true) {
            open.extend(&after[on]);
        }
    }
    (0..after.len()).find(|on| seen[*on] && states[*on] == State::Failed)
}

/// For each stack the places of those it depends on; names that are not among them are somebody else's business.
///
/// A name that several regions have means all of its stacks.
pub(super) fn dependencies<'a>(stacks: &[(&'a str, &'a [String])]) -> Vec<Vec<usize>> {
    let called = |name: &str, own: usize| -> Vec<usize> {
        (0..stacks.len()).filter(|other| *other != own && stacks[*other].0 == name).collect()
    };
    let of = |(own, (_, names)): (usize, &(&str, &[String]))| {
        names.iter().flat_map(|name| called(name, own)).collect()
    };
    stacks.iter().enumerate().map(of).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_of_several_regions_means_all_of_its_stacks() {
        let app = ["App".to_owned(), "Elsewhere".to_owned()];
        let after = dependencies(&[("App", &[]), ("App", &[]), ("Dns", &app)]);
        assert_eq!(after, [vec![], vec![], vec![0, 1]]);
    }

    // L21
    #[test]
    fn what_needs_both_regions_does_not_begin_when_one_has_failed() {
        let after = [vec![], vec![], vec![0, 1], vec![]];
        let states = [State::Done, State::Failed, State::Waiting, State::Waiting];
        let turn = schedule(&after, &states, Some(Because::Failed(1)), 8);
        let skipped = [(2, Because::Failed(1)), (3, Because::Failed(1))];
        assert_eq!((turn.start, turn.skip), (vec![], skipped.to_vec()));
    }

    #[test]
    fn an_interrupted_run_says_so_unless_a_dependency_failed() {
        let after = [vec![], vec![0], vec![]];
        let turn =
            schedule(&after, &[State::Failed, State::Waiting, State::Waiting], Some(Because::Interrupted), 1);
        assert_eq!(turn.skip, [(1, Because::Failed(0)), (2, Because::Interrupted)]);
    }

    /// A graph without cycles: each stack depends on some of those before it.
    fn graphs() -> impl Strategy<Value = Vec<Vec<usize>>> {
        (1_usize..14).prop_flat_map(|count| {
            let of = |stack: usize| {
                proptest::collection::vec(any::<prop::sample::Index>(), 0..4).prop_map(move |picks| {
                    if stack == 0 { vec![] } else { picks.iter().map(|pick| pick.index(stack)).collect() }
                })
            };
            (0..count).map(of).collect::<Vec<_>>()
        })
    }

    /// Runs to the end: `picks` say which running stack ends next and whether it fails. Gives the states and how often
    /// each stack was started.
    fn play(
        after: &[Vec<usize>],
        limit: usize,
        picks: &[(prop::sample::Index, bool)],
    ) -> Result<(Vec<State>, Vec<usize>), TestCaseError> {
        let mut states = vec![State::Waiting; after.len()];
        let (mut starts, mut stop, mut picks) = (vec![0; after.len()], None, picks.iter().cycle());
        loop {
            let turn = schedule(after, &states, stop, limit);
            for stack in turn.start {
                prop_assert!(stop.is_none(), "nothing begins after a failure");
                prop_assert!(
                    after[stack].iter().all(|on| states[*on] == State::Done),
                    "{stack} is too early"
                );
                prop_assert_eq!(states[stack], State::Waiting);
                states[stack] = State::Running;
                starts[stack] += 1;
            }
            for (stack, _) in turn.skip {
                prop_assert_eq!(states[stack], State::Waiting);
                states[stack] = State::Skipped;
            }
            let running: Vec<usize> =
                (0..states.len()).filter(|stack| states[*stack] == State::Running).collect();
            prop_assert!(running.len() <= limit, "{} at a time", running.len());
            let (Some((pick, fails)), false) = (picks.next(), running.is_empty()) else { break };
            let ended = running[pick.index(running.len())];
            states[ended] = if *fails { State::Failed } else { State::Done };
            stop = stop.or(fails.then_some(Because::Failed(ended)));
        }
        Ok((states, starts))
    }

    proptest! {
        #[test]
        fn every_stack_ends_in_exactly_one_state_and_begins_at_most_once(
            after in graphs(),
            limit in 1_usize..6,
            picks in proptest::collection::vec((any::<prop::sample::Index>(), prop::bool::weighted(0.15)), 1..40),
        ) {
            let (states, starts) = play(&after, limit, &picks)?;
            for (stack, state) in states.iter().enumerate() {
                prop_assert!(!matches!(state, State::Waiting | State::Running), "{} is {:?}", stack, state);
                prop_assert_eq!(starts[stack], usize::from(*state != State::Skipped));
            }
        }

        #[test]
        fn without_a_failure_everything_is_done(after in graphs(), limit in 1_usize..6, picks in any::<Vec<prop::sample::Index>>()) {
            let picks: Vec<_> = picks.into_iter().map(|pick| (pick, false)).collect();
            prop_assume!(!picks.is_empty());
            let (states, _) = play(&after, limit, &picks)?;
            prop_assert!(states.iter().all(|state| *state == State::Done), "{:?}", states);
        }

        #[test]
        fn one_at_a_time_keeps_the_order_that_it_was_given(after in graphs()) {
            let mut states = vec![State::Waiting; after.len()];
            for expected in 0..after.len() {
                prop_assert_eq!(schedule(&after, &states, None, 1).start, vec![expected]);
                states[expected] = State::Done;
            }
        }
    }
}
