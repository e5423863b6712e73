//! Properties whose change interrupts what the resource does, from AWS's documentation.
//!
//! No published schema has this; the documentation says of each property what an update requires. Here are those of
//! types that others wait for: databases, brokers, instances. Source: the page of each type in the
//! [resource type reference][aws], "Update requires: Some interruptions" (for `AWS::DocDB::DBInstance` in the text).
//!
//! [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html

use crate::document::Resource;

const INTERRUPT: [(&str, &str); 8] = [
    ("AWS::AmazonMQ::Broker", "HostInstanceType"),
    ("AWS::DocDB::DBInstance", "DBInstanceClass"),
    ("AWS::EC2::Instance", "InstanceType"),
    ("AWS::EC2::Instance", "KernelId"),
    ("AWS::EC2::Instance", "RamdiskId"),
    ("AWS::Neptune::DBInstance", "DBInstanceClass"),
    ("AWS::RDS::DBInstance", "DBInstanceClass"),
    ("AWS::RDS::DBInstance", "StorageType"),
];

/// Whether changing the property at `path` makes the resource unavailable for a while, although it is kept.
pub(super) fn interrupts(resource: &Resource, path: &[&str]) -> bool {
    let Some(property) = path.first() else { return false };
    INTERRUPT.binary_search(&(resource.type_name.as_str(), property)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_its_properties_exist() {
        assert!(INTERRUPT.windows(2).all(|pair| pair[0] < pair[1]));
        for (type_name, property) in INTERRUPT {
            let facts = crate::facts::resource(type_name).unwrap_or_else(|| panic!("{type_name}"));
            assert!(facts.properties().property(property).is_some(), "{type_name} {property}");
        }
    }
}
