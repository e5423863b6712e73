//! What is known of one stack's operation: its resources by construct, its services, what the engine is doing.

use std::collections::BTreeMap;
use std::time::Duration;

use cloud::{ChangeSet, Phase, Progress, ResourceEvent, ServiceState, Timestamp, stack_name};
use indexmap::IndexMap;

use super::words::{Mood, between, mood, phase_text, plain, status_word};

/// A stack whose progress is shown.
#[derive(Debug, Clone, Default)]
pub(crate) struct Subject {
    /// Its name in CloudFormation.
    pub(crate) name: String,
    /// Its region, if it is known.
    pub(crate) region: Option<String>,
    /// The construct path of each resource, by logical id; resources that are not here are shown by their logical id.
    pub(crate) paths: BTreeMap<String, String>,
}

/// A stack's operation as far as it has been told.
#[derive(Debug, Clone)]
pub(super) struct Picture {
    pub(super) subject: Subject,
    /// Its name, with the region where another stack has the same name.
    pub(super) label: String,
    pub(super) course: Course,
    /// When the operation began to be shown, by our clock.
    began: Duration,
    phase: Option<Phase>,
    /// When CloudFormation began to work, by our clock.
    working_since: Option<Duration>,
    /// How long earlier operations took, and how many they are.
    pub(super) expected: Option<(Duration, usize)>,
    /// The ARN of the stack itself.
    root: Option<String>,
    /// The status of the stack itself.
    status: Option<String>,
    /// The resources, by the ARN of their stack and their logical id, in the order in which they were heard of.
    pub(super) rows: IndexMap<(String, String), Row>,
    /// Services that are being deployed, by logical id.
    pub(super) services: BTreeMap<String, ServiceState>,
    /// What is out of the ordinary now, such as AWS asking to slow down.
    pub(super) trouble: Option<String>,
}

/// Where the operation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Course {
    /// It has not begun.
    Waiting,
    /// It goes on.
    Running,
    /// Somebody is asked.
    Asking,
    /// It has ended after this long.
    Ended(Duration),
}

/// A resource.
#[derive(Debug, Clone)]
pub(super) struct Row {
    /// Construct path, the steps one by one; for a resource of a nested stack that of the stack first.
    pub(super) path: Vec<String>,
    pub(super) resource_type: String,
    physical_id: Option<String>,
    pub(super) status: String,
    /// When what is being done to it began, by AWS's clock, and when we heard of it, by ours.
    began: Option<Timestamp>,
    heard: Duration,
    ended: Option<Timestamp>,
    /// The first failure of its own; it stays, whatever is done to the resource afterwards.
    failure: Option<(String, String)>,
    /// Whether its last change took something back.
    taken_back: bool,
}

impl Row {
    /// How it is.
    pub(super) fn mood(&self) -> Mood {
        match (&self.failure, self.status.as_str()) {
            (Some(_), _) => Mood::Bad,
            (None, "") => Mood::Waiting,
            (None, status) if status.ends_with("_FAILED") => Mood::TakenBack,
            (None, status) => match mood(status, None) {
                Mood::Good if self.taken_back => Mood::TakenBack,
                mood => mood,
            },
        }
    }

    /// How it is, in words.
    pub(super) fn word(&self) -> String {
        match &self.failure {
            Some((status, _)) => status_word(status, Mood::Bad),
            None if self.taken_back && self.status == "DELETE_COMPLETE" => "removed again".to_owned(),
            None if self.taken_back && self.mood() == Mood::TakenBack => "as before".to_owned(),
            None => status_word(&self.status, self.mood()),
        }
    }

    /// Why it failed.
    pub(super) fn reason(&self) -> Option<&str> {
        self.failure.as_ref().map(|(_, reason)| reason.as_str())
    }

    /// How long it took, or has taken until `now`.
    pub(super) fn took(&self, now: Duration) -> Option<Duration> {
        let began = self.began?;
        Some(self.ended.map_or_else(|| now.saturating_sub(self.heard), |ended| between(began, ended)))
    }

    /// Its beginning and its end by AWS's clock.
    pub(super) fn span(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        (self.began, self.ended)
    }
}

impl Picture {
    /// Nothing is known yet.
    pub(super) fn new(subject: Subject) -> Picture {
        Picture {
            label: plain(&subject.name),
            subject,
            course: Course::Waiting,
            began: Duration::ZERO,
            phase: None,
            working_since: None,
            expected: None,
            root: None,
            status: None,
            rows: IndexMap::new(),
            services: BTreeMap::new(),
            trouble: None,
        }
    }

