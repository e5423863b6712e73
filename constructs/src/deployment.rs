//! How a new revision of a service takes the place of the old one.

use bon::Builder;

use crate::l1::ecs::service as l1;
use crate::scope::Scope;
use crate::units::{Cidr, Port};

/// How a new revision of a service takes the place of the old one. ECS does it by itself, without `CodeDeploy`.
///
/// Source: [Amazon ECS service deployment controllers and strategies][aws].
///
/// [aws]: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service-options.html
#[derive(Debug, Clone, PartialEq)]
pub enum Deployment {
    /// New tasks take the place of old ones behind the same target group.
    Rolling {
        /// Whether new tasks start before old ones stop. Without it nobody is served in between: only for tasks
        /// that must never run twice, such as the one writer of a file.
        overlap: bool,
        /// Whether a deployment whose tasks keep failing ends, and goes back to the last one that worked.
        ///
        /// Source: [Deployment circuit breaker][aws].
        ///
        /// [aws]: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
        circuit_breaker: bool,
    },
    /// All new tasks start behind a second target group, and then requests are shifted to them.
    Shift(Shift),
}

impl Default for Deployment {
    /// Rolling, with the circuit breaker.
    fn default() -> Deployment {
        Deployment::Rolling { overlap: true, circuit_breaker: true }
    }
}

impl From<Shift> for Deployment {
    fn from(shift: Shift) -> Deployment {
        Deployment::Shift(shift)
    }
}

/// In which steps requests are shifted to a new revision.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Traffic {
    /// All at once: blue/green.
    AtOnce,
    /// In equal steps.
    Linear {
        /// Percent of the requests in each step, 3 to 100 in steps of 0.1.
        step_percent: f64,
        /// Minutes between two steps, 0 to 1440.
        step_bake_minutes: u16,
    },
    /// A few first, then all others.
    Canary {
        /// Percent of the requests that come first, 0.1 to 100 in steps of 0.1.
        percent: f64,
        /// Minutes until the others follow, 0 to 1440.
        bake_minutes: u16,
    },
}

/// A deployment that shifts requests between two target groups.
#[derive(Debug, Clone, PartialEq, Builder)]
#[builder(start_fn = of, finish_fn = build)]
pub struct Shift {
    /// In which steps requests are shifted.
    #[builder(start_fn)]
    pub(crate) traffic: Traffic,
    /// Minutes for which the old tasks wait after the last step, so that going back takes seconds, 0 to 1440.
    /// Default: 15.
    #[builder(default = 15)]
    pub(crate) bake_minutes: u16,
    /// A port that leads to the new tasks before any request does. Default: none.
    pub(crate) test: Option<TestPort>,
}

/// A port of the load balancer that leads to new tasks before any request does.
#[derive(Debug, Clone, PartialEq)]
pub struct TestPort {
    /// The port.
    pub port: Port,
    /// Who may reach it. If nobody is named, those in the service's network may.
    pub from: Vec<Cidr>,
}

/// `CloudFormation` gives up after 36 hours, and refuses what waits for more than 33.
///
/// Source: [AWS::ECS::Service `LinearConfiguration`][aws].
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-ecs-service-linearconfiguration.html
const LONGEST_MINUTES: u32 = 33 * 60;
/// A day: the longest that one wait may take.
const LONGEST_WAIT: u16 = 1440;

