//! Names that must be free, because the template gives them to resources that are still to be made.

use super::{Found, Known, Needed, sure};
use crate::model::Model;

/// Types of which two cannot have the same name, with the property that names them. For all but secrets that is also
/// what the Cloud Control API knows them by.
///
/// Load balancers, target groups, topics and whatever else is known by its ARN or by an id of AWS's is not here:
/// whether such a name is taken, only a list of all of them would tell.
///
/// Source: [Name type][aws] in the CloudFormation template reference.
///
/// [aws]: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-name.html
pub const FIXED_NAMES: [(&str, &str); 15] = [
    ("AWS::DynamoDB::Table", "TableName"),
    ("AWS::ECR::Repository", "RepositoryName"),
    ("AWS::ECS::Cluster", "ClusterName"),
    ("AWS::IAM::Group", "GroupName"),
    ("AWS::IAM::InstanceProfile", "InstanceProfileName"),
    ("AWS::IAM::Role", "RoleName"),
    ("AWS::IAM::User", "UserName"),
    ("AWS::KMS::Alias", "AliasName"),
    ("AWS::Lambda::Function", "FunctionName"),
    ("AWS::Logs::LogGroup", "LogGroupName"),
    ("AWS::RDS::DBCluster", "DBClusterIdentifier"),
    ("AWS::RDS::DBInstance", "DBInstanceIdentifier"),
    ("AWS::S3::Bucket", "BucketName"),
    ("AWS::SSM::Parameter", "Name"),
    ("AWS::SecretsManager::Secret", "Name"),
];

pub(super) fn collect(model: &Model<'_>, known: &Known<'_>, found: &mut Found) {
    for (type_name, property) in FIXED_NAMES {
        for item in model.of_type(type_name).filter(|item| !known.deployed.contains_key(item.id())) {
            for (name, place) in item.get(property).iter().filter_map(|value| sure(value, item.id())) {
                let type_name = type_name.to_owned();
                found.add(Needed::FreeName { type_name, name }, place, true);
            }
        }
    }
}
