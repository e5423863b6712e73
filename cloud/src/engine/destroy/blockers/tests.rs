use super::*;
use crate::engine::fake::event;

#[track_caller]
fn check(reason: &str, expected: Hold) {
    assert_eq!(hold(reason), expected, "{reason}");
}

fn blocker(kind: &str, id: &str, reason: &str) -> Blocker {
    let mut event = event(1, "It", "DELETE_FAILED", reason);
    event.resource_type = kind.into();
    event.physical_id = Some(id.into());
    Blocker::told_by(&event)
}

// L14
#[test]
fn the_words_of_aws_tell_what_holds_a_resource() {
    check(
        "resource sg-0bd8dbb175db76b34 has a dependent object (Service: AmazonEC2; Status Code: 400; Error Code: \
         DependencyViolation; Request ID: fb267a6d; Proxy: null)",
        Hold::Dependents,
    );
    check(
        "The subnet 'subnet-00974e267b4554553' has dependencies and cannot be deleted. (Service: AmazonEC2)",
        Hold::Dependents,
    );
    check("The vpc 'vpc-1' has dependencies and cannot be deleted.", Hold::Dependents);
    check(
        "Network vpc-69a8810c has some mapped public address(es). Please unmap those public address(es) before \
         detaching the gateway.",
        Hold::Dependents,
    );
    check(
        "The bucket you tried to delete is not empty (Service: Amazon S3; Status Code: 409; Error Code: BucketNotEmpty)",
        Hold::NotEmpty,
    );
    check(
        "The bucket you tried to delete is not empty. You must delete all versions in the bucket.",
        Hold::NotEmpty,
    );
    check(
        "The repository with name 'a' in registry with id '991225764181' cannot be deleted because it still contains \
         images (Service: AmazonECR; Status Code: 400; Error Code: RepositoryNotEmptyException)",
        Hold::NotEmpty,
    );
    check(
        "The specified hosted zone contains non-required resource record sets and so cannot be deleted. (Service: \
         AmazonRoute53; Status Code: 400; Error Code: HostedZoneNotEmpty)",
        Hold::NotEmpty,
    );
    check("Export net:Vpc cannot be deleted as it is in use by web and jobs", Hold::Imported);
    check(
        "Resource handler returned message: \"Cannot delete entity, must detach all policies first. (Service: Iam, \
         Status Code: 409)\"",
        Hold::Attached,
    );
    check("Cannot delete entity, must delete policies first", Hold::Attached);
    check(
        "Load balancer 'arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/a/b' cannot be deleted \
         because deletion protection is enabled",
        Hold::Protected,
    );
    check(
        "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.",
        Hold::Protected,
    );
    check(
        "Cannot delete protected DB Instance, please disable deletion protection and try again.",
        Hold::Protected,
    );
    check(
        "Resource handler returned message: \"Error occurred during operation 'DeleteClusters SDK Error: The Cluster \
         cannot be deleted while Container Instances are active or draining.",
        Hold::InUse,
    );
    check("Target group 'arn:aws:x' is currently in use by a listener or a rule", Hold::InUse);
    check(
        "User: arn:aws:iam::1:user/u is not authorized to perform: ecr:DeleteRepository on resource: \
         arn:aws:ecr:us-east-1:1:repository/a because no identity-based policy allows it",
        Hold::NotAllowed,
    );
    check(
        "CloudFormation did not receive a response from your Custom Resource. Please check your logs",
        Hold::NoAnswer,
    );
    check("Internal Failure", Hold::Other);
    check("", Hold::Other);
}

// L14
#[test]
fn what_holds_it_and_what_to_do_are_told_with_it() {
    let check = |kind: &str, id: &str, reason: &str, shown: &str, remedy: Option<&str>| {
        let blocker = blocker(kind, id, reason);
        assert_eq!((blocker.to_string().as_str(), blocker.remedy.as_deref()), (shown, remedy));
    };
    check(
        "AWS::S3::Bucket",
        "logs-1",
        "The bucket you tried to delete is not empty",
        "It (AWS::S3::Bucket, logs-1) is not empty",
        Some(
            "empty it: `aws s3 rm s3://logs-1 --recursive`; if it keeps versions, use \"Empty\" in the S3 console",
        ),
    );
    check(
        "AWS::ECR::Repository",
        "api",
        "it still contains images",
        "It (AWS::ECR::Repository, api) is not empty",
        Some("delete it with its images: `aws ecr delete-repository --force --repository-name api`"),
    );
    check(
        "AWS::ECR::Repository",
        "api",
        "User: arn:aws:iam::1:user/u is not authorized to perform: ecr:DeleteRepository on resource: x",
        "It (AWS::ECR::Repository, api) may not be deleted with these permissions: ecr:DeleteRepository",
        Some("ask for the permission ecr:DeleteRepository"),
    );
    check(
        "AWS::CloudFormation::Stack",
        "arn:x",
        "Embedded stack arn:x was not successfully deleted",
        "It (AWS::CloudFormation::Stack, arn:x) is a stack that could not be deleted: Embedded stack arn:x was not \
         successfully deleted",
        Some("`docuthinker destroy --stack-name arn:x` tells what is in its way"),
    );
    check(
        "AWS::X::Y",
        "y",
        "Internal Failure",
        "It (AWS::X::Y, y) could not be deleted: Internal Failure",
        None,
    );
}

// L14, L16
#[test]
fn the_importers_of_an_export_are_named() {
    let reason = "Export net:Vpc cannot be deleted as it is in use by web, api and jobs.";
    assert_eq!(holders(Hold::Imported, reason), ["web", "api", "jobs"]);
    let stack =
        Blocker::of_stack("net", "arn", Hold::Imported, vec!["`e` by web".into(), "`f` by web".into()]);
    assert_eq!(stack.to_string(), "net exports what other stacks import: `e` by web, `f` by web");
    assert_eq!(stack.remedy.as_deref(), Some("destroy web first"));
}

#[test]
fn only_what_stands_in_a_network_can_be_held_by_an_interface() {
    let dependents = "resource x has a dependent object";
    assert_eq!(blocker("AWS::EC2::SecurityGroup", "sg-1", dependents).network_id(), Some("sg-1"));
    assert_eq!(blocker("AWS::EC2::InternetGateway", "igw-1", dependents).network_id(), None);
    assert_eq!(blocker("AWS::EC2::SecurityGroup", "sg-1", "in use").network_id(), None);
}
