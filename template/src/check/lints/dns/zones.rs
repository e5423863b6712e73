//! The hosted zones that AWS keeps for its own endpoints, to which aliases point.

use std::fmt;

/// What an alias points at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Endpoint {
    /// An application or a classic load balancer.
    Application,
    /// A network load balancer.
    Network,
    /// A CloudFront distribution.
    CloudFront,
    /// An accelerator of AWS Global Accelerator.
    GlobalAccelerator,
    /// An S3 bucket as a website.
    Website,
}

/// The zone of [CloudFront](https://docs.aws.amazon.com/Route53/latest/APIReference/API_AliasTarget.html).
const CLOUDFRONT: &str = "Z2FDTNDATAQYW2";

/// The zone of [CloudFront in China](https://docs.amazonaws.cn/en_us/aws/latest/userguide/route53.html).
const CLOUDFRONT_CHINA: &str = "Z3RFFRIM2A3IF5";

/// The zone of [Global Accelerator](https://docs.aws.amazon.com/Route53/latest/APIReference/API_AliasTarget.html).
const GLOBAL_ACCELERATOR: &str = "Z2BJ6XQ5FK7U4H";

/// Region, zone of application and classic, zone of network [load balancers][elb].
///
/// [elb]: https://docs.aws.amazon.com/general/latest/gr/elb.html
const LOAD_BALANCERS: &[(&str, &str, &str)] = &[
    ("af-south-1", "Z268VQBMOI5EKX", "Z203XCE67M25HM"),
    ("ap-east-1", "Z3DQVH9N71FHZ0", "Z12Y7K3UBGUAD1"),
    ("ap-northeast-1", "Z14GRHDCWA56QT", "Z31USIVHYNEOWT"),
    ("ap-northeast-2", "ZWKZPGTI48KDX", "ZIBE1TIR4HY56"),
    ("ap-northeast-3", "Z5LXEXXYW11ES", "Z1GWIQ4HH19I5X"),
    ("ap-south-1", "ZP97RAFLXTNZK", "ZVDDRBQ08TROA"),
    ("ap-south-2", "Z0173938T07WNTVAEPZN", "Z0711778386UTO08407HT"),
    ("ap-southeast-1", "Z1LMS91P8CMLE5", "ZKVM4W9LS7TM"),
    ("ap-southeast-2", "Z1GM3OXH4ZPM65", "ZCT6FZBF4DROD"),
    ("ap-southeast-3", "Z08888821HLRG5A9ZRTER", "Z01971771FYVNCOVWJU1G"),
    ("ap-southeast-4", "Z09517862IB2WZLPXG76F", "Z01156963G8MIIL7X90IV"),
    ("ap-southeast-5", "Z06010284QMVVW7WO5J", "Z026317210H9ACVTRO6FB"),
    ("ap-southeast-7", "Z0390008CMBRTHFGWBCB", "Z054363131YWATEMWRG5L"),
    ("ca-central-1", "ZQSVJUPU6J1EY", "Z2EPGBW3API2WT"),
    ("ca-west-1", "Z06473681N0SF6OS049SD", "Z02754302KBB00W2LKWZ9"),
    ("cn-north-1", "Z1GDH35T77C1KE", "Z3QFB96KMJ7ED6"),
    ("cn-northwest-1", "ZM7IZAIOVVDZF", "ZQEIKTCZ8352D"),
    ("eu-central-1", "Z215JYRZR1TBD5", "Z3F0SRJ5LGBH90"),
    ("eu-central-2", "Z06391101F2ZOEP8P5EB3", "Z02239872DOALSIDCX66S"),
    ("eu-north-1", "Z23TAZ6LKFMNIO", "Z1UDT6IFJ4EJM"),
    ("eu-south-1", "Z3ULH7SSC9OV64", "Z23146JA1KNAFP"),
    ("eu-south-2", "Z0956581394HF5D5LXGAP", "Z1011216NVTVYADP1SSV"),
    ("eu-west-1", "Z32O12XQLNTSW2", "Z2IFOLAFXWLO4F"),
    ("eu-west-2", "ZHURV8PSTC4K8", "ZD4D7Y8KGAS4G"),
    ("eu-west-3", "Z3Q77PNBQS71R4", "Z1CMS0P5QUZ6D5"),
    ("il-central-1", "Z09170902867EHPV2DABU", "Z0313266YDI6ZRHTGQY4"),
    ("me-central-1", "Z08230872XQRWHG2XF6I", "Z00282643NTTLPANJJG2P"),
    ("me-south-1", "ZS929ML54UICD", "Z3QSRYVP46NYYV"),
    ("mx-central-1", "Z023552324OKD1BB28BH5", "Z02031231H3ID6HYJ9A7U"),
    ("sa-east-1", "Z2P70J7HTTTPLU", "ZTK26PT1VY4CU"),
    ("us-east-1", "Z35SXDOTRQ7X7K", "Z26RNL4JYFTOTI"),
    ("us-east-2", "Z3AADJGX6KTTL2", "ZLMOA37VPKANP"),
    ("us-gov-east-1", "Z166TLBEWOO7G0", "Z1ZSMQQ6Q24QQ8"),
    ("us-gov-west-1", "Z33AYJ8TM3BH4J", "ZMG1MZ2THAWF1"),
    ("us-west-1", "Z368ELLRRE2KJ0", "Z24FKFUX50B4VW"),
    ("us-west-2", "Z1H1FL5HABSF5", "Z18D5FSROUN65G"),
];

