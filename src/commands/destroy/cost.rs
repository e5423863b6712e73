//! What a resource that stays goes on to cost: unit prices only, and sums only of what does not depend on use.

use std::collections::BTreeSet;

use template::cost::{Money, Standing, standing};

/// What a resource of this type costs, if that is known.
pub(super) fn text(resource_type: &str) -> Option<String> {
    Some(match standing(resource_type)? {
        Standing::Month(money) => format!("{money} a month"),
        Standing::Gigabyte(money) => format!("{money} for each GB and month"),
    })
}

/// What resources of these types cost together, in words; `None` if nothing is known to be billed.
pub(super) fn sum(resource_types: &[&str]) -> Option<String> {
    let prices: Vec<Standing> = resource_types.iter().filter_map(|kind| standing(kind)).collect();
    let month = |price: &Standing| if let Standing::Month(money) = price { Some(*money) } else { None };
    let fixed: Money = prices.iter().filter_map(month).sum();
    let by_use = prices.iter().any(|price| matches!(price, Standing::Gigabyte(_)));
    let stores = |kind: &&&str| template::stateful::holds(kind, None).is_some();
    let unknown: BTreeSet<&str> =
        resource_types.iter().filter(|kind| standing(kind).is_none()).filter(stores).copied().collect();
    let known = match (fixed == Money::default(), by_use) {
        (true, false) if unknown.is_empty() => return None,
        (true, _) => "is billed by what it stores".to_owned(),
        (false, false) => format!("costs {fixed} a month"),
        (false, true) => format!("costs {fixed} a month, and more by what it stores"),
    };
    let types: Vec<&str> = unknown.into_iter().collect();
    let except =
        if types.is_empty() { String::new() } else { format!("; not known here: {}", types.join(", ")) };
    Some(format!("what is retained {known} (list prices of us-east-1 in July 2024{except})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    // L18
    #[test]
    fn only_what_does_not_depend_on_use_is_added_up() {
        let secret = "AWS::SecretsManager::Secret";
        let sum = |kinds: &[&str]| sum(kinds).unwrap_or_default();
        let dated = "list prices of us-east-1 in July 2024";
        assert_eq!(sum(&[secret; 7]), format!("what is retained costs $2.80 a month ({dated})"));
        assert_eq!(
            sum(&[secret, "AWS::ECR::Repository"]),
            format!("what is retained costs $0.40 a month, and more by what it stores ({dated})")
        );
        assert_eq!(
            sum(&["AWS::EFS::FileSystem"]),
            format!("what is retained is billed by what it stores ({dated})")
        );
        assert_eq!(
            sum(&[secret, "AWS::S3::Bucket"]),
            format!("what is retained costs $0.40 a month ({dated}; not known here: AWS::S3::Bucket)")
        );
        assert_eq!(sum(&["AWS::IAM::Role"]), "");
    }

    #[test]
    fn a_price_is_written_in_dollars() {
        assert_eq!(text("AWS::Logs::LogGroup").as_deref(), Some("$0.03 for each GB and month"));
        assert_eq!(text("AWS::EC2::NatGateway").as_deref(), Some("$32.85 a month"));
        assert_eq!(text("AWS::SNS::Topic"), None);
    }
}
