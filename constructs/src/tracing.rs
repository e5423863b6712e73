//! Tracing: a container beside the application that takes its traces and hands them to X-Ray.

use crate::container::{Container, HealthCommand, Protocol};
use crate::iam::{Role, Statement};
use crate::log_group::LogGroup;
use crate::port;
use crate::repository::Image;
use crate::scope::Scope;
use crate::value::Value;

/// Who takes the application's traces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tracing {
    /// The collector of the AWS Distro for OpenTelemetry, which speaks OTLP on ports 4317 and 4318.
    Adot,
    /// The X-Ray daemon on UDP port 2000, which AWS maintains no longer.
    ///
    /// Source: [X-Ray SDK and daemon support timeline][aws].
    ///
    /// [aws]: https://docs.aws.amazon.com/xray/latest/devguide/xray-sdk-daemon-timeline.html
    XrayDaemon,
}

/// Source: [releases of the collector][releases].
///
/// [releases]: https://github.com/aws-observability/aws-otel-collector/releases
const ADOT_IMAGE: &str = "public.ecr.aws/aws-observability/aws-otel-collector:v0.48.0";
const XRAY_IMAGE: &str = "amazon/aws-xray-daemon:3.3.12";

/// What the collector does: traces in by OTLP, to X-Ray in batches, and X-Ray's sampling rules handed on. Only this
/// task reaches it. The image's own configuration would also write metrics, for which the role has no permission.
const ADOT_CONFIG: &str = "\
extensions:
  health_check: {endpoint: 'localhost:13133'}
  awsproxy: {endpoint: 'localhost:2000'}
receivers:
  otlp:
    protocols:
      grpc: {endpoint: 'localhost:4317'}
      http: {endpoint: 'localhost:4318'}
processors:
  batch: {timeout: 1s}
exporters:
  awsxray: {}
service:
  extensions: [health_check, awsproxy]
  pipelines:
    traces: {receivers: [otlp], processors: [batch], exporters: [awsxray]}
";

impl Tracing {
    /// The container beside the application: not essential, small, and with its own reservation.
    pub(crate) fn sidecar(self, log_group: LogGroup) -> Container {
        let container = |name: &str, image: &str| {
            Container::named(name)
                .image(Image::registry(image))
                .essential(false)
                .log_group(log_group)
                .stream_prefix(name)
        };
        match self {
            Tracing::Adot => container("aws-otel-collector", ADOT_IMAGE)
                .cpu(64)
                .memory_reservation(128)
                .environment([("AOT_CONFIG_CONTENT", ADOT_CONFIG)])
                // The image has no shell.
                .health_command(HealthCommand::Program(vec!["/healthcheck".to_owned()]))
                .build(),
            Tracing::XrayDaemon => container("xray-daemon", XRAY_IMAGE)
                .cpu(32)
                .memory_reservation(256)
                .port(port!(2000))
                .protocol(Protocol::Udp)
                .build(),
        }
    }

    /// What tells the application where its traces go.
    ///
    /// Source: [OpenTelemetry's environment variables][otel].
    ///
    /// [otel]: https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
    pub(crate) fn environment(self, service: &str) -> Vec<(String, Value<String>)> {
        let variables: &[(&str, &str)] = match self {
            Tracing::Adot => &[
                ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318"),
                ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
                ("OTEL_METRICS_EXPORTER", "none"),
                ("OTEL_LOGS_EXPORTER", "none"),
                ("OTEL_SERVICE_NAME", service),
            ],
            Tracing::XrayDaemon => {
                &[("AWS_XRAY_DAEMON_ADDRESS", "localhost:2000"), ("AWS_XRAY_TRACING_NAME", service)]
            }
        };
        variables.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect()
    }

    /// Lets the task hand over traces. X-Ray knows no narrower resource than all.
    ///
    /// Source: [Actions, resources, and condition keys for AWS X-Ray][aws].
    ///
    /// [aws]: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html
    pub(crate) fn grant(s: &mut Scope<'_>, role: Role) {
        let actions = [
            "xray:PutTraceSegments",
            "xray:PutTelemetryRecords",
            "xray:GetSamplingRules",
            "xray:GetSamplingTargets",
            "xray:GetSamplingStatisticSummaries",
        ];
        role.allow(s, "Tracing", Statement::allow(actions).on_everything());
    }

    pub(crate) fn check(self, s: &mut Scope<'_>) {
        if self == Tracing::XrayDaemon {
            s.warn("DC128", "AWS maintains the X-Ray daemon no longer, and ends its support on 2027-02-25")
                .property("tracing")
                .hint("send traces by OpenTelemetry, and choose the ADOT collector");
        }
    }
}
