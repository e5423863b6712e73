use cloud::{Lead, Vpc};

use super::*;

/// A subnet in the VPC `vpc-1` whose route table leads there.
fn subnet(id: &str, zone: &str, lead: Lead) -> (Subnet, Evidence) {
    let subnet = Subnet {
        id: id.to_owned(),
        vpc: "vpc-1".to_owned(),
        zone: Some(zone.to_owned()),
        block: Some("10.0.0.0/24".to_owned()),
        name: None,
        maps_public_addresses: Some(false),
        ipv6_only: false,
    };
    (subnet, Evidence::Associated("rtb-1".to_owned(), lead))
}

fn internet() -> Lead {
    Lead::Internet("igw-1".to_owned())
}

fn nat() -> Lead {
    Lead::Gateway("nat-1".to_owned())
}

fn network(subnets: Vec<(Subnet, Evidence)>) -> VpcNetwork {
    let vpc = Vpc {
        id: "vpc-1".to_owned(),
        block: Some("10.0.0.0/16".to_owned()),
        name: None,
        dns_support: Some(true),
        dns_hostnames: Some(true),
    };
    VpcNetwork { vpc, subnets }
}

/// Two public subnets and two private ones, as most networks have them.
fn usual() -> Vec<(Subnet, Evidence)> {
    vec![
        subnet("s-pub-a", "us-east-1a", internet()),
        subnet("s-a", "us-east-1a", nat()),
        subnet("s-pub-b", "us-east-1b", internet()),
        subnet("s-b", "us-east-1b", nat()),
    ]
}

fn named(public: &[&str], private: &[&str]) -> Named {
    let owned = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
    Named { public: owned(public), private: owned(private) }
}

fn codes(problems: &[Problem]) -> Vec<&str> {
    problems.iter().map(|problem| problem.code).collect()
}

/// What is taken: the public and the private subnets, and the codes of the warnings.
#[track_caller]
fn taken(subnets: Vec<(Subnet, Evidence)>, named: &Named, needs_private: bool) -> String {
    let network = network(subnets);
    let choice = choose(&network, named, needs_private).unwrap();
    let ids = |taken| choice.ids(&taken).join(" ");
    format!("{} | {} | {}", ids(Use::Public), ids(Use::Private), codes(&choice.warnings).join(" "))
}

#[track_caller]
fn refused(subnets: Vec<(Subnet, Evidence)>, named: &Named, needs_private: bool) -> Vec<Problem> {
    choose(&network(subnets), named, needs_private).unwrap_err()
}

// R253
#[test]
fn routes_tell_which_subnets_are_taken_for_what() {
    assert_eq!(taken(usual(), &Named::default(), true), "s-pub-a s-pub-b | s-a s-b | ");
    assert_eq!(taken(usual(), &Named::default(), false), "s-pub-a s-pub-b |  | ");
    assert_eq!(taken(usual(), &named(&[], &["s-a", "s-b"]), false), "s-pub-a s-pub-b | s-a s-b | ");
}

#[test]
fn subnets_without_a_way_out_are_taken_only_where_none_has_one() {
    let databases =
        [subnet("s-db-a", "us-east-1a", Lead::Nowhere), subnet("s-db-b", "us-east-1b", Lead::Nowhere)];
    let all = usual().into_iter().chain(databases.clone()).collect();
    assert_eq!(taken(all, &Named::default(), true), "s-pub-a s-pub-b | s-a s-b | ");
    let public = usual().into_iter().filter(|(subnet, _)| subnet.id.contains("pub"));
    let only = public.chain(databases).collect();
    assert_eq!(taken(only, &Named::default(), true), "s-pub-a s-pub-b | s-db-a s-db-b | import/no-way-out");
}

#[test]
fn what_nothing_tells_is_left_out_until_it_is_named() {
    let unclear = || Lead::Unclear("vpce-1".to_owned());
    let three = || {
        let third = subnet("s-c", "us-east-1c", unclear());
        usual().into_iter().chain([third]).collect::<Vec<_>>()
    };
    assert_eq!(taken(three(), &Named::default(), true), "s-pub-a s-pub-b | s-a s-b | import/unknown-tier");
    let all = named(&["s-pub-a", "s-pub-b", "s-c"], &[]);
    assert_eq!(taken(three(), &all, true), "s-pub-a s-pub-b s-c | s-a s-b | ");
    // Where it is needed, it is asked for.
    let untold = vec![
        subnet("s-1", "us-east-1a", unclear()),
        subnet("s-2", "us-east-1b", unclear()),
        subnet("s-a", "us-east-1a", nat()),
        subnet("s-b", "us-east-1b", nat()),
    ];
    let problems = refused(untold, &Named::default(), true);
    assert_eq!(codes(&problems), ["import/zones"]);
    let said: Vec<&str> = problems[0].message.lines().collect();
    assert_eq!(said[0], "public subnets are needed in two zones, and vpc-1 has none");
    assert_eq!(
        said[1],
        "  s-1, us-east-1a, 10.0.0.0/24: rtb-1 leads to vpce-1, behind which there may be an internet gateway; \
         it gives no public addresses"
    );
    assert_eq!(
        problems[0].hint.as_deref(),
        Some(
            "nothing tells the tier of 2 subnets: say which are public, \
             `docuthinker import vpc vpc-1 --public SUBNET,SUBNET`"
        )
    );
}

