//! What goes wrong, and when.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::request::Request;

type Predicate = Arc<dyn Fn(&Request) -> bool + Send + Sync>;

/// Something that goes wrong. Without further words it happens to every request; each of the methods narrows that.
///
/// ```
/// use endpoint::{Fault, Wrong};
///
/// let third_and_fourth_look = Fault::new(Wrong::Throttled).on("DescribeStacks").after("ExecuteChangeSet").skip(2).times(2);
/// # drop(third_and_fourth_look);
/// ```
#[derive(Clone)]
pub struct Fault {
    what: Wrong,
    action: Option<String>,
    after: Option<String>,
    predicate: Option<Predicate>,
    skip: usize,
    times: Option<usize>,
    probability: Option<f64>,
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq)]
pub enum Wrong {
    /// 400 `Throttling`, "Rate exceeded".
    Throttled,
    /// The connection breaks off before the request has any effect.
    Dropped,
    /// The request has its effect, and then the connection breaks off.
    AnswerLost,
    /// No answer, ever; and no effect.
    Hangs,
    /// The answer comes after this long; its effect comes at once.
    Late(Duration),
    /// 200, and half of the answer.
    Truncated,
    /// 500 with an empty body.
    Empty500,
    /// 200 with an empty body.
    Empty200,
    /// 503 with the page of a proxy.
    ProxyPage,
    /// 200 with bytes that are not UTF-8.
    BadUtf8,
    /// 403 `ExpiredToken`.
    ExpiredToken,
    /// 403 `AccessDenied`, which names the action.
    Denied,
    /// 400 `LimitExceededException`.
    Quota,
    /// An error with this status, code and message.
    Error(u16, &'static str, &'static str),
    /// What was true this long ago; a stack that is younger does not exist.
    Stale(Duration),
    /// What was true this many steps of operations ago.
    StaleBy(usize),
    /// Every event comes twice.
    DuplicateEvents,
    /// The events of a page come in another order.
    ReorderedEvents,
    /// The text of the element with this name is another, for example `StackStatus` `HYPER_DEPLOY_IN_PROGRESS`.
    Replaced(&'static str, &'static str),
}

impl Fault {
    /// `what` happens to every request.
    pub fn new(what: Wrong) -> Fault {
        Fault { what, action: None, after: None, predicate: None, skip: 0, times: None, probability: None }
    }

    /// Only to requests of this action.
    pub fn on(mut self, action: &str) -> Fault {
        self.action = Some(action.to_owned());
        self
    }

    /// Only once a request of that action has been received.
    pub fn after(mut self, action: &str) -> Fault {
        self.after = Some(action.to_owned());
        self
    }

    /// Only if this is true of the request.
    pub fn when(mut self, predicate: impl Fn(&Request) -> bool + Send + Sync + 'static) -> Fault {
        self.predicate = Some(Arc::new(predicate));
        self
    }

    /// Not to the first so many of the requests it would happen to.
    pub fn skip(mut self, requests: usize) -> Fault {
        self.skip = requests;
        self
    }

    /// Only so often.
    pub fn times(mut self, times: usize) -> Fault {
        self.times = Some(times);
        self
    }

    /// Only the first time.
    pub fn once(self) -> Fault {
        self.times(1)
    }

    /// Only by chance, this often in the mean: 0 never, 1 always. The seed is the scenario's.
    pub fn probability(mut self, probability: f64) -> Fault {
        self.probability = Some(probability);
        self
    }

    /// Whether it happens to this request, which comes after those of the actions `before`.
    fn strikes(
        &mut self,
        request: &Request,
        before: &dyn Fn(&str) -> bool,
        dice: &mut fastrand::Rng,
    ) -> bool {
        let meant = self.action.as_ref().is_none_or(|action| *action == request.action)
            && self.after.as_ref().is_none_or(|action| before(action))
            && self.predicate.as_ref().is_none_or(|holds| holds(request))
            && self.times != Some(0);
        if !meant {
            return false;
        }
        if self.skip > 0 {
            self.skip -= 1;
            return false;
        }
        if self.probability.is_some_and(|probability| dice.f64() >= probability) {
            return false;
        }
        if let Some(times) = &mut self.times {
            *times -= 1;
        }
        true
    }

    /// Whether it needs to know how things were.
    pub(crate) fn looks_back(&self) -> bool {
        matches!(self.what, Wrong::Stale(_) | Wrong::StaleBy(_))
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fault")
            .field("what", &self.what)
            .field("action", &self.action)
            .finish_non_exhaustive()
    }
}

/// The first fault that happens to this request.
pub(crate) fn strike(
    faults: &mut [Fault],
    request: &Request,
    before: &dyn Fn(&str) -> bool,
    dice: &mut fastrand::Rng,
) -> Option<Wrong> {
    faults.iter_mut().find_map(|fault| fault.strikes(request, before, dice).then(|| fault.what.clone()))
}

/// Mangles an answer.
pub(crate) fn mangle(wrong: &Wrong, body: String, dice: &mut fastrand::Rng) -> Vec<u8> {
    match wrong {
        Wrong::Truncated => {
            let end = body.find("<StackId>").unwrap_or(body.len() / 2);
            let end = (0..=end).rev().find(|end| body.is_char_boundary(*end)).unwrap_or(0);
            body.as_bytes()[..end].to_vec()
        }
        Wrong::Empty200 => Vec::new(),
        Wrong::BadUtf8 => {
            let mut bytes = body.into_bytes();
            let middle = bytes.len() / 2;
            bytes.splice(middle..middle, [0xff, 0xfe, 0xc3]);
            bytes
        }
        Wrong::DuplicateEvents => events(&body, |events| {
            let twice = events.iter().flat_map(|event| [event.clone(), event.clone()]);
            twice.collect()
        }),
        Wrong::ReorderedEvents => events(&body, |mut events| {
            dice.shuffle(&mut events);
            events
        }),
        Wrong::Replaced(tag, text) => replaced(&body, tag, text).into_bytes(),
        _ => body.into_bytes(),
    }
}

/// Rearranges the members of the list of events; those have no lists inside.
fn events(body: &str, rearrange: impl FnOnce(Vec<String>) -> Vec<String>) -> Vec<u8> {
    for list in ["StackEvents", "OperationEvents"] {
        let (open, close) = (format!("<{list}>"), format!("</{list}>"));
        if let Some((before, rest)) = body.split_once(&open)
            && let Some((inside, after)) = rest.split_once(&close)
        {
            let members = inside.split_inclusive("</member>").map(str::to_owned).collect();
            let inside = rearrange(members).concat();
            return format!("{before}{open}{inside}{close}{after}").into_bytes();
        }
    }
    body.as_bytes().to_vec()
}

fn replaced(body: &str, tag: &str, text: &str) -> String {
    let (open, close) = (format!("<{tag}>"), format!("</{tag}>"));
    let mut out = String::new();
    let mut rest = body;
    while let Some((before, after)) = rest.split_once(&open) {
        let Some((_, after)) = after.split_once(&close) else { break };
        out = [out.as_str(), before, &open, text, &close].concat();
        rest = after;
    }
    out + rest
}
