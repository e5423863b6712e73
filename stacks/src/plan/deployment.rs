//! A deployment, understood.

use std::str::FromStr;

use constructs::{Cidr, Deployment, Port, Shift, TestPort, Traffic, port};

use crate::settings::{DeploymentSettings, ServiceSettings, Settings, Strategy};

use super::Reader;

/// The longest wait that CloudFormation accepts, in minutes: 33 hours.
const LONGEST_MINUTES: u32 = 33 * 60;

impl Reader<'_> {
    /// Understands how the service at `key` is deployed.
    pub(super) fn deployment(
        &mut self,
        key: &str,
        service: &ServiceSettings,
        settings: &Settings,
    ) -> Deployment {
        let DeploymentSettings { strategy, circuit_breaker, .. } = service.deployment;
        self.unused(key, &service.deployment);
        let alone = key == "ai_ml" && settings.sync.has_one_writer();
        self.refuse_if(
            alone && strategy != Strategy::Rolling,
            &format!("{key}.deployment.strategy"),
            "`sync.shared_writers` is off, but this strategy runs the tasks of two revisions at the same time",
            "choose `rolling`, which then stops the old task first",
        );
        if strategy == Strategy::Rolling {
            return Deployment::Rolling { overlap: !alone, circuit_breaker: circuit_breaker.unwrap_or(true) };
        }
        self.excluded(key, service);
        let traffic = self.traffic(key, &service.deployment);
        let test = self.test_port(key, &service.deployment, settings);
        let bake_minutes = self.minutes(key, "bake_minutes", service.deployment.bake_minutes, 15);
        let shift = Shift::of(traffic).bake_minutes(bake_minutes).maybe_test(test).build();
        let minutes = shift.minutes();
        if minutes <= LONGEST_MINUTES {
            return shift.into();
        }
        let (step, what) = match strategy {
            Strategy::Linear => ("step_bake_minutes", "the steps"),
            _ => ("canary_bake_minutes", "the canary"),
        };
        let message = format!(
            "`{key}.deployment.{step}` and `{key}.deployment.bake_minutes` make a deployment wait for {minutes} minutes"
        );
        let hint = format!(
            "CloudFormation refuses more than {LONGEST_MINUTES}, 33 hours; shorten {what} or the wait after"
        );
        self.app.refuse_setting(&format!("{key}.deployment.{step}"), message, hint);
        Shift::of(Traffic::AtOnce).build().into()
    }

    /// What is set for another strategy would have no effect.
    fn unused(&mut self, key: &str, deployment: &DeploymentSettings) {
        let name = match deployment.strategy {
            Strategy::Rolling => "rolling",
            Strategy::BlueGreen => "blue_green",
            Strategy::Linear => "linear",
            Strategy::Canary => "canary",
        };
        let (linear, canary) =
            (deployment.strategy == Strategy::Linear, deployment.strategy == Strategy::Canary);
        let shifts = deployment.strategy != Strategy::Rolling;
        let settings = [
            ("bake_minutes", deployment.bake_minutes.is_some() && !shifts),
            ("step_percent", deployment.step_percent.is_some() && !linear),
            ("step_bake_minutes", deployment.step_bake_minutes.is_some() && !linear),
            ("canary_percent", deployment.canary_percent.is_some() && !canary),
            ("canary_bake_minutes", deployment.canary_bake_minutes.is_some() && !canary),
            ("test_port", deployment.test_port.is_some() && !shifts),
            ("test_from", !deployment.test_from.is_empty() && deployment.test_port.is_none()),
        ];
        for (setting, unused) in settings {
            let hint = if setting == "test_from" {
                "name the port with `test_port`, or leave it out"
            } else {
                "leave it out, or choose the strategy that it belongs to"
            };
            let wrong = format_args!(
                "`{key}.deployment.{setting}` has no effect with `{key}.deployment.strategy` {name}"
            );
            self.refuse_if(unused, &format!("{key}.deployment.{setting}"), wrong, hint);
        }
    }

    /// What does not go together with a second target group.
    fn excluded(&mut self, key: &str, service: &ServiceSettings) {
        let strategy = format!("{key}.deployment.strategy");
        let breaker = format!("{key}.deployment.circuit_breaker");
        let wrong = format_args!("`{breaker}` is on, but ECS has none for what `{strategy}` shifts");
        let hint = "leave it out, and let alarms end the deployment; or choose rolling";
        self.refuse_if(service.deployment.circuit_breaker == Some(true), &breaker, wrong, hint);
        let requests = format!("{key}.scaling.requests");
        let wrong = format_args!(
            "`{requests}` follows one target group, and `{strategy}` moves requests between two"
        );
        let hint = "set it to null, and let the service scale on CPU and memory; or choose rolling";
        self.refuse_if(service.scaling.requests.is_some(), &requests, wrong, hint);
        let sticky = format!("{key}.sticky_seconds");
        let stepwise = service.deployment.strategy != Strategy::BlueGreen;
        let wrong =
            format_args!("`{sticky}` keeps a caller at one task, and `{strategy}` moves callers to and fro");
        let hint = "choose blue_green, which moves all of them once, or leave it out";
        self.refuse_if(service.sticky_seconds.is_some() && stepwise, &sticky, wrong, hint);
    }

    fn traffic(&mut self, key: &str, deployment: &DeploymentSettings) -> Traffic {
        match deployment.strategy {
            Strategy::Rolling | Strategy::BlueGreen => Traffic::AtOnce,
            Strategy::Linear => Traffic::Linear {
                step_percent: self.percent(key, "step_percent", deployment.step_percent, 10.0, 3.0),
                step_bake_minutes: self.minutes(key, "step_bake_minutes", deployment.step_bake_minutes, 6),
            },
            Strategy::Canary => Traffic::Canary {
                percent: self.percent(key, "canary_percent", deployment.canary_percent, 5.0, 0.1),
                bake_minutes: self.minutes(key, "canary_bake_minutes", deployment.canary_bake_minutes, 10),
            },
        }
    }

    /// A wait that was refused is the usual one, so that all together is not reported as too long as well.
    fn minutes(&mut self, key: &str, setting: &str, minutes: Option<u16>, usual: u16) -> u16 {
        let Some(minutes) = minutes else { return usual };
        let right =
            self.number(&format!("{key}.deployment.{setting}"), minutes, 0..=1440, "minutes") == minutes;
        if right { minutes } else { usual }
    }

    /// ECS counts percents in tenths.
    fn percent(&mut self, key: &str, setting: &str, percent: Option<f64>, usual: f64, least: f64) -> f64 {
        let Some(percent) = percent else { return usual };
        let tenths = percent * 10.0;
        let wrong = !(least..=100.0).contains(&percent) || (tenths.round() - tenths).abs() > 1e-6;
        let message = format_args!("{percent} percent of the requests cannot be shifted");
        let hint = format!("choose {least} to 100 in steps of 0.1");
        self.refuse_if(wrong, &format!("{key}.deployment.{setting}"), message, &hint);
        if wrong { usual } else { percent }
    }

    fn test_port(
        &mut self,
        key: &str,
        deployment: &DeploymentSettings,
        settings: &Settings,
    ) -> Option<TestPort> {
        let number = deployment.test_port?;
        let at = format!("{key}.deployment.test_port");
        let others = [&settings.backend, &settings.ai_ml].into_iter();
        let tests = others.filter(|other| other.deployment.test_port == Some(number)).count();
        let taken = [80, 443, settings.load_balancer.ai_ml_port].contains(&number);
        let message = format_args!("port {number} of the load balancer is taken");
        self.refuse_if(
            taken || tests > 1,
            &at,
            message,
            "choose a port that nothing else of the load balancer listens on",
        );
        let mut from = Vec::new();
        for (index, block) in deployment.test_from.iter().enumerate() {
            match Cidr::from_str(block) {
                Ok(block) => from.push(block),
                Err(error) => {
                    let at = format!("{key}.deployment.test_from[{index}]");
                    self.app.refuse_setting(&at, error.to_string(), error.hint());
                }
            }
        }
        let unknown = deployment.test_from.is_empty() && settings.network.existing.is_some();
        let message =
            format_args!("`{at}` is for the network's addresses, which are not known of `network.existing`");
        let hint = format!("name those who may reach it with `{key}.deployment.test_from`");
        self.refuse_if(unknown, &at, message, &hint);
        let port = self.unit(&at, Port::new(number.into()), port!(9000));
        // What was refused is left out, so that it is reported once.
        (!(unknown || taken || tests > 1)).then_some(TestPort { port, from })
    }
}
