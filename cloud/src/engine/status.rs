//! What a stack status means. AWS adds words over time, so this goes by their endings.

/// What can be concluded from a stack's status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Condition {
    /// A change set announced the stack; nothing has been made yet.
    Announced,
    /// Something is going on.
    Running,
    /// The last operation succeeded.
    Succeeded,
    /// The last operation failed and was undone.
    RolledBack,
    /// The last operation failed and left the stack as it was at that moment.
    Failed,
    /// The stack is gone; only its ARN still leads to it.
    Deleted,
    /// A word we do not know; never a reason to stop waiting.
    Unknown,
}

/// Judges a status by its ending; only three words mean success.
pub(crate) fn condition(status: &str) -> Condition {
    match status {
        "REVIEW_IN_PROGRESS" => Condition::Announced,
        "CREATE_COMPLETE" | "UPDATE_COMPLETE" | "IMPORT_COMPLETE" => Condition::Succeeded,
        "DELETE_COMPLETE" => Condition::Deleted,
        _ if status.ends_with("_IN_PROGRESS") => Condition::Running,
        _ if status.ends_with("ROLLBACK_COMPLETE") => Condition::RolledBack,
        _ if status.ends_with("_FAILED") => Condition::Failed,
        _ => Condition::Unknown,
    }
}

/// Whether the stack's first creation failed: such a stack can only be deleted.
pub(crate) fn never_created(status: &str) -> bool {
    matches!(status, "ROLLBACK_COMPLETE" | "ROLLBACK_FAILED" | "CREATE_FAILED")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(status: &str, expected: Condition) {
        assert_eq!(condition(status), expected, "{status}");
    }

    #[test]
    fn only_three_words_mean_success() {
        check("CREATE_COMPLETE", Condition::Succeeded);
        check("UPDATE_COMPLETE", Condition::Succeeded);
        check("IMPORT_COMPLETE", Condition::Succeeded);
        check("UPDATE_ROLLBACK_COMPLETE", Condition::RolledBack);
        check("IMPORT_ROLLBACK_COMPLETE", Condition::RolledBack);
        check("UPDATE_ROLLBACK_FAILED", Condition::Failed);
        check("HYPER_DEPLOY_COMPLETE", Condition::Unknown);
    }

    #[test]
    fn a_cleanup_in_progress_is_still_running() {
        check("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", Condition::Running);
        check("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", Condition::Running);
        check("HYPER_DEPLOY_IN_PROGRESS", Condition::Running);
    }

    #[test]
    fn an_empty_status_decides_nothing() {
        check("", Condition::Unknown);
    }
}
