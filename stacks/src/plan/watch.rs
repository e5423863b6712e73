//! Logs and what is watched, understood.

use constructs::backup_plan::{COLD_STORAGE_DAYS, MOST_BACKUP_DAYS};
use constructs::email::is_email;
use constructs::l1::backup::BackupVault;
use constructs::{Arn, Retention, Value, retention};

use crate::settings::{AlarmSettings, BackupSettings, BudgetSettings, Settings};

use super::Reader;

/// Logs and what is watched, understood.
#[derive(Debug, Clone)]
pub struct WatchPlan {
    /// How long logs are kept.
    pub retention: Retention,
    /// What sets alarms off, if there are any.
    pub alarms: Option<AlarmSettings>,
    /// Whether there is a dashboard.
    pub dashboard: bool,
    /// What a month may cost, if somebody is told.
    pub budget: Option<BudgetOrder>,
    /// How the vector store is backed up, if under a plan of its own.
    pub backup: Option<BackupOrder>,
}

/// What a month may cost, understood.
#[derive(Debug, Clone)]
pub struct BudgetOrder {
    /// US dollars a month.
    pub monthly_usd: u32,
    /// Who is told by e-mail.
    pub emails: Vec<String>,
    /// The tag of what is counted, by key and value, if not everything is.
    pub tag: Option<(String, String)>,
}

/// How the vector store is backed up, understood.
#[derive(Debug, Clone)]
pub struct BackupOrder {
    /// Days that a backup is kept.
    pub retention_days: u32,
    /// Days after which it moves to cold storage, if it does.
    pub cold_storage_after_days: Option<u32>,
    /// The vault that it is copied to, if it is.
    pub copy_to: Option<Value<Arn<BackupVault>>>,
}