    /// Nothing is known yet of any of these.
    pub(super) fn all(subjects: Vec<Subject>) -> Vec<Picture> {
        let twice: Vec<bool> = subjects
            .iter()
            .map(|one| subjects.iter().filter(|other| other.name == one.name).count() > 1)
            .collect();
        let mut pictures: Vec<Picture> = subjects.into_iter().map(Picture::new).collect();
        for (picture, _) in pictures.iter_mut().zip(twice).filter(|(_, twice)| *twice) {
            if let Some(region) = &picture.subject.region {
                picture.label = format!("{} in {}", picture.label, plain(region));
            }
        }
        pictures
    }

    /// The operation begins.
    pub(super) fn begin(&mut self, now: Duration) {
        self.course = Course::Running;
        self.began = now;
    }

    /// The operation has ended, or is no longer followed.
    pub(super) fn end(&mut self, now: Duration) {
        self.course = Course::Ended(now.saturating_sub(self.began));
        self.trouble = None;
    }

    /// Takes in what happened.
    pub(super) fn see(&mut self, progress: &Progress, now: Duration) {
        self.trouble = match progress {
            Progress::Throttled { retry_in } => {
                Some(format!("AWS asks to slow down; next question in {} s", retry_in.as_secs().max(1)))
            }
            Progress::Unreachable { what, retry_in } => Some(format!(
                "AWS cannot be reached ({}); trying again in {} s",
                plain(what),
                retry_in.as_secs().max(1)
            )),
            _ => None,
        };
        match progress {
            Progress::Phase { phase } => {
                self.phase = Some(*phase);
                if matches!(phase, Phase::Executing | Phase::Deleting) {
                    self.working_since = Some(now);
                }
            }
            Progress::Resource(event) => self.see_resource(event, now),
            Progress::Expected { total, operations } => self.expected = Some((*total, *operations)),
            Progress::Service(state) => {
                self.services.insert(state.logical_id.clone(), state.clone());
            }
            _ => {}
        }
    }

    /// Notes what a change set is about to do, so that there is a whole to compare with.
    pub(super) fn plan(&mut self, set: &ChangeSet) {
        self.set_root(&set.stack_id);
        for change in &set.changes {
            let (id, resource_type) = (&change.logical_id, &change.resource_type);
            self.row(&set.stack_id, id, resource_type, Duration::ZERO);
        }
    }

    /// Whether the stack itself was last heard of as being updated.
    pub(super) fn is_updating(&self) -> bool {
        self.status.as_deref() == Some("UPDATE_IN_PROGRESS")
    }

    fn see_resource(&mut self, event: &ResourceEvent, now: Duration) {
        if self.root.is_none() || stack_name(&event.stack_id) == self.subject.name {
            self.set_root(&event.stack_id);
        }
        if is_the_stack_itself(event) {
            // A nested stack's own line tells the same as its row in the stack around it.
            if self.root.as_ref() == Some(&event.stack_id) {
                self.status = Some(event.status.clone());
            }
            return;
        }
        let taken_back = self.status.as_ref().is_some_and(|status| status.contains("ROLLBACK"));
        let row = self.row(&event.stack_id, &event.logical_id, &event.resource_type, now);
        row.taken_back = taken_back;
        row.take(event, now);
    }

    /// A stack that is made anew has another ARN, and none of the old one's resources.
    fn set_root(&mut self, stack_id: &str) {
        if self.root.as_deref() != Some(stack_id) {
            self.root = Some(stack_id.to_owned());
            self.rows.clear();
            self.status = None;
        }
    }

    fn row(&mut self, stack_id: &str, logical_id: &str, resource_type: &str, now: Duration) -> &mut Row {
        let key = (stack_id.to_owned(), logical_id.to_owned());
        if !self.rows.contains_key(&key) {
            let path = self.path(stack_id, logical_id);
            let row = Row {
                path,
                resource_type: plain(resource_type),
                physical_id: None,
                status: String::new(),
                began: None,
                heard: now,
                ended: None,
                failure: None,
                taken_back: false,
            };
            self.rows.insert(key.clone(), row);
        }
        &mut self.rows[&key]
    }

