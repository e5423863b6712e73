//! What comes of what was seen, without anybody to ask.

use template::Template;

use super::declared::DnsCheck;
use super::dns::LeadsTo;
use super::objectives::{Measure, Verdict};
use super::report::{Report, Row, State};
use super::samples::{alone, at, broken, secret, service, service_of, template, well};
use super::seen::{Seen, SeenStack, Side};
use super::text::screen;
use crate::commands::status::view::Told;

fn report(seen: &Seen) -> Report {
    Report::of(seen, at(0))
}

#[track_caller]
fn row<'a>(report: &'a Report, name: &str) -> &'a Row {
    let found = report.rows.iter().find(|row| row.name == name);
    found.unwrap_or_else(|| panic!("no row {name}: {:#?}", report.rows))
}

#[track_caller]
fn verdict(report: &Report, scenario: &str, measure: Measure) -> (Option<u64>, Verdict) {
    let one = report.objectives.iter().find(|one| one.scenario == scenario && one.measure == measure);
    one.map(|one| (one.seconds, one.verdict)).unwrap()
}

// R222
#[test]
fn the_screen_of_two_regions_that_are_well() {
    let report = report(&well());
    assert!(report.ready);
    insta::assert_snapshot!("well-80", screen(&report, Some(80)));
    insta::assert_snapshot!("well-120", screen(&report, Some(120)));
}

#[test]
fn the_screen_of_a_standby_that_differs_in_everything() {
    let report = report(&broken());
    assert!(!report.ready);
    insta::assert_snapshot!("broken-80", screen(&report, Some(80)));
    insta::assert_snapshot!("broken-120", screen(&report, Some(120)));
}

#[test]
fn the_screen_of_a_standby_that_is_not_deployed() {
    let report = report(&alone());
    assert!(!report.ready);
    insta::assert_snapshot!("alone-80", screen(&report, Some(80)));
    insta::assert_snapshot!("alone-120", screen(&report, Some(120)));
}

// R220, C-24
#[test]
fn the_way_to_the_standby_takes_the_health_check_dns_and_the_missing_tasks() {
    let mut seen = well();
    let takeover = report(&seen).takeover;
    assert_eq!(takeover.leads_to, LeadsTo::Primary);
    assert_eq!((takeover.detection_seconds, takeover.scale_up_seconds), (Some(90), Some(300)));
    assert_eq!(takeover.total_seconds, Some(450));
    assert_eq!(verdict(&report(&seen), "region failure", Measure::Rto), (Some(450), Verdict::Met));

    // As many tasks, and a faster health check.
    service_of(&mut seen.standby).count.desired = 2;
    service_of(&mut seen.standby).count.running = 2;
    seen.primary.records[0].check = Some(DnsCheck { interval: 10, threshold: 3 });
    assert_eq!(report(&seen).takeover.total_seconds, Some(90));

    // Nobody is there to take over.
    service_of(&mut seen.standby).count.desired = 0;
    let none = report(&seen);
    assert_eq!(none.takeover.total_seconds, None);
    assert_eq!(verdict(&none, "region failure", Measure::Rto), (None, Verdict::Missed));
    let service = none.rows.iter().find(|row| row.group == "services").unwrap();
    assert_eq!(service.state, State::Differs);
    assert_eq!(service.next.as_deref(), Some("docuthinker -e dr scale backend 1"));
}

// R220
#[test]
fn without_failover_records_a_region_that_fails_takes_its_callers_with_it() {
    let mut seen = well();
    seen.primary.records.clear();
    seen.standby.records.clear();
    seen.domain = None;
    let report = report(&seen);
    assert_eq!(row(&report, "failover records").state, State::Missing);
    assert_eq!(verdict(&report, "region failure", Measure::Rto), (None, Verdict::Missed));
}

#[test]
fn where_ecs_tells_no_digest_the_one_that_the_image_is_pinned_to_counts() {
    let mut seen = well();
    let state = |seen: &Seen| {
        let rows = report(seen).rows;
        rows.into_iter().find(|row| row.group == "images" && row.name == "backend").map(|row| row.state)
    };
    let mut pin = |side: fn(&mut Seen) -> &mut Side, image: &str| {
        let Told::Known(images) = &mut service_of(side(&mut seen)).images else { panic!("known") };
        images[0].running[0].digest = None;
        images[0].running[0].image = image.to_owned();
        state(&seen)
    };
    assert_eq!(pin(|seen| &mut seen.primary, "backend:v1"), Some(State::Unknown));
    pin(|seen| &mut seen.primary, "backend@sha256:1");
    assert_eq!(pin(|seen| &mut seen.standby, "backend@sha256:1"), Some(State::Ok));
    assert_eq!(pin(|seen| &mut seen.standby, "backend@sha256:2"), Some(State::Differs));
}

