//! The parts of a template beside its resources: parameters, conditions, mappings and outputs.

use std::marker::PhantomData;

use template::{Function, Map, Node, Output};

use crate::l1;
use crate::resource::Handle;
use crate::scope::Scope;
use crate::text::IntoText;
use crate::value::{List, Value};

/// A parameter to be declared; `V` is the value that it gives.
///
/// Typed configuration is the better place for what differs between environments. Parameters are for
/// templates that others deploy without this program.
#[derive(Debug, Clone)]
pub struct Parameter<V> {
    declaration: template::Parameter,
    value: PhantomData<fn() -> V>,
}

impl<V> Parameter<V> {
    fn of_type(type_name: &str) -> Parameter<V> {
        let declaration = template::Parameter { type_name: type_name.to_owned(), ..Default::default() };
        Parameter { declaration, value: PhantomData }
    }

    /// The value used when none is given. Default: a value must be given.
    pub fn default(mut self, value: impl Into<Node>) -> Parameter<V> {
        self.declaration.default = Some(value.into());
        self
    }

    /// What the parameter is for.
    pub fn description(mut self, text: &str) -> Parameter<V> {
        self.declaration.description = Some(text.to_owned());
        self
    }

    /// The only values accepted.
    pub fn allowed_values<N: Into<Node>>(self, values: impl IntoIterator<Item = N>) -> Parameter<V> {
        let values = values.into_iter().map(Into::into).collect();
        self.attribute("AllowedValues", Node::List(values))
    }

    /// A regular expression that the whole value must match, and what to tell who gives another.
    pub fn allowed_pattern(self, pattern: &str, otherwise: &str) -> Parameter<V> {
        self.attribute("AllowedPattern", pattern).attribute("ConstraintDescription", otherwise)
    }

    /// The least number accepted.
    pub fn min_value(self, value: i64) -> Parameter<V> {
        self.attribute("MinValue", value)
    }

    /// The greatest number accepted.
    pub fn max_value(self, value: i64) -> Parameter<V> {
        self.attribute("MaxValue", value)
    }

    fn attribute(mut self, name: &str, value: impl Into<Node>) -> Parameter<V> {
        self.declaration.attributes.insert(name.to_owned(), value.into());
        self
    }
}

impl Parameter<Value<String>> {
    /// Any text.
    pub fn text() -> Self {
        Parameter::of_type("String")
    }
}

impl Parameter<Value<i64>> {
    /// A number.
    pub fn number() -> Self {
        Parameter::of_type("Number")
    }
}

impl Parameter<Value<l1::ec2::VpcId>> {
    /// The id of a VPC of the account, checked by CloudFormation before anything is created.
    pub fn vpc_id() -> Self {
        Parameter::of_type("AWS::EC2::VPC::Id")
    }
}

impl Parameter<List<l1::ec2::SubnetId>> {
    /// The ids of subnets of the account, checked by CloudFormation before anything is created.
    pub fn subnet_ids() -> Self {
        Parameter::of_type("List<AWS::EC2::Subnet::Id>")
    }
}

/// What a parameter gives: a value, or a list of them.
pub trait FromParameter {
    /// The value of the parameter `name`.
    fn from_parameter(name: &str) -> Self;
}

impl<T> FromParameter for Value<T> {
    fn from_parameter(name: &str) -> Value<T> {
        Value::parameter(name)
    }
}

impl<T> FromParameter for List<T> {
    fn from_parameter(name: &str) -> List<T> {
        List::parameter(name)
    }
}

/// A condition of the template, evaluated when the stack is deployed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    name: String,
}

impl Condition {
    /// `yes` where the condition holds, else `no`.
    pub fn choose<T>(&self, yes: impl Into<Value<T>>, no: impl Into<Value<T>>) -> Value<T> {
        let branches = vec![Node::from(self.name.as_str()), yes.into().into_node(), no.into().into_node()];
        Value::from_node(Node::call(Function::If, branches))
    }

    /// `value` where the condition holds; the property is absent elsewhere.
    pub fn value<T>(&self, value: impl Into<Value<T>>) -> Value<T> {
        self.choose(value, Value::parameter("AWS::NoValue"))
    }

    fn operand(&self) -> Node {
        Node::call(Function::Condition, self.name.as_str())
    }
}

/// What a condition is made of.
#[derive(Debug, Clone)]
pub struct ConditionExpression(Node);

impl ConditionExpression {
    /// Holds where both values are the same text.
    pub fn equals<T>(left: impl Into<Value<T>>, right: impl Into<Value<T>>) -> ConditionExpression {
        let operands = vec![left.into().into_node(), right.into().into_node()];
        ConditionExpression(Node::call(Function::Equals, operands))
    }

    /// Holds where every one of 2 to 10 conditions does.
    pub fn all<'a>(conditions: impl IntoIterator<Item = &'a Condition>) -> ConditionExpression {
        let operands = conditions.into_iter().map(Condition::operand).collect();
        ConditionExpression(Node::call(Function::And, Node::List(operands)))
    }

    /// Holds where at least one of 2 to 10 conditions does.
    pub fn any<'a>(conditions: impl IntoIterator<Item = &'a Condition>) -> ConditionExpression {
        let operands = conditions.into_iter().map(Condition::operand).collect();
        ConditionExpression(Node::call(Function::Or, Node::List(operands)))
    }

    /// Holds where this does not.
    #[expect(
        clippy::should_implement_trait,
        reason = "the field's own name; an operator would hide a call of `Fn::Not`"
    )]
    pub fn not(self) -> ConditionExpression {
        ConditionExpression(Node::call(Function::Not, vec![self.0]))
    }
}

