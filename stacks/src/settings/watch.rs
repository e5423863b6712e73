//! Settings of logs, alarms, the dashboard, the budget and backups.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Logs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LogSettings {
    /// Days that events are kept; CloudWatch offers 1, 3, 5, 7, 14, 30, 60, 90 and some more.
    #[schemars(range(min = 1, max = 3653))]
    pub retention_days: u32,
}

impl Default for LogSettings {
    fn default() -> LogSettings {
        LogSettings { retention_days: 30 }
    }
}

/// Alarms, the dashboard, the budget and backups.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct WatchSettings {
    /// When somebody is told that something is wrong.
    pub alarms: AlarmSettings,
    /// Whether there is a dashboard of what the alarms watch. An account has three for nothing.
    pub dashboard: bool,
    /// What a month may cost. Default: no budget, since the amount is yours to know.
    pub budget: Option<BudgetSettings>,
    /// Backups of the vector store under a plan of your own. Default: none; the file system is backed up daily
    /// for 35 days as it is.
    pub backup: Option<BackupSettings>,
}

/// When somebody is told that something is wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AlarmSettings {
    /// Whether there are alarms.
    pub enabled: bool,
    /// Percent of its CPU that a service may use for ten minutes; above what its scaling keeps. Default: 80, DocuThinker's own limit,
    /// as are those below.
    #[schemars(range(min = 1, max = 99))]
    pub cpu_percent: u32,
    /// Percent of its memory that a service may use for ten minutes; above what its scaling keeps. Default: 85.
    #[schemars(range(min = 1, max = 99))]
    pub memory_percent: u32,
    /// Seconds in which 95 of 100 requests must begin to be answered. Default: 1.
    #[schemars(range(min = 0.001, max = 4000.0))]
    pub response_time_seconds: f64,
    /// Answers with a code from 400 to 499 that a service may give in a minute. Default: 100, since callers make
    /// mistakes too.
    #[schemars(range(max = 1_000_000))]
    pub client_errors_per_minute: u32,
    /// Answers with a code from 500 to 599 that a service, or the load balancer itself, may give in a minute.
    /// Default: 10.
    #[schemars(range(max = 1_000_000))]
    pub server_errors_per_minute: u32,
}

/// What a month may cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BudgetSettings {
    /// US dollars a month. It is told when 80 % and all of it are spent, and when all of it is expected to be.
    #[schemars(range(min = 1))]
    pub monthly_usd: u32,
    /// Who is told by e-mail, ten at most, besides those who are told of alarms. Default: nobody else.
    #[serde(default)]
    pub emails: Vec<String>,
    /// Counts only what has this one of `tags`, which must be activated for cost allocation in the account
    /// first. Default: the whole account.
    pub tag: Option<String>,
}

/// Backups of the vector store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BackupSettings {
    /// Days that a backup is kept; one is made each day.
    #[schemars(range(min = 1, max = 36500))]
    pub retention_days: u32,
    /// Days after which a backup moves to cold storage, at least 90 before it is deleted. Default: never.
    #[schemars(range(min = 1))]
    pub cold_storage_after_days: Option<u32>,
    /// The ARN of a backup vault in another region that backups are copied to. Default: none.
    pub copy_to_vault_arn: Option<String>,
}

impl Default for WatchSettings {
    fn default() -> WatchSettings {
        WatchSettings { alarms: AlarmSettings::default(), dashboard: true, budget: None, backup: None }
    }
}

impl Default for AlarmSettings {
    fn default() -> AlarmSettings {
        AlarmSettings {
            enabled: true,
            cpu_percent: 80,
            memory_percent: 85,
            response_time_seconds: 1.0,
            client_errors_per_minute: 100,
            server_errors_per_minute: 10,
        }
    }
}

impl Default for BackupSettings {
    fn default() -> BackupSettings {
        BackupSettings { retention_days: 35, cold_storage_after_days: None, copy_to_vault_arn: None }
    }
}