impl Reader<'_> {
    pub(super) fn watch(&mut self, settings: &Settings) -> WatchPlan {
        let days = settings.logs.retention_days;
        WatchPlan {
            retention: self.unit("logs.retention_days", Retention::new(days), retention!(30)),
            alarms: settings.watch.alarms.enabled.then(|| self.alarms(settings)),
            dashboard: settings.watch.dashboard,
            budget: settings.watch.budget.as_ref().map(|budget| self.budget(budget, settings)),
            backup: settings.watch.backup.as_ref().map(|backup| self.backup(backup, settings)),
        }
    }

    /// A time that was refused is set to production's, so that the construct does not report it again.
    fn alarms(&mut self, settings: &Settings) -> AlarmSettings {
        let mut alarms = settings.watch.alarms.clone();
        let usual = AlarmSettings::default();
        let backend = &settings.backend.scaling;
        let ai_ml = &settings.ai_ml.scaling;
        self.above_scaling(
            "cpu_percent",
            alarms.cpu_percent,
            [("backend", backend.cpu), ("ai_ml", ai_ml.cpu)],
        );
        let kept = [("backend", backend.memory), ("ai_ml", ai_ml.memory)];
        self.above_scaling("memory_percent", alarms.memory_percent, kept);
        let seconds = alarms.response_time_seconds;
        // Not a number is in no range either.
        if !(0.001..=4000.0).contains(&seconds) {
            let message = format_args!("{seconds} seconds are no time to answer in");
            // Source: a load balancer waits for 4,000 seconds at most, `idle_timeout.timeout_seconds`.
            let hint = "choose 0.001 to 4000 seconds; 1000 ms are 1.0";
            self.refuse_if(true, "watch.alarms.response_time_seconds", message, hint);
            alarms.response_time_seconds = usual.response_time_seconds;
        }
        for (key, errors) in [
            ("client_errors_per_minute", alarms.client_errors_per_minute),
            ("server_errors_per_minute", alarms.server_errors_per_minute),
        ] {
            let message = format_args!("{errors} errors a minute would never be reached");
            let hint = "choose 0 to 1000000; to switch alarms off, set `watch.alarms.enabled`";
            self.refuse_if(errors > 1_000_000, &format!("watch.alarms.{key}"), message, hint);
        }
        alarms
    }

    /// Scaling keeps the use of a service near a value: an alarm at that value would go off again and again.
    fn above_scaling(&mut self, name: &str, percent: u32, kept: [(&str, u32); 2]) {
        let key = format!("watch.alarms.{name}");
        if self.number(&key, percent, 1..=99, "percent") != percent {
            return;
        }
        let measure = name.trim_end_matches("_percent");
        for (service, kept) in kept {
            let message = format_args!(
                "`{key}` is {percent}, not above `{service}.scaling.{measure}`, which is {kept}"
            );
            let hint = "raise the alarm's limit above what the scaling keeps, or let the scaling keep less";
            self.refuse_if(percent <= kept, &key, message, hint);
        }
    }

    fn budget(&mut self, budget: &BudgetSettings, settings: &Settings) -> BudgetOrder {
        let key = "watch.budget.monthly_usd";
        let hint = "choose what a month may cost, in US dollars";
        self.refuse_if(budget.monthly_usd == 0, key, "a budget of 0 dollars is always spent", hint);
        let key = "watch.budget.emails";
        let many = budget.emails.len() > 10;
        let message =
            format_args!("{} e-mail addresses are more than a budget can tell", budget.emails.len());
        self.refuse_if(many, key, message, "name ten at most");
        for (index, email) in budget.emails.iter().enumerate() {
            let message = format_args!("`{}` is not an e-mail address", email.escape_debug());
            let key = format!("watch.budget.emails[{index}]");
            self.refuse_if(!is_email(email), &key, message, "it looks like `ops@example.com`");
        }
        let tag = budget.tag.as_ref().map(|tag| (tag.clone(), settings.tags.get(tag).cloned()));
        if let Some((tag, None)) = &tag {
            let message = format_args!("`watch.budget.tag` is `{tag}`, which `tags` does not have");
            let names: Vec<&str> = settings.tags.keys().map(String::as_str).collect();
            let hint = format!("choose one of {}, or add the tag", names.join(", "));
            self.refuse_if(true, "watch.budget.tag", message, &hint);
        }
        BudgetOrder {
            monthly_usd: budget.monthly_usd.max(1),
            emails: budget.emails.iter().filter(|email| is_email(email)).take(10).cloned().collect(),
            tag: tag.and_then(|(tag, value)| Some((tag, value?))),
        }
    }

    fn backup(&mut self, backup: &BackupSettings, settings: &Settings) -> BackupOrder {
        let days = backup.retention_days;
        let offered = self.number("watch.backup.retention_days", days, 1..=MOST_BACKUP_DAYS, "days") == days;
        let retention_days = if offered { days } else { BackupSettings::default().retention_days };
        let cold = backup.cold_storage_after_days;
        let too_late = |cold: &u32| *cold == 0 || retention_days < cold.saturating_add(COLD_STORAGE_DAYS);
        if let Some(cold) = cold.filter(|cold| offered && too_late(cold)) {
            let message = format_args!(
                "`watch.backup.cold_storage_after_days` is {cold}, not 90 days before `watch.backup.retention_days`, which is {days}"
            );
            let hint = "AWS keeps a backup in cold storage for 90 days at least: move it sooner, but not before day 1, or keep it longer";
            self.refuse_if(true, "watch.backup.cold_storage_after_days", message, hint);
        }
        BackupOrder {
            retention_days,
            cold_storage_after_days: cold.filter(|cold| !too_late(cold)),
            copy_to: backup.copy_to_vault_arn.as_ref().and_then(|arn| self.other_vault(arn, settings)),
        }
    }

    fn other_vault(&mut self, arn: &str, settings: &Settings) -> Option<Value<Arn<BackupVault>>> {
        let key = "watch.backup.copy_to_vault_arn";
        let parts: Vec<&str> = arn.split(':').collect();
        let ["arn", _, "backup", region, _, "backup-vault", _] = parts[..] else {
            let hint = "it looks like `arn:aws:backup:us-west-2:123456789012:backup-vault:docuthinker`";
            self.refuse_if(true, key, format_args!("`{arn}` is not the ARN of a backup vault"), hint);
            return None;
        };
        let message = format_args!("the vault is in {region}, where the backups are already");
        let hint = "name a vault of another region: what ends this region would end the copies too";
        self.refuse_if(region == settings.region, key, message, hint);
        Some(Value::known(arn))
    }
}