/// Region and zone of [S3 website endpoints](https://docs.aws.amazon.com/general/latest/gr/s3.html#s3_website_region_endpoints).
const WEBSITES: &[(&str, &str)] = &[
    ("ap-east-1", "ZNB98KWMFR0R6"),
    ("ap-northeast-1", "Z2M4EHUR26P7ZW"),
    ("ap-northeast-2", "Z3W03O7B5YMIYP"),
    ("ap-northeast-3", "Z2YQB5RD63NC85"),
    ("ap-south-1", "Z11RGJOFQNVJUP"),
    ("ap-southeast-1", "Z3O0J2DXBE1FTB"),
    ("ap-southeast-2", "Z1WCIGYICN2BYD"),
    ("ca-central-1", "Z1QDHH18159H29"),
    ("eu-central-1", "Z21DNDUVLTQW6Q"),
    ("eu-north-1", "Z3BAZG2TWCNX0D"),
    ("eu-west-1", "Z1BKCTXD74EZPE"),
    ("eu-west-2", "Z3GKZC51ZF0DB4"),
    ("eu-west-3", "Z3R1K369G5AVDG"),
    ("me-south-1", "Z1MPMWCPA7YB62"),
    ("sa-east-1", "Z7KQH4QJS55SO"),
    ("us-east-1", "Z3AQBSTGFYJSTF"),
    ("us-east-2", "Z2O1EMRO9K5GLX"),
    ("us-gov-west-1", "Z31GFT0UA1I2HV"),
    ("us-west-1", "Z2F56UZL2M1ACD"),
    ("us-west-2", "Z3BJ6K6RIION7M"),
];

impl Endpoint {
    /// Whether it has the same zone in every region.
    pub(super) fn is_global(self) -> bool {
        matches!(self, Endpoint::CloudFront | Endpoint::GlobalAccelerator)
    }
}

/// The zone of an endpoint, where it is known.
pub(super) fn zone(endpoint: Endpoint, region: Option<&str>) -> Option<&'static str> {
    let balancer = || LOAD_BALANCERS.iter().find(|(of, _, _)| Some(*of) == region);
    match endpoint {
        Endpoint::Application => balancer().map(|(_, zone, _)| *zone),
        Endpoint::Network => balancer().map(|(_, _, zone)| *zone),
        Endpoint::CloudFront => Some(CLOUDFRONT),
        Endpoint::GlobalAccelerator => Some(GLOBAL_ACCELERATOR),
        Endpoint::Website => WEBSITES.iter().find(|(of, _)| Some(*of) == region).map(|(_, zone)| *zone),
    }
}