// R218
#[test]
fn a_task_that_fails_is_missed_as_long_as_the_load_balancer_sends_it_calls() {
    let mut seen = well();
    assert_eq!(verdict(&report(&seen), "task failure", Measure::Rto), (Some(45), Verdict::Met));
    assert_eq!(verdict(&report(&seen), "task failure", Measure::Rpo), (Some(0), Verdict::Met));
    service_of(&mut seen.primary).count.running = 1;
    assert_eq!(verdict(&report(&seen), "task failure", Measure::Rto), (None, Verdict::Unknown));
}

// R219
#[test]
fn a_zone_that_fails_leaves_the_tasks_of_the_other() {
    let mut seen = well();
    assert_eq!(verdict(&report(&seen), "AZ failure", Measure::Rto), (Some(45), Verdict::Met));
    assert_eq!(verdict(&report(&seen), "AZ failure", Measure::Rpo), (Some(0), Verdict::Met));
    let mut narrow = template(2);
    let subnet = narrow.resources["SubnetA"].clone();
    narrow.resources.insert("SubnetB".to_owned(), subnet);
    seen.primary.stacks[0].deployed = Told::Known(Some(narrow));
    assert_eq!(verdict(&report(&seen), "AZ failure", Measure::Rto), (None, Verdict::Missed));
}

// R221, C-25
#[test]
fn deploying_again_takes_what_it_took_and_loses_what_no_backup_has() {
    let mut seen = well();
    assert_eq!(verdict(&report(&seen), "redeploy from backup", Measure::Rto), (Some(610), Verdict::Met));
    // A backup a day.
    assert_eq!(
        verdict(&report(&seen), "redeploy from backup", Measure::Rpo),
        (Some(86_400), Verdict::Missed)
    );
    let bare = "Resources: {Chroma: {Type: AWS::EFS::FileSystem}}";
    let bare = template::Template::parse(bare, "t.yaml").unwrap().template;
    seen.primary.stacks[0].deployed = Told::Known(Some(bare.clone()));
    seen.primary.stacks[0].wanted = bare;
    seen.primary.status.stacks[0].deployments = Told::Known(Vec::new());
    seen.standby.status.stacks[0].deployments = Told::Known(Vec::new());
    let report = report(&seen);
    assert_eq!(verdict(&report, "redeploy from backup", Measure::Rto), (None, Verdict::Unknown));
    for scenario in ["region failure", "redeploy from backup"] {
        assert_eq!(verdict(&report, scenario, Measure::Rpo), (None, Verdict::Unknown));
        let unknown = format!("RPO of {scenario}: EFS Chroma: ");
        assert!(report.unknowns.iter().any(|one| one.starts_with(&unknown)), "{:?}", report.unknowns);
    }
    assert!(report.ready, "what is not known, and a target that is missed, are no difference");
}

#[test]
fn two_stacks_differ_only_as_their_settings_make_them() {
    let mut seen = well();
    let name = "DocuThinkerStack";
    let said = report(&seen);
    assert_eq!(row(&said, name).why.as_deref(), Some("1 resource differs, as the settings say"));
    // Both are behind the code by the same: they still differ only as the settings say.
    for side in [&mut seen.primary, &mut seen.standby] {
        side.stacks[0].wanted.resources.shift_remove("Chroma");
    }
    assert_eq!(row(&report(&seen), name).state, State::Ok);
    // The primary is behind: the standby has what the code makes.
    seen.primary.stacks[0].deployed = Told::Known(Some(template(9)));
    seen.standby.stacks[0].wanted = template(1);
    let said = report(&seen);
    assert_eq!(row(&said, name).state, State::Differs);
    assert_eq!(row(&said, name).next.as_deref(), Some("docuthinker -e prod deploy DocuThinkerStack"));
}