impl Deployment {
    pub(crate) fn check(&self, s: &mut Scope<'_>) {
        let Deployment::Shift(shift) = self else { return };
        let (percent, wait) = match shift.traffic {
            Traffic::AtOnce => (None, None),
            Traffic::Linear { step_percent, step_bake_minutes } => {
                (Some(("step_percent", step_percent, 3.0)), Some(("step_bake_minutes", step_bake_minutes)))
            }
            Traffic::Canary { percent, bake_minutes } => {
                (Some(("percent", percent, 0.1)), Some(("bake_minutes", bake_minutes)))
            }
        };
        if let Some((property, percent, least)) =
            percent.filter(|(_, percent, least)| !is_step(*percent, *least))
        {
            s.error("DC123", format!("{percent} percent of the requests cannot be shifted"))
                .property(format!("deployment.{property}"))
                .hint(format!("choose {least} to 100 in steps of 0.1"));
        }
        for (property, minutes) in wait.into_iter().chain([("bake_minutes", shift.bake_minutes)]) {
            if minutes > LONGEST_WAIT {
                s.error("DC123", format!("{minutes} minutes are too long to wait in a deployment"))
                    .property(format!("deployment.{property}"))
                    .hint(format!("ECS waits at most {LONGEST_WAIT} minutes, a day"));
            }
        }
        let minutes = shift.minutes();
        if minutes > LONGEST_MINUTES {
            s.error("DC124", format!("a deployment would wait for {minutes} minutes"))
                .property("deployment")
                .hint(format!("CloudFormation refuses more than {LONGEST_MINUTES}, 33 hours; wait less, or take fewer steps"));
        }
    }

    /// Whether ECS may move tasks between zones, which it does by starting another one first.
    pub(crate) fn rebalancing(&self) -> &'static str {
        if matches!(self, Deployment::Rolling { overlap: false, .. }) { "DISABLED" } else { "ENABLED" }
    }

    /// The properties of the service. The controller is left out: it is ECS, and naming it may replace the service.
    pub(crate) fn properties(&self) -> l1::DeploymentConfiguration {
        let base = l1::DeploymentConfiguration {
            minimum_healthy_percent: Some(100.into()),
            maximum_percent: Some(200.into()),
            ..Default::default()
        };
        let shift = match self {
            Deployment::Rolling { overlap, circuit_breaker } => {
                let (least, most) = if *overlap { (100, 200) } else { (0, 100) };
                return l1::DeploymentConfiguration {
                    minimum_healthy_percent: Some(least.into()),
                    maximum_percent: Some(most.into()),
                    deployment_circuit_breaker: Some(l1::DeploymentCircuitBreaker {
                        enable: Some((*circuit_breaker).into()),
                        rollback: Some((*circuit_breaker).into()),
                        ..Default::default()
                    }),
                    ..base
                };
            }
            Deployment::Shift(shift) => shift,
        };
        let (strategy, linear, canary) = match shift.traffic {
            Traffic::AtOnce => ("BLUE_GREEN", None, None),
            Traffic::Linear { step_percent, step_bake_minutes } => {
                let linear = l1::LinearConfiguration {
                    step_percent: Some(step_percent.into()),
                    step_bake_time_in_minutes: Some(step_bake_minutes.into()),
                };
                ("LINEAR", Some(linear), None)
            }
            Traffic::Canary { percent, bake_minutes } => {
                let canary = l1::CanaryConfiguration {
                    canary_percent: Some(percent.into()),
                    canary_bake_time_in_minutes: Some(bake_minutes.into()),
                };
                ("CANARY", None, Some(canary))
            }
        };
        l1::DeploymentConfiguration {
            strategy: Some(strategy.into()),
            bake_time_in_minutes: Some(shift.bake_minutes.into()),
            linear_configuration: linear,
            canary_configuration: canary,
            ..base
        }
    }
}

/// ECS counts percents in tenths.
fn is_step(percent: f64, least: f64) -> bool {
    (least..=100.0).contains(&percent) && ((percent * 10.0).round() - percent * 10.0).abs() < 1e-6
}

impl Shift {
    /// The minutes that a deployment waits, as CloudFormation counts them: no step is waited for after the last.
    pub fn minutes(&self) -> u32 {
        let bake = u32::from(self.bake_minutes);
        match self.traffic {
            Traffic::AtOnce => bake,
            Traffic::Canary { bake_minutes, .. } => bake + u32::from(bake_minutes),
            Traffic::Linear { step_percent, step_bake_minutes } => {
                bake + steps_before_the_last(step_percent) * u32::from(step_bake_minutes)
            }
        }
    }
}

fn steps_before_the_last(step_percent: f64) -> u32 {
    let mut shifted = step_percent;
    let mut steps = 0;
    // At least 3 percent a step; what is less is refused, and must not be counted for ever.
    while shifted < 100.0 - 1e-6 && steps < 1000 {
        shifted += step_percent;
        steps += 1;
    }
    steps
}