/// The kind of endpoint whose zone this is in some region.
pub(super) fn endpoint_of(zone: &str) -> Option<Endpoint> {
    match zone {
        CLOUDFRONT | CLOUDFRONT_CHINA => Some(Endpoint::CloudFront),
        GLOBAL_ACCELERATOR => Some(Endpoint::GlobalAccelerator),
        _ if LOAD_BALANCERS.iter().any(|(_, of, _)| *of == zone) => Some(Endpoint::Application),
        _ if LOAD_BALANCERS.iter().any(|(_, _, of)| *of == zone) => Some(Endpoint::Network),
        _ if WEBSITES.iter().any(|(_, of)| *of == zone) => Some(Endpoint::Website),
        _ => None,
    }
}

/// The endpoint that a domain name is of, and its region, if it has one.
pub(super) fn of_domain(name: &str) -> Option<(Endpoint, Option<String>)> {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let labels: Vec<&str> = name.split('.').collect();
    match labels.as_slice() {
        [.., "cloudfront", "net"] => Some((Endpoint::CloudFront, None)),
        [.., "awsglobalaccelerator", "com"] => Some((Endpoint::GlobalAccelerator, None)),
        [.., region, "elb", "amazonaws", "com"] => Some((Endpoint::Application, Some((*region).to_owned()))),
        [.., "elb", region, "amazonaws", "com"] => Some((Endpoint::Network, Some((*region).to_owned()))),
        [.., "s3-website", region, "amazonaws", "com"] => {
            Some((Endpoint::Website, Some((*region).to_owned())))
        }
        [.., website, "amazonaws", "com"] => {
            let region = website.strip_prefix("s3-website-")?;
            Some((Endpoint::Website, Some(region.to_owned())))
        }
        _ => None,
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Endpoint::Application => "application load balancers",
            Endpoint::Network => "network load balancers",
            Endpoint::CloudFront => "CloudFront",
            Endpoint::GlobalAccelerator => "Global Accelerator",
            Endpoint::Website => "S3 websites",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_zone_is_that_of_two_endpoints() {
        let balancers = LOAD_BALANCERS.iter().flat_map(|(_, one, other)| [*one, *other]);
        let websites = WEBSITES.iter().map(|(_, zone)| *zone);
        let mut all: Vec<_> =
            balancers.chain(websites).chain([CLOUDFRONT, CLOUDFRONT_CHINA, GLOBAL_ACCELERATOR]).collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn a_domain_tells_what_it_is_of_and_where() {
        let of = |name| of_domain(name).map(|(endpoint, region)| (endpoint, region.unwrap_or_default()));
        let application = Some((Endpoint::Application, "us-west-2".to_owned()));
        assert_eq!(of("dualstack.web-1.us-west-2.elb.amazonaws.com."), application);
        assert_eq!(
            of("web-1.elb.eu-west-1.amazonaws.com"),
            Some((Endpoint::Network, "eu-west-1".to_owned()))
        );
        assert_eq!(
            of("s3-website-us-east-1.amazonaws.com"),
            Some((Endpoint::Website, "us-east-1".to_owned()))
        );
        assert_eq!(
            of("s3-website.eu-central-1.amazonaws.com"),
            Some((Endpoint::Website, "eu-central-1".to_owned()))
        );
        assert_eq!(of("d1.CloudFront.net"), Some((Endpoint::CloudFront, String::new())));
        assert_eq!(of("www.example.com"), None);
        assert_eq!(of("d-1.execute-api.us-east-1.amazonaws.com"), None);
    }
}