#[test]
fn what_is_named_against_the_routes_is_taken_with_a_warning() {
    let by_hand = named(&["s-a", "s-b"], &["s-pub-a", "s-pub-b"]);
    let warnings = ["import/against-routes"; 4].join(" ");
    assert_eq!(taken(usual(), &by_hand, true), format!("s-a s-b | s-pub-a s-pub-b | {warnings}"));
}

#[test]
fn everything_that_is_in_the_way_is_told_at_once() {
    let mut subnets = usual();
    subnets.push(subnet("s-6", "us-east-1c", nat()));
    subnets[4].0.ipv6_only = true;
    let problems = refused(subnets, &named(&["s-pub-a", "s-pub-c"], &["s-a", "s-pub-a", "s-6"]), true);
    assert_eq!(codes(&problems), ["import/unknown-subnet", "import/both-tiers", "import/ipv6-only"]);
    assert_eq!(problems[0].message, "vpc-1 has no subnet s-pub-c");
    assert_eq!(problems[1].message, "s-pub-a cannot be both public and private");
    assert_eq!(problems[2].message, "s-6 has no IPv4 addresses, which tasks need here");
}

#[test]
fn each_tier_that_is_needed_takes_two_zones() {
    let one = vec![subnet("s-pub-a", "us-east-1a", internet()), subnet("s-a", "us-east-1a", nat())];
    let problems = refused(one.clone(), &Named::default(), true);
    let said: Vec<&str> = problems.iter().filter_map(|problem| problem.message.lines().next()).collect();
    assert_eq!(
        said,
        [
            "public subnets are needed in two zones, and vpc-1 has them in us-east-1a only",
            "private subnets are needed in two zones, and vpc-1 has them in us-east-1a only",
        ]
    );
    assert_eq!(codes(&refused(one, &Named::default(), false)), ["import/zones"]);
    let public = usual().into_iter().filter(|(subnet, _)| subnet.id.contains("pub")).collect();
    let problems = refused(public, &Named::default(), true);
    assert_eq!(
        problems[0].hint.as_deref(),
        Some(
            "set `network.mode` to public, or say which subnets are private: \
             `docuthinker import vpc vpc-1 --private SUBNET,SUBNET`"
        )
    );
}

#[test]
fn of_several_subnets_of_a_tier_in_a_zone_somebody_chooses_one() {
    let more = [subnet("s-pub-a2", "us-east-1a", internet()), subnet("s-b2", "us-east-1b", nat())];
    let all = || usual().into_iter().chain(more.clone()).collect::<Vec<_>>();
    let problems = refused(all(), &Named::default(), true);
    let said: Vec<&str> = problems.iter().filter_map(|problem| problem.message.lines().next()).collect();
    assert_eq!(
        said,
        [
            "s-pub-a, s-pub-a2 are all public in us-east-1a, but the load balancer takes one subnet of each zone",
            "s-b, s-b2 are all private in us-east-1b, but the file system takes one subnet of each zone",
        ]
    );
    let chosen = named(&["s-pub-a2", "s-pub-b"], &["s-a", "s-b"]);
    assert_eq!(taken(all(), &chosen, true), "s-pub-b s-pub-a2 | s-a s-b | ");
}

#[test]
fn zones_beside_the_availability_zones_are_left_out() {
    let zones = ["us-east-1-bos-1a", "us-east-1-wl1-bos-wlz-1", "us-gov-west-1a", "eu-central-1c"];
    let is_one = zones.map(|zone| is_in_an_availability_zone(&subnet("s", zone, internet()).0));
    assert_eq!(is_one, [false, false, true, true]);
}

#[test]
fn names_that_are_off_are_told_with_what_breaks() {
    let warning = |support, hostnames| {
        let mut network = network(usual());
        network.vpc.dns_support = Some(support);
        network.vpc.dns_hostnames = Some(hostnames);
        choose(&network, &Named::default(), true).unwrap().warnings
    };
    assert_eq!(warning(true, true), []);
    assert!(warning(false, false)[0].message.contains("tasks find neither registry nor secrets"));
    let hostnames = &warning(true, false)[0];
    assert!(hostnames.message.contains("interface endpoints have no private names"), "{hostnames:?}");
    assert_eq!(
        hostnames.hint.as_deref(),
        Some("aws ec2 modify-vpc-attribute --vpc-id vpc-1 --enable-dns-hostnames '{\"Value\":true}'")
    );
}