    /// The steps from the stack to the resource: those of its construct, below those of the nested stack it is in.
    fn path(&self, stack_id: &str, logical_id: &str) -> Vec<String> {
        if self.root.as_deref() == Some(stack_id) {
            return match self.subject.paths.get(logical_id) {
                Some(path) => path.split('/').map(plain).collect(),
                None => vec![plain(logical_id)],
            };
        }
        let around = self.rows.values().find(|row| row.physical_id.as_deref() == Some(stack_id));
        let mut path = match around {
            Some(row) => row.path.clone(),
            None => vec![plain(stack_name(stack_id))],
        };
        path.push(plain(logical_id));
        path
    }

    /// The construct path of a resource of this stack, as people write it.
    pub(super) fn place(&self, logical_id: &str) -> String {
        plain(self.subject.paths.get(logical_id).map_or(logical_id, String::as_str))
    }

    /// The construct path of the resource that the event is about; of the stack itself, its name.
    pub(super) fn place_of(&self, event: &ResourceEvent) -> String {
        let known = self.rows.get(&(event.stack_id.clone(), event.logical_id.clone()));
        known.map_or_else(|| plain(&event.logical_id), |row| row.path.join("/"))
    }

    /// What is being done to the stack, and how it is.
    pub(super) fn state(&self) -> (Mood, String) {
        if self.course == Course::Asking {
            return (Mood::Busy, "waiting for an answer".to_owned());
        }
        if let Some(status) = &self.status {
            let mood = mood(status, None);
            return (mood, status_word(status, mood));
        }
        match (self.course, self.phase) {
            (Course::Waiting, _) => (Mood::Waiting, "waiting".to_owned()),
            (_, Some(phase)) => (Mood::Busy, phase_text(phase).to_owned()),
            (_, None) => (Mood::Busy, "beginning".to_owned()),
        }
    }

    /// How long the operation has been shown.
    pub(super) fn took(&self, now: Duration) -> Duration {
        match self.course {
            Course::Waiting => Duration::ZERO,
            Course::Ended(took) => took,
            Course::Running | Course::Asking => now.saturating_sub(self.began),
        }
    }

    /// How long CloudFormation has worked.
    pub(super) fn worked(&self, now: Duration) -> Option<Duration> {
        self.working_since.map(|since| now.saturating_sub(since))
    }

    /// How many resources are done, and how many there are.
    pub(super) fn count(&self) -> (usize, usize) {
        let over = |row: &&Row| !matches!(row.mood(), Mood::Waiting | Mood::Busy);
        (self.rows.values().filter(over).count(), self.rows.len())
    }

    /// Whether anything was done to any resource.
    pub(super) fn has_moved(&self) -> bool {
        self.rows.values().any(|row| row.mood() != Mood::Waiting)
    }

    /// What is in progress and for how long, the longest first.
    pub(super) fn in_progress(&self, now: Duration) -> Vec<(String, Duration)> {
        let busy = self.rows.values().filter(|row| row.mood() == Mood::Busy);
        let mut all: Vec<_> =
            busy.map(|row| (row.path.join("/"), row.took(now).unwrap_or_default())).collect();
        all.sort_by_key(|(_, took)| std::cmp::Reverse(*took));
        all
    }
}

impl Row {
    fn take(&mut self, event: &ResourceEvent, now: Duration) {
        let before = self.mood();
        if event.physical_id.is_some() {
            self.physical_id.clone_from(&event.physical_id);
        }
        // A failure keeps its own times: what is done to the resource afterwards only clears up.
        if before != Mood::Bad {
            self.take_time(event, now);
        }
        self.status.clone_from(&event.status);
        let reason = event.reason.as_deref();
        if mood(&event.status, reason) == Mood::Bad && before != Mood::Bad {
            let reason = reason.map_or_else(|| "AWS gives no reason".to_owned(), plain);
            self.failure = Some((event.status.clone(), reason));
        }
        // Asked to delete it again, AWS did.
        if event.status == "DELETE_COMPLETE"
            && self.failure.as_ref().is_some_and(|(status, _)| status == "DELETE_FAILED")
        {
            self.failure = None;
        }
    }

    fn take_time(&mut self, event: &ResourceEvent, now: Duration) {
        if mood(&event.status, None) != Mood::Busy {
            self.began.get_or_insert(event.time);
            self.ended = Some(event.time);
            return;
        }
        // What a creation says of itself twice is one creation; a deletion after it is a new beginning.
        if self.status != event.status || self.began.is_none() {
            self.began = Some(event.time);
            self.heard = now;
        }
        self.ended = None;
    }
}

fn is_the_stack_itself(event: &ResourceEvent) -> bool {
    event.resource_type == "AWS::CloudFormation::Stack" && event.physical_id.as_ref() == Some(&event.stack_id)
}
