//! Turns AWS's names into Rust's: `VPCId` is `vpc_id` as a field and `VpcId` as a type.

/// Spellings whose capitals do not show where a word ends.
const WORDS: &[(&str, &str)] = &[
    ("FSx", "Fsx"),
    ("IPv4", "Ipv4"),
    ("IPv6", "Ipv6"),
    ("DDoS", "Ddos"),
    ("OAuth", "Oauth"),
    ("WAFv2", "Wafv2"),
    ("MongoDB", "Mongodb"),
    ("VPCs", "Vpcs"),
    ("ARNs", "Arns"),
    ("AZs", "Azs"),
    ("IPs", "Ips"),
    ("CIDRs", "Cidrs"),
];

/// Rust's keywords that an AWS name may spell; each is written raw (`r#type`).
const KEYWORDS: &[&str] = &[
    "as", "async", "await", "break", "const", "continue", "dyn", "else", "enum", "extern", "false", "fn",
    "for", "gen", "if", "impl", "in", "let", "loop", "match", "mod", "move", "mut", "pub", "ref", "return",
    "static", "struct", "trait", "true", "type", "union", "unsafe", "use", "where", "while", "yield",
    "abstract", "become", "box", "do", "final", "macro", "override", "priv", "try", "typeof", "unsized",
    "virtual",
];

/// The words of a name, in lower case.
fn words(name: &str) -> Vec<String> {
    let mut name = name.to_owned();
    for (spelling, plain) in WORDS {
        name = name.replace(spelling, plain);
    }
    let chars: Vec<char> = name.chars().collect();
    let mut words = vec![String::new()];
    for (at, &c) in chars.iter().enumerate() {
        if !c.is_ascii_alphanumeric() {
            words.push(String::new());
            continue;
        }
        let before = at.checked_sub(1).map(|i| chars[i]);
        let after = chars.get(at + 1);
        let starts = c.is_ascii_uppercase()
            && before.is_some_and(|b| {
                b.is_ascii_lowercase()
                    || b.is_ascii_digit()
                    || (b.is_ascii_uppercase() && after.is_some_and(char::is_ascii_lowercase))
            });
        if starts {
            words.push(String::new());
        }
        words.last_mut().expect("there is always a word").push(c.to_ascii_lowercase());
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The name as a field, a method or a module; a keyword is written raw.
pub(crate) fn snake(name: &str) -> String {
    let snake = words(name).join("_");
    if KEYWORDS.contains(&snake.as_str()) { format!("r#{snake}") } else { snake }
}

/// The name as a type.
pub(crate) fn camel(name: &str) -> String {
    words(name)
        .iter()
        .map(|word| {
            let (first, rest) = word.split_at(1);
            first.to_ascii_uppercase() + rest
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, field: &str, type_name: &str) {
        assert_eq!((snake(name).as_str(), camel(name).as_str()), (field, type_name));
    }

    #[test]
    fn acronyms_are_one_word() {
        check("VPCId", "vpc_id", "VpcId");
        check("EIP", "eip", "Eip");
        check("DNSName", "dns_name", "DnsName");
        check("WebACLArn", "web_acl_arn", "WebAclArn");
        check("EnableECSManagedTags", "enable_ecs_managed_tags", "EnableEcsManagedTags");
        check("CanonicalHostedZoneID", "canonical_hosted_zone_id", "CanonicalHostedZoneId");
        check("VPCGatewayAttachment", "vpc_gateway_attachment", "VpcGatewayAttachment");
    }

    #[test]
    fn digits_stay_with_the_word_before_them() {
        check("S3BucketName", "s3_bucket_name", "S3BucketName");
        check("Ipv6CidrBlock", "ipv6_cidr_block", "Ipv6CidrBlock");
        check("IPv6Enabled", "ipv6_enabled", "Ipv6Enabled");
    }

    #[test]
    fn plural_acronyms_and_dotted_attributes_are_read() {
        check("VPCs", "vpcs", "Vpcs");
        check("Endpoint.Address", "endpoint_address", "EndpointAddress");
    }

    #[test]
    fn keywords_are_raw() {
        check("Type", "r#type", "Type");
        check("Match", "r#match", "Match");
    }
}
