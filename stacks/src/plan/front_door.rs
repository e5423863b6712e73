//! The load balancer and its name, understood.

use constructs::l1::acm::Certificate;
use constructs::{Arn, Port, Value, port};

use crate::settings::Settings;

use super::Reader;

/// The load balancer, understood.
#[derive(Debug, Clone)]
pub struct FrontDoorPlan {
    /// The certificate, if HTTPS is wanted.
    pub certificate: Option<Value<Arn<Certificate>>>,
    /// Whether the load balancer refuses to be deleted.
    pub deletion_protection: bool,
    /// The load balancer's port for the AI and machine-learning service.
    pub ai_ml_port: Port,
}

impl Reader<'_> {
    pub(super) fn front_door(&mut self, settings: &Settings) -> FrontDoorPlan {
        let taken = [80, 443].contains(&settings.load_balancer.ai_ml_port);
        let hint = "these are the backend's; choose another port, for example 8080";
        let message = format_args!("port {} is taken by the backend", settings.load_balancer.ai_ml_port);
        self.refuse_if(taken, "load_balancer.ai_ml_port", message, hint);
        FrontDoorPlan {
            certificate: self.certificate(settings),
            deletion_protection: settings.load_balancer.deletion_protection,
            ai_ml_port: self.unit(
                "load_balancer.ai_ml_port",
                Port::new(settings.load_balancer.ai_ml_port.into()),
                port!(8080),
            ),
        }
    }

    fn certificate(&mut self, settings: &Settings) -> Option<Value<Arn<Certificate>>> {
        let arn = settings.load_balancer.certificate_arn.as_ref()?;
        let key = "load_balancer.certificate_arn";
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        match parts[..] {
            ["arn", _, "acm", region, _, _] if region == settings.region => Some(Value::known(arn)),
            ["arn", _, "acm", region, _, _] => {
                let message =
                    format!("the certificate is in {region}, the load balancer in {}", settings.region);
                self.app.refuse_setting(
                    key,
                    message,
                    "a load balancer takes certificates of its own region only",
                );
                None
            }
            _ => {
                let message = format!("`{arn}` is not the ARN of a certificate");
                self.app.refuse_setting(
                    key,
                    message,
                    "it looks like `arn:aws:acm:us-east-1:123456789012:certificate/…`",
                );
                None
            }
        }
    }
}
