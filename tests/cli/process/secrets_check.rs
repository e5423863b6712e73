//! `secrets check`: the services that it restarts.

use super::secrets::{Aws, account, with_old_tasks};

#[test]
fn what_is_stale_is_restarted_on_request_and_what_lacks_a_value_is_not() {
    // The AI service reads the database's secret too, which has no value.
    let aws = Aws::new(with_old_tasks(account().secret("docuthinker/openai", "sk-1")));
    let told = aws.run("check --redeploy", "");
    assert_eq!(told.code, Some(3), "{told}");
    assert!(told.stderr.contains("docuthinker/database: it has no value"), "{told}");
    let orders = aws.endpoint.requests_of("UpdateService");
    let services: Vec<&str> = orders.iter().filter_map(|order| order.body["service"].as_str()).collect();
    assert_eq!(services.len(), 1, "{told}");
    assert!(services[0].ends_with("backend") && orders[0].body["forceNewDeployment"] == true, "{told}");
    let aws = Aws::new(with_old_tasks(account().secret("docuthinker/openai", "sk-1")));
    aws.run("check --yes", "");
    assert_eq!(aws.endpoint.count("UpdateService"), 0, "nobody was asked, and nobody said so");
}
