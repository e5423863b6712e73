//! Distributions: what CloudFront keeps, whom it asks, and who may read its files.

use constructs::{
    App, Assets, Bucket, Certificate, Distribution, DomainName, Scope, StackOptions, Value, WebAcl,
    WebAclScope,
};
use insta::assert_snapshot;

use crate::{diagnostics, resource, template, text};

const ZONE: &str = "Z0123456789ABCDEFGHIJ";

fn name(text: &str) -> DomainName {
    text.parse().expect("a domain name")
}

fn certificate(s: &mut Scope<'_>) -> Certificate {
    let domain_name = name("docuthinker.ai");
    Certificate::named("Certificate").domain_name(&domain_name).hosted_zone(Value::known(ZONE)).build(s)
}

fn plain(s: &mut Scope<'_>) {
    let certificate = certificate(s);
    Distribution::named("Edge")
        .domain_name(&name("docuthinker.ai"))
        .hosted_zone(Value::known(ZONE))
        .certificate(certificate)
        .origin(&name("origin.docuthinker.ai"))
        .build(s);
}

fn full(s: &mut Scope<'_>) {
    let certificate = certificate(s);
    let (bucket, logs) = (Bucket::named("Assets").build(s), Bucket::named("Logs").build(s));
    let acl = WebAcl::named("Acl").scope(WebAclScope::CloudFront).build(s);
    Distribution::named("Edge")
        .domain_name(&name("docuthinker.ai"))
        .hosted_zone(Value::known(ZONE))
        .certificate(certificate)
        .origin(&name("origin.docuthinker.ai"))
        .assets(Assets { bucket, path: "/static/*".to_owned() })
        .web_acl(acl)
        .log_to(logs)
        .build(s);
}

