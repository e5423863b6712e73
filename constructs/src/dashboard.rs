//! CloudWatch dashboards: what is going on, on one page.

use bon::bon;
use template::Node;

use crate::alarm::Alarm;
use crate::declare::aws;
use crate::l1::cloudwatch;
use crate::metric::Metric;
use crate::resource::Handle;
use crate::scope::Scope;
use crate::text::{IntoText, substitute};
use crate::value::Value;

/// The columns that a dashboard has.
const COLUMNS: usize = 24;

/// One part of a dashboard.
#[derive(Debug, Clone)]
pub struct Widget {
    height: usize,
    content: Content,
}

#[derive(Debug, Clone)]
enum Content {
    Text { markdown: String },
    Alarms { title: String, alarms: Vec<Alarm> },
    Graph { title: String, metrics: Vec<Metric>, line: Option<f64> },
}

impl Widget {
    /// Text in Markdown.
    pub fn text(markdown: impl Into<String>) -> Widget {
        Widget { height: 2, content: Content::Text { markdown: markdown.into() } }
    }

    /// What state alarms are in.
    pub fn alarms(title: &str, alarms: impl IntoIterator<Item = Alarm>) -> Widget {
        let content = Content::Alarms { title: title.to_owned(), alarms: alarms.into_iter().collect() };
        Widget { height: 4, content }
    }

    /// Metrics over time.
    pub fn graph(title: &str, metrics: impl IntoIterator<Item = Metric>) -> Widget {
        let metrics = metrics.into_iter().collect();
        Widget { height: 6, content: Content::Graph { title: title.to_owned(), metrics, line: None } }
    }

    /// Draws a line across the graph at `value`, such as the threshold of an alarm.
    pub fn line(mut self, value: f64) -> Widget {
        if let Content::Graph { line, .. } = &mut self.content {
            *line = Some(value);
        }
        self
    }

    /// The rows that it takes, 24 of which are about a screen. Default: 2 for text, 4 for alarms, 6 for graphs.
    pub fn height(mut self, rows: usize) -> Widget {
        self.height = rows;
        self
    }

    fn metrics(&self) -> &[Metric] {
        if let Content::Graph { metrics, .. } = &self.content { metrics } else { &[] }
    }
}

/// An `AWS::CloudWatch::Dashboard`.
#[derive(Debug, Clone, Copy)]
pub struct Dashboard {
    /// The dashboard itself, for what this construct has no word for.
    pub resource: Handle<cloudwatch::Dashboard>,
}

#[bon]
impl Dashboard {
    /// Starts the dashboard `id`; `build(s)` adds it to the scope.
    #[track_caller]
    #[builder(start_fn = named, finish_fn = build)]
    pub fn new(
        #[builder(start_fn)] id: &str,
        #[builder(finish_fn)] s: &mut Scope<'_>,
        /// The name: letters, digits, hyphens and underscores, 255 at most. Dashboards belong to the account
        /// and not to a region, so that a name for two regions must hold the region's. Default: a name that
        /// CloudFormation makes.
        #[builder(into)]
        name: Option<Value<String>>,
        /// The rows from top to bottom; the parts of a row share its width.
        #[builder(with = FromIterator::from_iter)]
        rows: Vec<Vec<Widget>>,
    ) -> Dashboard {
        check(&mut s.scope(id), name.as_ref(), &rows);
        let properties = cloudwatch::Dashboard {
            dashboard_name: name,
            dashboard_body: Some(body(&rows)),
            ..Default::default()
        };
        Dashboard { resource: s.add(id, properties) }
    }
}

/// Source: [PutDashboard][aws] and [its body][body].
///
/// [aws]: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html
/// [body]: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
#[track_caller]
fn check(s: &mut Scope<'_>, name: Option<&Value<String>>, rows: &[Vec<Widget>]) {
    if let Some(name) = name.and_then(Value::literal) {
        let valid = (1..=255).contains(&name.len())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        if !valid {
            s.error("DC168", format!("`{name}` is not a dashboard's name"))
                .property("name")
                .hint("use letters, digits, hyphens and underscores, 255 at most");
        }
    }
    for (index, row) in rows.iter().enumerate() {
        if !(1..=COLUMNS).contains(&row.len()) {
            s.error("DC169", format!("a row of {} parts cannot be shown", row.len()))
                .property(format!("rows[{index}]"))
                .hint("put 1 to 24 parts into a row; up to four can be read");
        }
    }
    for metric in rows.iter().flatten().flat_map(Widget::metrics) {
        metric.check(s);
    }
}

