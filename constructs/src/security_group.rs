//! Security groups: who may reach whom, one rule at a time.

use bon::bon;

use crate::l1::ec2;
use crate::resource::Handle;
use crate::scope::Scope;
use crate::units::{Cidr, PortValue};
use crate::value::Value;
use crate::vpc::Vpc;

/// What a security group lets out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Egress {
    /// Everything to everywhere, as AWS does by default.
    Anywhere,
    /// Only what [`SecurityGroup::connect`] allows.
    Connected,
}

/// An `AWS::EC2::SecurityGroup`.
///
/// Rules are resources of their own, never inline: two groups may then refer to each other without a cycle.
#[derive(Debug, Clone)]
pub struct SecurityGroup {
    id: Value<ec2::SecurityGroupId>,
    name: String,
    egress: Egress,
    /// The group itself, if the stack owns it.
    pub resource: Option<Handle<ec2::SecurityGroup>>,
}

#[bon]
impl SecurityGroup {
    /// Starts the security group `id`; `build(s)` adds it to the scope.
    #[track_caller]
    #[builder(start_fn = named, finish_fn = build)]
    pub fn new(
        #[builder(start_fn)] id: &str,
        #[builder(finish_fn)] s: &mut Scope<'_>,
        /// The VPC that the group belongs to.
        vpc: &Vpc,
        /// What the group is for; AWS keeps it for ever, so say what is in it, not what it allows.
        description: &str,
        /// What the group lets out. Default: everything.
        #[builder(default = Egress::Anywhere)]
        egress: Egress,
    ) -> SecurityGroup {
        let rule = match egress {
            Egress::Anywhere => ec2::security_group::Egress {
                cidr_ip: Some(Cidr::ANYWHERE.to_string().into()),
                ip_protocol: Some("-1".into()),
                description: Some("everything to everywhere".into()),
                ..Default::default()
            },
            // Without any rule AWS adds one that lets everything out; this one lets out nothing.
            Egress::Connected => ec2::security_group::Egress {
                cidr_ip: Some("127.0.0.1/32".into()),
                ip_protocol: Some("-1".into()),
                description: Some("nothing but the rules that name a peer".into()),
                ..Default::default()
            },
        };
        let properties = ec2::SecurityGroup {
            group_description: Some(description.into()),
            vpc_id: Some(vpc.id()),
            security_group_egress: Some(vec![rule]),
            ..Default::default()
        };
        let resource = s.add(id, properties);
        SecurityGroup {
            id: resource.group_id(),
            name: s.path_of(resource).to_owned(),
            egress,
            resource: Some(resource),
        }
    }
}

impl SecurityGroup {
    /// A security group that exists. Rules to and from it are added as resources of this stack.
    pub fn existing(id: impl Into<String>) -> SecurityGroup {
        let id = id.into();
        SecurityGroup { name: id.clone(), id: Value::known(id), egress: Egress::Connected, resource: None }
    }

    /// The group's id.
    #[must_use]
    pub fn id(&self) -> Value<ec2::SecurityGroupId> {
        self.id.clone()
    }

    /// Lets addresses of `from` reach the group on TCP `port`.
    #[track_caller]
    pub fn allow_from(&self, s: &mut Scope<'_>, from: Cidr, port: impl Into<PortValue>, description: &str) {
        let port = port.into();
        let source = if from == Cidr::ANYWHERE { "Anywhere".to_owned() } else { from.to_string() };
        let rule = ec2::SecurityGroupIngress {
            cidr_ip: Some(from.to_string().into()),
            ..self.ingress(&port, description)
        };
        s.reopen("").add(&rule_id(&self.name, "From", &source, &port), rule);
    }

    /// Lets `self` reach `to` on TCP `port`: a rule on each side that needs one. Gives the rule that lets it in,
    /// or nothing if the two are connected already.
    #[track_caller]
    pub fn connect(
        &self,
        s: &mut Scope<'_>,
        to: &SecurityGroup,
        port: impl Into<PortValue>,
        description: &str,
    ) -> Option<Handle<ec2::SecurityGroupIngress>> {
        let port = port.into();
        let id = rule_id(&to.name, "From", &self.name, &port);
        if s.reopen("").has(&id) {
            return None;
        }
        let rule = ec2::SecurityGroupIngress {
            source_security_group_id: Some(self.id()),
            ..to.ingress(&port, description)
        };
        let ingress = s.reopen("").add(&id, rule);
        if self.egress == Egress::Connected {
            let rule = ec2::SecurityGroupEgress {
                group_id: Some(self.id()),
                destination_security_group_id: Some(to.id()),
                ip_protocol: Some("tcp".into()),
                from_port: Some(port.value()),
                to_port: Some(port.value()),
                description: Some(description.into()),
                ..Default::default()
            };
            s.reopen("").add(&rule_id(&self.name, "To", &to.name, &port), rule);
        }
        Some(ingress)
    }

    fn ingress(&self, port: &PortValue, description: &str) -> ec2::SecurityGroupIngress {
        ec2::SecurityGroupIngress {
            group_id: Some(self.id()),
            ip_protocol: Some("tcp".into()),
            from_port: Some(port.value()),
            to_port: Some(port.value()),
            description: Some(description.into()),
            ..Default::default()
        }
    }
}

/// A rule is named after both its ends, so that its logical ID changes only when it becomes another rule.
fn rule_id(group: &str, direction: &str, peer: &str, port: &PortValue) -> String {
    let letters = |text: &str| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
    format!("{}{direction}{}Port{}", letters(group), letters(peer), letters(port.label()))
}