#[test]
fn secrets_belong_together_by_name_or_by_what_reads_them() {
    let mut seen = well();
    "docuthinker-dr/openai".clone_into(&mut seen.standby.secrets[0].name);
    let name = "docuthinker/openai_api_key";
    assert_eq!(row(&report(&seen), name).state, State::Ok);
    assert_eq!(row(&report(&seen), name).why.as_deref(), Some("the same version"));
    if let Told::Known(Some(stored)) = &mut seen.standby.secrets[0].stored {
        stored.version_id = None;
    }
    let said = report(&seen);
    assert_eq!(row(&said, name).state, State::Missing);
    assert_eq!(row(&said, name).next.as_deref(), Some("docuthinker -e dr secrets put docuthinker-dr/openai"));
    seen.standby.secrets[0] = secret("OPENAI_API_KEY", "c", 60);
    assert_eq!(row(&report(&seen), name).state, State::Ok, "a newer value is no older one");
}

#[test]
fn secrets_of_a_standby_that_is_not_there_come_with_the_stack_that_makes_them() {
    let mut seen = well();
    seen.standby.secrets.clear();
    let said = |seen: &Seen| row(&report(seen), "docuthinker/openai_api_key").next.clone().unwrap();
    assert_eq!(said(&seen), "docuthinker -e dr secrets check");
    let made = "Resources: {Key: {Type: AWS::SecretsManager::Secret}}";
    seen.standby.stacks.push(SeenStack {
        id: "DocuThinkerFoundation".to_owned(),
        name: "DocuThinkerFoundation-dr".to_owned(),
        state: None,
        deployed: Told::Known(None),
        wanted: Template::parse(made, "t.yaml").unwrap().template,
    });
    assert_eq!(said(&seen), "docuthinker -e dr deploy DocuThinkerFoundation");
}

// C-22
#[test]
fn a_record_must_name_the_zone_and_the_load_balancer_of_its_own_region() {
    let name = "api.docuthinker.ai";
    let states = |change: &dyn Fn(&mut Seen)| {
        let mut seen = well();
        change(&mut seen);
        row(&report(&seen), name).state
    };
    assert_eq!(states(&|_| {}), State::Ok);
    assert_eq!(
        states(&|seen| seen.standby.records[0].zone = Some("Z35SXDOTRQ7X7K".to_owned())),
        State::Differs
    );
    assert_eq!(states(&|seen| seen.standby.records[0].evaluates = false), State::Differs);
    assert_eq!(states(&|seen| seen.standby.records[0].role = "PRIMARY".to_owned()), State::Differs);
    assert_eq!(
        states(&|seen| seen.standby.records[0].target = Some("other.example".to_owned())),
        State::Differs
    );
    assert_eq!(states(&|seen| seen.standby.records[0].target = None), State::Unknown);
    assert_eq!(states(&|seen| seen.standby.records.clear()), State::Missing);
}

#[test]
fn a_name_that_has_no_address_is_missing_only_where_other_names_have_some() {
    let mut seen = well();
    let why = || Told::Unknown { unknown: "no such name".to_owned() };
    seen.domain.as_mut().unwrap().addresses = why();
    assert_eq!(row(&report(&seen), "api.docuthinker.ai now").state, State::Missing);
    seen.primary.balancers[0].addresses = why();
    seen.standby.balancers[0].addresses = why();
    assert_eq!(row(&report(&seen), "api.docuthinker.ai now").state, State::Unknown);
}

fn denied<T>() -> Told<T> {
    Told::Unknown { unknown: "not allowed to do it".to_owned() }
}

#[test]
fn services_that_may_not_be_looked_at_are_unknown_and_not_missing() {
    let mut seen = well();
    seen.standby.status.stacks[0].services = denied();
    let said = report(&seen);
    assert!(said.ready, "{:#?}", said.rows);
    let why = "not all services of dr are known: not allowed to do it";
    for group in ["images", "services"] {
        let row = said.rows.iter().find(|row| row.group == group && row.name == "backend").unwrap();
        assert_eq!((row.state, row.why.as_deref()), (State::Unknown, Some(why)), "{group}");
        assert!(row.standby.as_deref() == Some("not known"), "{row:?}");
    }
    assert_eq!((said.takeover.total_seconds, said.takeover.never), (None, false));
    assert_eq!(verdict(&said, "region failure", Measure::Rto), (None, Verdict::Unknown));

    let mut seen = well();
    seen.primary.status.stacks[0].services = denied();
    let said = report(&seen);
    for scenario in ["task failure", "AZ failure", "region failure"] {
        assert_eq!(verdict(&said, scenario, Measure::Rto), (None, Verdict::Unknown), "{scenario}");
    }
}