/// A mapping of the template: values by a top-level and a second-level key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    name: String,
}

impl Mapping {
    /// The value under both keys; either may be known only at deployment.
    pub fn find<T>(&self, top: impl Into<Value<String>>, second: impl Into<Value<String>>) -> Value<T> {
        let keys = vec![Node::from(self.name.as_str()), top.into().into_node(), second.into().into_node()];
        Value::from_node(Node::call(Function::FindInMap, keys))
    }
}

impl Scope<'_> {
    /// Declares the parameter `name` and gives its value.
    #[track_caller]
    pub fn parameter<V: FromParameter>(&mut self, name: &str, parameter: Parameter<V>) -> V {
        if self.stack_data_mut().parameters.insert(name.to_owned(), parameter.declaration).is_some() {
            self.declared_twice("parameter", name);
        }
        V::from_parameter(name)
    }

    /// Declares the condition `name`.
    #[track_caller]
    pub fn condition(&mut self, name: &str, expression: ConditionExpression) -> Condition {
        if self.stack_data_mut().conditions.insert(name.to_owned(), expression.0).is_some() {
            self.declared_twice("condition", name);
        }
        Condition { name: name.to_owned() }
    }

    /// Creates the resource only where the condition holds.
    pub fn only_if<R>(&mut self, handle: Handle<R>, condition: &Condition) {
        self.element_mut(handle.element).condition = Some(condition.name.clone());
    }

    /// Declares the mapping `name`: for each top-level key its second-level keys and values.
    #[track_caller]
    pub fn mapping<N: Into<Node>, K: Into<String>, L: Into<String>>(
        &mut self,
        name: &str,
        entries: impl IntoIterator<Item = (K, Vec<(L, N)>)>,
    ) -> Mapping {
        let second =
            |pairs: Vec<(L, N)>| pairs.into_iter().map(|(key, value)| (key.into(), value.into())).collect();
        let map: Map =
            entries.into_iter().map(|(key, pairs)| (key.into(), Node::Map(second(pairs)))).collect();
        if self.stack_data_mut().mappings.insert(name.to_owned(), Node::Map(map)).is_some() {
            self.declared_twice("mapping", name);
        }
        Mapping { name: name.to_owned() }
    }

    /// Adds the output `name`, which `outputs` and whoever describes the stack can read.
    #[track_caller]
    pub fn output(&mut self, name: &str, value: impl IntoText, description: &str) {
        self.add_output(name, value, description, None);
    }

    /// Adds an output that other stacks of the account and region may import as `export_name`.
    ///
    /// Stacks of the same app need no export of their own making: a value used in another stack becomes one.
    #[track_caller]
    pub fn exported_output(
        &mut self,
        name: &str,
        value: impl IntoText,
        description: &str,
        export_name: impl Into<Value<String>>,
    ) {
        self.add_output(name, value, description, Some(export_name.into().into_node()));
    }

    #[track_caller]
    fn add_output(&mut self, name: &str, value: impl IntoText, description: &str, export: Option<Node>) {
        let description = (!description.is_empty()).then(|| description.to_owned());
        let output = Output { value: value.into_text(), description, export, condition: None };
        if self.stack_data_mut().outputs.insert(name.to_owned(), output).is_some() {
            self.declared_twice("output", name);
        }
    }

    #[track_caller]
    fn declared_twice(&mut self, kind: &str, name: &str) {
        self.error("DC009", format!("the {kind} `{name}` is declared twice"))
            .hint("give one of them another name");
    }
}

/// Values that CloudFormation knows of every stack.
///
/// Source: [Pseudo parameters][aws].
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/pseudo-parameter-reference.html
pub mod aws {
    use crate::sub;
    use crate::text::IntoText;
    use crate::value::Value;

    /// The ARN of a resource of `service` in the stack's own partition, region and account:
    /// `arn("sqs", "docuthinker-*")`.
    pub fn arn(service: &str, resource: impl IntoText) -> Value<String> {
        sub!("arn:{}:{}:{}:{}:{}", partition(), service, region(), account_id(), resource)
    }

    /// The account that the stack is deployed to, 12 digits.
    pub fn account_id() -> Value<String> {
        Value::parameter("AWS::AccountId")
    }

    /// The region that the stack is deployed to, for example `us-east-1`.
    pub fn region() -> Value<String> {
        Value::parameter("AWS::Region")
    }

    /// The partition that the region is in: `aws`, `aws-cn` or `aws-us-gov`.
    pub fn partition() -> Value<String> {
        Value::parameter("AWS::Partition")
    }

    /// The domain of AWS's services in the partition: `amazonaws.com`, or `amazonaws.com.cn` in China.
    pub fn url_suffix() -> Value<String> {
        Value::parameter("AWS::URLSuffix")
    }

    /// The name of the stack.
    pub fn stack_name() -> Value<String> {
        Value::parameter("AWS::StackName")
    }

    /// The ARN of the stack.
    pub fn stack_id() -> Value<String> {
        Value::parameter("AWS::StackId")
    }
}
