//! Limits, budgets and backups that cannot be: each is refused with its key.

use insta::assert_snapshot;
use serde_json::json;

use crate::support::{refused, settings, synth};

#[test]
fn limits_that_cannot_be_are_refused() {
    let alarms = json!({
        "cpu_percent": 0, "memory_percent": 100, "response_time_seconds": 0.0,
        "client_errors_per_minute": 1_000_001, "server_errors_per_minute": 2_000_000,
    });
    assert_snapshot!(refused(json!({"watch": {"alarms": alarms}})), @"
    error[DC010]: `watch.alarms.cpu_percent` is 0 percent
      at settings.watch.alarms.cpu_percent

    hint: choose 1 to 99

    error[DC010]: `watch.alarms.memory_percent` is 100 percent
      at settings.watch.alarms.memory_percent

    hint: choose 1 to 99

    error[DC010]: 0 seconds are no time to answer in
      at settings.watch.alarms.response_time_seconds

    hint: choose 0.001 to 4000 seconds; 1000 ms are 1.0

    error[DC010]: 1000001 errors a minute would never be reached
      at settings.watch.alarms.client_errors_per_minute

    hint: choose 0 to 1000000; to switch alarms off, set `watch.alarms.enabled`

    error[DC010]: 2000000 errors a minute would never be reached
      at settings.watch.alarms.server_errors_per_minute

    hint: choose 0 to 1000000; to switch alarms off, set `watch.alarms.enabled`
    ");
    assert_eq!(refused(json!({"watch": {"alarms": {"enabled": false, "cpu_percent": 0}}})), "");
}

#[test]
fn an_alarm_lies_above_what_scaling_keeps() {
    let changes = json!({"watch": {"alarms": {"cpu_percent": 70}}, "ai_ml": {"scaling": {"memory": 90}}});
    assert_snapshot!(refused(changes), @"
    error[DC010]: `watch.alarms.cpu_percent` is 70, not above `backend.scaling.cpu`, which is 70
      at settings.watch.alarms.cpu_percent

    hint: raise the alarm's limit above what the scaling keeps, or let the scaling keep less

    error[DC010]: `watch.alarms.cpu_percent` is 70, not above `ai_ml.scaling.cpu`, which is 70
      at settings.watch.alarms.cpu_percent

    hint: raise the alarm's limit above what the scaling keeps, or let the scaling keep less

    error[DC010]: `watch.alarms.memory_percent` is 85, not above `ai_ml.scaling.memory`, which is 90
      at settings.watch.alarms.memory_percent

    hint: raise the alarm's limit above what the scaling keeps, or let the scaling keep less
    ");
}

#[test]
fn a_budget_that_cannot_be_is_refused() {
    let budget = json!({"monthly_usd": 0, "emails": ["ops@example.com", "ops"], "tag": "Team"});
    assert_snapshot!(refused(json!({"watch": {"budget": budget}})), @"
    error[DC010]: a budget of 0 dollars is always spent
      at settings.watch.budget.monthly_usd

    hint: choose what a month may cost, in US dollars

    error[DC010]: `ops` is not an e-mail address
      at settings.watch.budget.emails[1]

    hint: it looks like `ops@example.com`

    error[DC010]: `watch.budget.tag` is `Team`, which `tags` does not have
      at settings.watch.budget.tag

    hint: choose one of Environment, Project, or add the tag
    ");
    let many: Vec<String> = (0..11).map(|at| format!("ops{at}@example.com")).collect();
    let many = json!({"monthly_usd": 5, "emails": many});
    assert!(refused(json!({"watch": {"budget": many}})).contains("11 e-mail addresses are more than"));
}

#[test]
fn a_backup_that_cannot_be_is_refused() {
    let backup = json!({"retention_days": 100, "cold_storage_after_days": 11, "copy_to_vault_arn": "vault"});
    let changes = json!({"watch": {"backup": backup}, "sync": {"vector": false}});
    assert_snapshot!(refused(changes), @"
    error[DC010]: `watch.backup.cold_storage_after_days` is 11, not 90 days before `watch.backup.retention_days`, which is 100
      at settings.watch.backup.cold_storage_after_days

    hint: AWS keeps a backup in cold storage for 90 days at least: move it sooner, but not before day 1, or keep it longer

    error[DC010]: `vault` is not the ARN of a backup vault
      at settings.watch.backup.copy_to_vault_arn

    hint: it looks like `arn:aws:backup:us-west-2:123456789012:backup-vault:docuthinker`

    error[DC010]: `watch.backup` is for the files of the vector store, but `sync.vector` is off
      at settings.watch.backup

    hint: leave it out: the stack keeps no files
    ");
    let same = "arn:aws:backup:us-east-1:123456789012:backup-vault:copies";
    let backup = json!({"retention_days": 0, "cold_storage_after_days": 0, "copy_to_vault_arn": same});
    assert_snapshot!(refused(json!({"watch": {"backup": backup}})), @"
    error[DC010]: `watch.backup.retention_days` is 0 days
      at settings.watch.backup.retention_days

    hint: choose 1 to 36500

    error[DC010]: the vault is in us-east-1, where the backups are already
      at settings.watch.backup.copy_to_vault_arn

    hint: name a vault of another region: what ends this region would end the copies too
    ");
}

#[test]
fn every_mistake_is_found_in_one_run() {
    let changes = json!({"watch": {
        "alarms": {"cpu_percent": 0},
        "budget": {"monthly_usd": 0, "emails": ["ops@example.com"]},
        "backup": {"retention_days": 0},
    }});
    assert_eq!(synth(&settings("prod", changes)).diagnostics.len(), 3);
}