/// The body: JSON with what is known only at deployment in its texts.
fn body(rows: &[Vec<Widget>]) -> Value<String> {
    let mut json = Json::default();
    json.literal(r#"{"widgets":["#);
    let mut top = 0;
    for row in rows.iter().filter(|row| !row.is_empty()) {
        let width = COLUMNS / row.len();
        for (index, widget) in row.iter().enumerate() {
            if top > 0 || index > 0 {
                json.literal(",");
            }
            let kind = match widget.content {
                Content::Text { .. } => "text",
                Content::Alarms { .. } => "alarm",
                Content::Graph { .. } => "metric",
            };
            let (left, height) = (index * width, widget.height);
            json.literal(&format!(
                r#"{{"type":"{kind}","x":{left},"y":{top},"width":{width},"height":{height},"properties":{{"#
            ));
            json.content(&widget.content);
            json.literal("}}");
        }
        top += row.iter().map(|widget| widget.height).max().unwrap_or_default();
    }
    json.literal("]}");
    substitute(&json.format, json.values)
}

/// A format for [`substitute`], and what it puts into it.
#[derive(Default)]
struct Json {
    format: String,
    values: Vec<Node>,
}

impl Json {
    /// Text that stands in the body as it is.
    fn literal(&mut self, text: &str) {
        self.format.push_str(&text.replace('{', "{{").replace('}', "}}"));
    }

    fn string(&mut self, text: &str) {
        self.literal(&serde_json::Value::from(text).to_string());
    }

    /// A text that may be known only at deployment. AWS's names and ARNs have no character to be escaped.
    fn value(&mut self, value: &Value<String>) {
        if let Some(text) = value.literal() {
            return self.string(text);
        }
        self.format.push_str("\"{}\"");
        self.values.push(value.into_text());
    }

    /// `write` for each item, with commas between.
    fn list<T>(&mut self, items: &[T], write: impl Fn(&mut Json, usize, &T)) {
        self.literal("[");
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.literal(",");
            }
            write(self, index, item);
        }
        self.literal("]");
    }

    fn content(&mut self, content: &Content) {
        match content {
            Content::Text { markdown } => {
                self.literal(r#""markdown":"#);
                self.string(markdown);
            }
            Content::Alarms { title, alarms } => {
                self.literal(r#""title":"#);
                self.string(title);
                self.literal(r#","alarms":"#);
                self.list(alarms, |json, _, alarm| json.value(&alarm.arn().text()));
            }
            Content::Graph { title, metrics, line } => self.graph(title, metrics, *line),
        }
    }

    fn graph(&mut self, title: &str, metrics: &[Metric], line: Option<f64>) {
        self.literal(r#""title":"#);
        self.string(title);
        self.literal(r#","region":"#);
        self.value(&aws::region());
        if let Some(first) = metrics.first() {
            let statistic = first.statistic.name();
            self.literal(&format!(r#","stat":"{statistic}","period":{}"#, first.period));
        }
        self.literal(r#","metrics":"#);
        self.list(metrics, |json, index, metric| {
            let previous = index.checked_sub(1).map(|before| &metrics[before]);
            json.metric(metric, previous, &metrics[0]);
        });
        if let Some(value) = line {
            self.literal(&format!(r#","annotations":{{"horizontal":[{{"value":{value}}}]}}"#));
        }
    }

    /// Namespace, name, dimensions and, where they differ from the graph's, label, statistic and period. What
    /// the metric before has in the same place is written as a period.
    fn metric(&mut self, metric: &Metric, previous: Option<&Metric>, first: &Metric) {
        let before = previous.map(parts).unwrap_or_default();
        self.literal("[");
        for (index, part) in parts(metric).iter().enumerate() {
            if index > 0 {
                self.literal(",");
            }
            if before.get(index) == Some(part) { self.literal(r#"".""#) } else { self.value(part) }
        }
        let mut options = serde_json::Map::default();
        if let Some(label) = &metric.label {
            options.insert("label".to_owned(), label.as_str().into());
        }
        if metric.statistic != first.statistic {
            options.insert("stat".to_owned(), metric.statistic.name().into());
        }
        if metric.period != first.period {
            options.insert("period".to_owned(), metric.period.into());
        }
        if !options.is_empty() {
            self.literal(&format!(",{}", serde_json::Value::Object(options)));
        }
        self.literal("]");
    }
}

fn parts(metric: &Metric) -> Vec<Value<String>> {
    let names = [metric.namespace.as_str(), metric.name.as_str()].map(Value::from);
    let dimensions =
        metric.dimensions.iter().flat_map(|(name, value)| [Value::from(name.as_str()), value.clone()]);
    names.into_iter().chain(dimensions).collect()
}