#[test]
fn callers_and_the_load_balancer_are_spoken_to_over_tls_and_nothing_is_kept() {
    // R002, C-40
    assert_snapshot!(resource("Edge", plain), @"
    Edge:
      Type: AWS::CloudFront::Distribution
      Properties:
        DistributionConfig:
          DefaultCacheBehavior:
            TargetOriginId: LoadBalancer
            ViewerProtocolPolicy: redirect-to-https
            AllowedMethods:
              - GET
              - HEAD
              - OPTIONS
              - PUT
              - PATCH
              - POST
              - DELETE
            CachePolicyId: 4135ea2d-6df8-44a3-9df3-4b5a84be39ad
            OriginRequestPolicyId: b689b0a8-53d0-40ab-baf2-68738e2966ac
            ResponseHeadersPolicyId: !Ref EdgeHeaders
          Enabled: true
          Aliases:
            - docuthinker.ai
          HttpVersion: http2and3
          IPV6Enabled: true
          Origins:
            - DomainName: origin.docuthinker.ai
              Id: LoadBalancer
              CustomOriginConfig:
                OriginProtocolPolicy: https-only
                OriginReadTimeout: 60
                OriginSSLProtocols:
                  - TLSv1.2
          ViewerCertificate:
            AcmCertificateArn: !Ref Certificate
            MinimumProtocolVersion: TLSv1.2_2021
            SslSupportMethod: sni-only
    ");
}

#[test]
fn browsers_are_told_how_to_treat_answers() {
    assert_snapshot!(resource("EdgeHeaders", plain), @"
    EdgeHeaders:
      Type: AWS::CloudFront::ResponseHeadersPolicy
      Properties:
        ResponseHeadersPolicyConfig:
          Name: Test-Edge-Headers
          SecurityHeadersConfig:
            ContentTypeOptions:
              Override: true
            FrameOptions:
              FrameOption: DENY
              Override: false
            ReferrerPolicy:
              Override: false
              ReferrerPolicy: strict-origin-when-cross-origin
            StrictTransportSecurity:
              AccessControlMaxAgeSec: 31536000
              Override: true
    ");
}

#[test]
fn the_name_leads_to_the_distribution_in_both_versions_of_the_protocol() {
    let template = template(plain);
    let records = ["EdgeRecord", "EdgeIpv6Record"].map(|id| {
        let record = &template.resources[id].properties;
        let kind = record.get("Type").and_then(|node| node.as_str()).unwrap().to_owned();
        assert!(record.get("AliasTarget").is_some());
        kind
    });
    assert_eq!(records, ["A", "AAAA"]);
    assert_snapshot!(resource("EdgeRecord", plain), @"
    EdgeRecord:
      Type: AWS::Route53::RecordSet
      Properties:
        Name: docuthinker.ai
        Type: A
        AliasTarget:
          DNSName: !GetAtt Edge.DomainName
          HostedZoneId: Z2FDTNDATAQYW2
        HostedZoneId: Z0123456789ABCDEFGHIJ
    ");
}

#[test]
fn files_are_kept_and_compressed_and_come_from_a_bucket() {
    // R013, R189
    let yaml = resource("Edge", full);
    let behaviors = yaml.split_once("CacheBehaviors:").unwrap().1.split_once("HttpVersion:").unwrap().0;
    assert_snapshot!(behaviors, @"
      - PathPattern: /static/*
        TargetOriginId: Assets
        ViewerProtocolPolicy: redirect-to-https
        AllowedMethods:
          - GET
          - HEAD
          - OPTIONS
        CachePolicyId: 658327ea-f89d-4fab-a63d-7e88639e58f6
        Compress: true
        ResponseHeadersPolicyId: !Ref EdgeHeaders
    ");
    let origins = yaml.split_once("Origins:").unwrap().1.split_once("ViewerCertificate:").unwrap().0;
    assert_snapshot!(origins, @r#"
    - DomainName: origin.docuthinker.ai
      Id: LoadBalancer
      CustomOriginConfig:
        OriginProtocolPolicy: https-only
        OriginReadTimeout: 60
        OriginSSLProtocols:
          - TLSv1.2
    - DomainName: !GetAtt Assets.RegionalDomainName
      Id: Assets
      OriginAccessControlId: !GetAtt EdgeAssetsAccess.Id
      S3OriginConfig:
        OriginAccessIdentity: ""
    "#);
    assert!(yaml.contains("WebACLId: !GetAtt Acl.Arn"), "{yaml}");
    assert_snapshot!(resource("EdgeAssetsAccess", full), @"
    EdgeAssetsAccess:
      Type: AWS::CloudFront::OriginAccessControl
      Properties:
        OriginAccessControlConfig:
          Name: Test-Edge-Assets
          OriginAccessControlOriginType: s3
          SigningBehavior: always
          SigningProtocol: sigv4
    ");
}

#[test]
fn only_this_distribution_can_read_the_files() {
    // R189
    assert_snapshot!(resource("AssetsPolicy", full), @r#"
    AssetsPolicy:
      Type: AWS::S3::BucketPolicy
      Properties:
        Bucket: !Ref Assets
        PolicyDocument:
          Version: "2012-10-17"
          Statement:
            - Effect: Deny
              Principal: "*"
              Action: s3:*
              Resource:
                - !GetAtt Assets.Arn
                - !Sub ${Assets.Arn}/*
              Condition:
                Bool:
                  aws:SecureTransport: "false"
            - Effect: Allow
              Principal:
                Service: cloudfront.amazonaws.com
              Action: s3:GetObject
              Resource: !Sub ${Assets.Arn}/*
              Condition:
                StringEquals:
                  AWS:SourceArn: !Sub arn:${AWS::Partition}:cloudfront::${AWS::AccountId}:distribution/${Edge}
    "#);
}

#[test]
fn requests_are_recorded_in_a_bucket_without_access_control_lists() {
    let template = template(full);
    let logs = template.to_yaml();
    let from = logs.find("  EdgeLogSource:").unwrap();
    assert_snapshot!(&logs[from..], @"
    EdgeLogSource:
      Type: AWS::Logs::DeliverySource
      Properties:
        Name: Test-Edge-Logs
        LogType: ACCESS_LOGS
        ResourceArn: !Sub arn:${AWS::Partition}:cloudfront::${AWS::AccountId}:distribution/${Edge}

    EdgeLogDestination:
      Type: AWS::Logs::DeliveryDestination
      DependsOn: LogsPolicy
      Properties:
        Name: Test-Edge-Logs
        DestinationResourceArn: !Sub ${Logs.Arn}/AWSLogs/${AWS::AccountId}/CloudFront
        OutputFormat: json

    EdgeLogDelivery:
      Type: AWS::Logs::Delivery
      DependsOn: EdgeLogSource
      Properties:
        DeliverySourceName: Test-Edge-Logs
        DeliveryDestinationArn: !GetAtt EdgeLogDestination.Arn
    ");
    assert_snapshot!(resource("LogsPolicy", full).split_once("Statement:").unwrap().1, @r#"
    - Effect: Deny
      Principal: "*"
      Action: s3:*
      Resource:
        - !GetAtt Logs.Arn
        - !Sub ${Logs.Arn}/*
      Condition:
        Bool:
          aws:SecureTransport: "false"
    - Effect: Allow
      Principal:
        Service: delivery.logs.amazonaws.com
      Action: s3:PutObject
      Resource: !Sub ${Logs.Arn}/AWSLogs/${AWS::AccountId}/*
      Condition:
        StringEquals:
          s3:x-amz-acl: bucket-owner-full-control
          aws:SourceAccount: !Ref AWS::AccountId
        ArnLike:
          aws:SourceArn: !Sub arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:delivery-source:*
    "#);
}

#[test]
fn a_distribution_is_made_in_us_east_1_only() {
    // F16
    let mut app = App::new();
    let options = StackOptions { region: Some("eu-west-1".to_owned()), ..StackOptions::named("Test") };
    app.with_stack(options, plain);
    assert_snapshot!(text(&app.synth()), @"
    error[DC190]: a distribution cannot be made in eu-west-1
      at Test/Edge (constructs/tests/it/distribution.rs:)

    hint: put it into a stack in us-east-1, where its certificate and web ACL must be
    ");
}

#[test]
fn what_cloudfront_refuses_is_refused() {
    let found = diagnostics(|s| {
        let certificate = certificate(s);
        let acl = WebAcl::named("Acl").scope(WebAclScope::Regional).build(s);
        let bucket = Bucket::named("Assets").build(s);
        for (id, origin) in [("Same", "docuthinker.ai"), ("Many", "*.docuthinker.ai")] {
            Distribution::named(id)
                .domain_name(&name("docuthinker.ai"))
                .hosted_zone(Value::known(ZONE))
                .certificate(certificate)
                .origin(&name(origin))
                .origin_timeout_seconds(121)
                .assets(Assets { bucket, path: "static/*".to_owned() })
                .web_acl(acl.clone())
                .build(s);
        }
    });
    assert_snapshot!(found, @"
    error[DC101]: the web ACL protects nothing
      at Test/Acl (constructs/tests/it/distribution.rs:)

    hint: associate it with a load balancer, or leave it out

    error[DC192]: `*.docuthinker.ai` is not the name of a load balancer
      at Test/Many.origin (constructs/tests/it/distribution.rs:)

    hint: name one host, without `*`

    error[DC193]: CloudFront does not wait 121 seconds for an answer
      at Test/Many.origin_timeout_seconds (constructs/tests/it/distribution.rs:)

    hint: choose 1 to 120 seconds

    error[DC194]: `static/*` is not a pattern of paths
      at Test/Many.assets (constructs/tests/it/distribution.rs:)

    hint: begin with a slash; `*` stands for anything: `/static/*`

    error[DC195]: a regional web ACL cannot protect a distribution
      at Test/Many.web_acl (constructs/tests/it/distribution.rs:)

    hint: make another one with the scope `CloudFront`, in us-east-1

    error[DC191]: the distribution `docuthinker.ai` would ask itself
      at Test/Same.origin (constructs/tests/it/distribution.rs:)

    hint: give the load balancer a name of its own

    error[DC193]: CloudFront does not wait 121 seconds for an answer
      at Test/Same.origin_timeout_seconds (constructs/tests/it/distribution.rs:)

    hint: choose 1 to 120 seconds

    error[DC194]: `static/*` is not a pattern of paths
      at Test/Same.assets (constructs/tests/it/distribution.rs:)

    hint: begin with a slash; `*` stands for anything: `/static/*`

    error[DC195]: a regional web ACL cannot protect a distribution
      at Test/Same.web_acl (constructs/tests/it/distribution.rs:)

    hint: make another one with the scope `CloudFront`, in us-east-1
    ");
}