#[test]
fn what_stands_in_a_template_that_was_not_read_is_unknown_and_not_missing() {
    let mut seen = well();
    seen.standby.stacks[0].deployed = denied();
    seen.standby.certificates.clear();
    seen.standby.records.clear();
    let said = report(&seen);
    assert!(said.ready, "{:#?}", said.rows);
    let why = "not all templates of dr could be read: not allowed to do it";
    for name in ["of the listeners", "api.docuthinker.ai", "health check"] {
        let row = row(&said, name);
        assert_eq!((row.state, row.why.as_deref()), (State::Unknown, Some(why)), "{name}");
        assert_eq!(row.standby.as_deref(), Some("not known"), "{name}");
    }
    assert_eq!(verdict(&said, "region failure", Measure::Rto), (None, Verdict::Unknown));
    seen.primary.certificates.clear();
    seen.primary.records.clear();
    let said = report(&seen);
    for name in ["of the listeners", "failover records"] {
        assert_eq!(row(&said, name).state, State::Unknown, "{name}");
    }
}

#[test]
fn a_secret_of_unknown_age_is_not_older_and_one_that_goes_is_told_so() {
    let name = "docuthinker/openai_api_key";
    let mut seen = well();
    seen.standby.secrets[0] = secret("OPENAI_API_KEY", "z", 0);
    let Told::Known(Some(stored)) = &mut seen.standby.secrets[0].stored else { panic!("it is known") };
    stored.changed = None;
    let said = report(&seen);
    assert_eq!(row(&said, name).state, State::Ok);
    assert_eq!(row(&said, name).why.as_deref(), Some("which value is older is not known"));
    let Told::Known(Some(stored)) = &mut seen.standby.secrets[0].stored else { panic!("it is known") };
    stored.deleted = true;
    let said = report(&seen);
    assert_eq!(row(&said, name).why.as_deref(), Some("it is scheduled for deletion in dr"));
    let next = "aws secretsmanager restore-secret --region us-west-2 --secret-id docuthinker/openai_api_key";
    assert_eq!((row(&said, name).state, row(&said, name).next.as_deref()), (State::Missing, Some(next)));
}

#[test]
fn a_store_that_nobody_knows_or_backs_up_is_told_and_is_not_nothing() {
    let mut seen = well();
    let with = |more: &str| {
        let text = format!("Resources: {{{more}}}");
        Told::Known(Some(template::Template::parse(&text, "t.yaml").unwrap().template))
    };
    let basis = |said: &Report, scenario: &str| {
        let one = said.objectives.iter().find(|one| one.scenario == scenario && one.measure == Measure::Rpo);
        one.map(|one| one.basis.clone()).unwrap()
    };
    seen.primary.secrets.clear();
    seen.primary.stacks[0].deployed = with("Items: {Type: AWS::DynamoDB::Table}");
    let said = report(&seen);
    for scenario in ["AZ failure", "region failure", "redeploy from backup"] {
        assert_eq!(verdict(&said, scenario, Measure::Rpo), (None, Verdict::Unknown), "{scenario}");
        assert!(basis(&said, scenario).starts_with("DynamoDB Items: "), "{scenario}");
    }
    seen.primary.stacks[0].deployed = with(
        "Files: {Type: AWS::EFS::FileSystem, Properties: {BackupPolicy: {Status: ENABLED}}}, \
         Rows: {Type: AWS::RDS::DBInstance, Properties: {BackupRetentionPeriod: 0}}",
    );
    let said = report(&seen);
    assert_eq!(verdict(&said, "AZ failure", Measure::Rpo), (None, Verdict::Missed));
    assert_eq!(verdict(&said, "redeploy from backup", Measure::Rpo), (Some(86_400), Verdict::Missed));
    let basis = basis(&said, "redeploy from backup");
    assert!(basis.ends_with("; RDS Rows: no backup"), "{basis}");
}

#[test]
fn services_of_one_task_or_none_are_told_in_the_same_words() {
    let mut seen = well();
    service_of(&mut seen.primary).count.running = 0;
    let Told::Known(services) = &mut seen.primary.status.stacks[0].services else { panic!("it is known") };
    services.push(service(1));
    "ai-ml".clone_into(&mut services[1].name);
    let said = report(&seen);
    for scenario in ["task failure", "AZ failure"] {
        let one = said.objectives.iter().find(|one| one.scenario == scenario).unwrap();
        let words = "fewer than two tasks of backend, ai-ml run";
        assert!(one.basis.contains(words), "{}", one.basis);
    }
}
