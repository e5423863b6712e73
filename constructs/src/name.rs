//! Names that AWS limits in length.

/// `name`, or if it is longer than `limit` characters, its beginning and a hash that tells it from other names
/// with the same beginning. The same name gives the same result everywhere.
///
/// For names of letters, digits and hyphens, such as those of load balancers and target groups.
pub fn short_name(name: &str, limit: usize) -> String {
    if name.chars().count() <= limit {
        return name.to_owned();
    }
    let hash = format!("{:08x}", fnv1a(name));
    let kept: String = name.chars().take(limit.saturating_sub(hash.len() + 1)).collect();
    format!("{}-{hash}", kept.trim_end_matches('-'))
}

/// The 32-bit FNV-1a hash: small, and the same on every machine and in every version of this library.
fn fnv1a(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_short_name_stays_what_it_is() {
        assert_eq!(short_name("docuthinker-alb", 32), "docuthinker-alb");
    }

    #[test]
    fn a_long_name_keeps_its_beginning() {
        let name = short_name("docuthinker-staging-ai-ml-target-group", 32);
        assert_eq!(name, "docuthinker-staging-ai-1a9465a2");
    }

    proptest! {
        #[test]
        fn a_name_fits_and_never_ends_in_a_hyphen(name in "[a-z](-?[a-z0-9]){0,60}") {
            let short = short_name(&name, 32);
            prop_assert!(short.len() <= 32 && !short.ends_with('-'));
        }
    }
}
