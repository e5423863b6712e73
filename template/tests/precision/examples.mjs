// Synthesizes examples with the CDK's own library, for `docs/precision.md`: constructs as its documentation introduces them,
// with nothing done for a checker. Writes a template each into a folder; needs no AWS.
//
//   node template/tests/precision/examples.mjs FOLDER
//
// The library is the one that `.ci/run` keeps for cdk-nag, in the target folder.

import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const target = process.env.CARGO_TARGET_DIR ?? join(here, "../../../target");
const library = join(target, "ci/nag/node_modules/aws-cdk-lib");
const require = createRequire(import.meta.url);
const cdk = require(library);
const part = (name) => require(`${library}/${name}`);

const api = part("aws-apigateway");
const apiv2 = part("aws-apigatewayv2");
const i = part("aws-apigatewayv2-integrations");
const aas = part("aws-applicationautoscaling");
const appsync = part("aws-appsync");
const asg = part("aws-autoscaling");
const backup = part("aws-backup");
const batch = part("aws-batch");
const acm = part("aws-certificatemanager");
const cf = part("aws-cloudfront");
const origins = part("aws-cloudfront-origins");
const trail = part("aws-cloudtrail");
const cw = part("aws-cloudwatch");
const cwa = part("aws-cloudwatch-actions");
const cb = part("aws-codebuild");
const codedeploy = part("aws-codedeploy");
const cp = part("aws-codepipeline");
const cpa = part("aws-codepipeline-actions");
const cognito = part("aws-cognito");
const config = part("aws-config");
const docdb = part("aws-docdb");
const ddb = part("aws-dynamodb");
const ec2 = part("aws-ec2");
const ecr = part("aws-ecr");
const ecs = part("aws-ecs");
const patterns = part("aws-ecs-patterns");
const efs = part("aws-efs");
const ec = part("aws-elasticache");
const elb = part("aws-elasticloadbalancingv2");
const events = part("aws-events");
const targets = part("aws-events-targets");
const iam = part("aws-iam");
const kinesis = part("aws-kinesis");
const fh = part("aws-kinesisfirehose");
const kms = part("aws-kms");
const lambda = part("aws-lambda");
const eventsources = part("aws-lambda-event-sources");
const logs = part("aws-logs");
const open = part("aws-opensearchservice");
const rds = part("aws-rds");
const r53 = part("aws-route53");
const r53t = part("aws-route53-targets");
const s3 = part("aws-s3");
const sched = part("aws-scheduler");
const sm = part("aws-secretsmanager");
const sd = part("aws-servicediscovery");
const sns = part("aws-sns");
const subs = part("aws-sns-subscriptions");
const sqs = part("aws-sqs");
const ssm = part("aws-ssm");
const sfn = part("aws-stepfunctions");
const tasks = part("aws-stepfunctions-tasks");
const waf = part("aws-wafv2");
const cr = part("custom-resources");

if (!process.argv[2]) throw new Error("name the folder that the templates go to");
const app = new cdk.App({ analyticsReporting: false, outdir: process.argv[2] });
const env = { region: "us-east-1", account: "123456789012" };

function example(name, fill) {
  const synthesizer = new cdk.DefaultStackSynthesizer({ generateBootstrapVersionRule: false });
  fill(new cdk.Stack(app, name, { env, synthesizer }));
}

const code = lambda.Code.fromInline("exports.handler = async () => {};");
const fn = (s, id, more = {}) =>
  new lambda.Function(s, id, { runtime: lambda.Runtime.NODEJS_22_X, handler: "index.handler", code, ...more });

example("AlbFargate", (s) => {
  const vpc = new ec2.Vpc(s, "Vpc", { maxAzs: 2 });
  const c = new ecs.Cluster(s, "Cluster", { vpc });
  const f = new patterns.ApplicationLoadBalancedFargateService(s, "Svc", {
    cluster: c,
    cpu: 512,
    memoryLimitMiB: 1024,
    desiredCount: 2,
    taskImageOptions: { image: ecs.ContainerImage.fromRegistry("amazon/amazon-ecs-sample") },
    circuitBreaker: { rollback: true },
  });
  f.service.autoScaleTaskCount({ maxCapacity: 10 }).scaleOnCpuUtilization("Cpu", { targetUtilizationPercent: 60 });
  f.targetGroup.configureHealthCheck({ path: "/health" });
});

example("AlbFargateHttps", (s) => {
  const vpc = new ec2.Vpc(s, "Vpc", { natGateways: 1 });
  const zone = r53.HostedZone.fromHostedZoneAttributes(s, "Z", {
    hostedZoneId: "Z0123456789ABCDEFGHIJ",
    zoneName: "example.com",
  });
  new patterns.ApplicationLoadBalancedFargateService(s, "Svc", {
    vpc,
    domainName: "api.example.com",
    domainZone: zone,
    redirectHTTP: true,
    protocol: elb.ApplicationProtocol.HTTPS,
    taskImageOptions: {
      image: ecs.ContainerImage.fromRegistry("nginx:1.27"),
      containerPort: 80,
      environment: { A: "b" },
      secrets: { K: ecs.Secret.fromSecretsManager(new sm.Secret(s, "Sec")) },
    },
  });
});

example("MultiTarget", (s) => {
  const vpc = new ec2.Vpc(s, "Vpc");
  const c = new ecs.Cluster(s, "C", { vpc });
  new patterns.ApplicationMultipleTargetGroupsFargateService(s, "Svc", {
    cluster: c,
    memoryLimitMiB: 1024,
    cpu: 512,
    taskImageOptions: { image: ecs.ContainerImage.fromRegistry("amazon/amazon-ecs-sample"), containerPorts: [80, 90] },
    targetGroups: [{ containerPort: 80 }, { containerPort: 90, pathPattern: "a/b/c", priority: 10 }],
  });
});

example("NlbFargate", (s) => {
  const vpc = new ec2.Vpc(s, "Vpc");
  new patterns.NetworkLoadBalancedFargateService(s, "Svc", {
    vpc,
    taskImageOptions: { image: ecs.ContainerImage.fromRegistry("amazon/amazon-ecs-sample") },
  });
});

example("QueueFargate", (s) => {
  const vpc = new ec2.Vpc(s, "Vpc");
  new patterns.QueueProcessingFargateService(s, "Svc", {
    vpc,
    image: ecs.ContainerImage.fromRegistry("test"),
    maxScalingCapacity: 5,
    capacityProviderStrategies: [
      { capacityProvider: "FARGATE_SPOT", weight: 2 },
      { capacityProvider: "FARGATE", weight: 1 },
    ],
  });
});

example("ScheduledFargate", (s) => {
  const vpc = new ec2.Vpc(s, "Vpc");
  new patterns.ScheduledFargateTask(s, "T", {
    vpc,
    schedule: aas.Schedule.cron({ minute: "0", hour: "5" }),
    scheduledFargateTaskImageOptions: {
      image: ecs.ContainerImage.fromRegistry("amazon/amazon-ecs-sample"),
      memoryLimitMiB: 512,
      cpu: 256,
    },
  });
});

example("Ec2Cluster", (s) => {
  const vpc = new ec2.Vpc(s, "Vpc");
  const c = new ecs.Cluster(s, "C", { vpc, containerInsightsV2: ecs.ContainerInsights.ENHANCED });
  const g = new asg.AutoScalingGroup(s, "Asg", {
    vpc,
    instanceType: new ec2.InstanceType("t3.large"),
    machineImage: ecs.EcsOptimizedImage.amazonLinux2023(),
    minCapacity: 1,
    maxCapacity: 5,
  });
  c.addAsgCapacityProvider(new ecs.AsgCapacityProvider(s, "P", { autoScalingGroup: g }));
  const t = new ecs.Ec2TaskDefinition(s, "T");
  t.addContainer("web", {
    image: ecs.ContainerImage.fromRegistry("nginx"),
    memoryLimitMiB: 256,
    portMappings: [{ containerPort: 80 }],
    logging: ecs.LogDrivers.awsLogs({ streamPrefix: "web" }),
  });
  new ecs.Ec2Service(s, "S", { cluster: c, taskDefinition: t });
});

example("EfsFargate", (s) => {
  const vpc = new ec2.Vpc(s, "Vpc");
  const c = new ecs.Cluster(s, "C", { vpc });
  const f = new efs.FileSystem(s, "Fs", { vpc, encrypted: true, lifecyclePolicy: efs.LifecyclePolicy.AFTER_14_DAYS });
  const ap = f.addAccessPoint("Ap", {
    path: "/data",
    createAcl: { ownerGid: "1000", ownerUid: "1000", permissions: "750" },
    posixUser: { uid: "1000", gid: "1000" },
  });
  const t = new ecs.FargateTaskDefinition(s, "T");
  t.addVolume({
    name: "d",
    efsVolumeConfiguration: {
      fileSystemId: f.fileSystemId,
      transitEncryption: "ENABLED",
      authorizationConfig: { accessPointId: ap.accessPointId, iam: "ENABLED" },
    },
  });
  t.addContainer("c", { image: ecs.ContainerImage.fromRegistry("nginx") }).addMountPoints({
    containerPath: "/d",
    sourceVolume: "d",
    readOnly: false,
  });
  const svc = new ecs.FargateService(s, "S", { cluster: c, taskDefinition: t, enableExecuteCommand: true });
  f.connections.allowDefaultPortFrom(svc);
  f.grantReadWrite(t.taskRole);
});

example("ServiceConnect", (s) => {
  const vpc = new ec2.Vpc(s, "Vpc");
  const c = new ecs.Cluster(s, "C", { vpc, defaultCloudMapNamespace: { name: "local", useForServiceConnect: true } });
  const t = new ecs.FargateTaskDefinition(s, "T");
  t.addContainer("c", {
    image: ecs.ContainerImage.fromRegistry("nginx"),
    portMappings: [{ name: "web", containerPort: 80 }],
  });
  new ecs.FargateService(s, "S", {
    cluster: c,
    taskDefinition: t,
    serviceConnectConfiguration: { services: [{ portMappingName: "web", dnsName: "web", port: 80 }] },
  });
});

example("Firelens", (s) => {
  const vpc = new ec2.Vpc(s, "Vpc");
  const c = new ecs.Cluster(s, "C", { vpc });
  const t = new ecs.FargateTaskDefinition(s, "T", {
    runtimePlatform: {
      cpuArchitecture: ecs.CpuArchitecture.ARM64,
      operatingSystemFamily: ecs.OperatingSystemFamily.LINUX,
    },
    cpu: 1024,
    memoryLimitMiB: 4096,
    ephemeralStorageGiB: 50,
  });
  t.addContainer("c", {
    image: ecs.ContainerImage.fromRegistry("nginx"),
    logging: ecs.LogDrivers.firelens({
      options: {
        Name: "cloudwatch",
        region: "us-east-1",
        log_group_name: "/x",
        auto_create_group: "true",
        log_stream_prefix: "x",
      },
    }),
    readonlyRootFilesystem: true,
    healthCheck: { command: ["CMD-SHELL", "curl -f http://localhost/ || exit 1"] },
  });
  new ecs.FargateService(s, "S", {
    cluster: c,
    taskDefinition: t,
    deploymentController: { type: ecs.DeploymentControllerType.ECS },
    minHealthyPercent: 100,
  });
});

example("CodeDeployEcs", (s) => {
  const vpc = new ec2.Vpc(s, "Vpc");
  const c = new ecs.Cluster(s, "C", { vpc });
  const t = new ecs.FargateTaskDefinition(s, "T");
  t.addContainer("c", { image: ecs.ContainerImage.fromRegistry("nginx"), portMappings: [{ containerPort: 80 }] });
  const svc = new ecs.FargateService(s, "S", {
    cluster: c,
    taskDefinition: t,
    deploymentController: { type: ecs.DeploymentControllerType.CODE_DEPLOY },
  });
  const lb = new elb.ApplicationLoadBalancer(s, "Lb", { vpc, internetFacing: true });
  const blue = new elb.ApplicationTargetGroup(s, "B", { vpc, port: 80, targetType: elb.TargetType.IP });
  const green = new elb.ApplicationTargetGroup(s, "G", { vpc, port: 80, targetType: elb.TargetType.IP });
  const l = lb.addListener("L", { port: 80, defaultTargetGroups: [blue] });
  const l2 = lb.addListener("L2", { port: 8080, protocol: elb.ApplicationProtocol.HTTP, defaultTargetGroups: [green] });
  svc.attachToApplicationTargetGroup(blue);
  new codedeploy.EcsDeploymentGroup(s, "Dg", {
    service: svc,
    blueGreenDeploymentConfig: { blueTargetGroup: blue, greenTargetGroup: green, listener: l, testListener: l2 },
    deploymentConfig: codedeploy.EcsDeploymentConfig.CANARY_10PERCENT_5MINUTES,
  });
});

example("Aurora", (s) => {
  const vpc = new ec2.Vpc(s, "Vpc");
  const d = new rds.DatabaseCluster(s, "Db", {
    engine: rds.DatabaseClusterEngine.auroraPostgres({ version: rds.AuroraPostgresEngineVersion.VER_16_6 }),
    writer: rds.ClusterInstance.serverlessV2("w"),
    readers: [rds.ClusterInstance.serverlessV2("r", { scaleWithWriter: true })],
    vpc,
    storageEncrypted: true,
  });
  d.addProxy("P", { secrets: [d.secret], vpc });
});

example("RdsInstance", (s) => {
  const vpc = new ec2.Vpc(s, "Vpc");
  new rds.DatabaseInstance(s, "Db", {
    engine: rds.DatabaseInstanceEngine.mysql({ version: rds.MysqlEngineVersion.VER_8_0_40 }),
    vpc,
    multiAz: true,
    instanceType: new ec2.InstanceType("m6g.large"),
    backupRetention: cdk.Duration.days(7),
    deletionProtection: true,
    performanceInsightRetention: rds.PerformanceInsightRetention.MONTHS_1,
    cloudwatchLogsExports: ["error"],
  });
});

example("LambdaApi", (s) => {
  const f = fn(s, "F", { environment: { A: "b" }, tracing: lambda.Tracing.ACTIVE });
  const t = new ddb.TableV2(s, "T", {
    partitionKey: { name: "id", type: ddb.AttributeType.STRING },
    globalSecondaryIndexes: [{ indexName: "i", partitionKey: { name: "x", type: ddb.AttributeType.NUMBER } }],
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
  });
  t.grantReadWriteData(f);
  const a = new api.LambdaRestApi(s, "A", {
    handler: f,
    deployOptions: { tracingEnabled: true, loggingLevel: api.MethodLoggingLevel.INFO },
  });
  a.addUsagePlan("U", { throttle: { rateLimit: 10, burstLimit: 2 } });
});

example("HttpApi", (s) => {
  const a = new apiv2.HttpApi(s, "A", { corsPreflight: { allowOrigins: ["*"] } });
  const i = part("aws-apigatewayv2-integrations");
  a.addRoutes({
    path: "/x",
    methods: [apiv2.HttpMethod.GET],
    integration: new i.HttpLambdaIntegration("I", fn(s, "F")),
  });
  new apiv2.WebSocketApi(s, "W", {
    connectRouteOptions: { integration: new i.WebSocketLambdaIntegration("C", fn(s, "G")) },
  });
});

example("Events", (s) => {
  const q = new sqs.Queue(s, "Q", {
    deadLetterQueue: { queue: new sqs.Queue(s, "D"), maxReceiveCount: 3 },
    visibilityTimeout: cdk.Duration.minutes(5),
  });
  const t = new sns.Topic(s, "T", { fifo: false });
  t.addSubscription(new subs.SqsSubscription(q));
  t.addSubscription(new subs.EmailSubscription("a@example.com"));
  const f = fn(s, "F");
  f.addEventSource(new eventsources.SqsEventSource(q));
  new events.Rule(s, "R", {
    schedule: events.Schedule.rate(cdk.Duration.minutes(5)),
    targets: [new targets.LambdaFunction(f)],
  });
  new sched.CfnSchedule(s, "Sc", {
    flexibleTimeWindow: { mode: "OFF" },
    scheduleExpression: "rate(5 minutes)",
    target: {
      arn: f.functionArn,
      roleArn: new iam.Role(s, "Ro", { assumedBy: new iam.ServicePrincipal("scheduler.amazonaws.com") }).roleArn,
    },
  });
});

example("Site", (s) => {
  const b = new s3.Bucket(s, "B", {
    encryption: s3.BucketEncryption.S3_MANAGED,
    enforceSSL: true,
    versioned: true,
    lifecycleRules: [{ noncurrentVersionExpiration: cdk.Duration.days(30) }],
    blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
  });
  const zone = new r53.PublicHostedZone(s, "Z", { zoneName: "example.com" });
  const cert = new acm.Certificate(s, "C", {
    domainName: "example.com",
    subjectAlternativeNames: ["*.example.com"],
    validation: acm.CertificateValidation.fromDns(zone),
  });
  const d = new cf.Distribution(s, "D", {
    defaultBehavior: {
      origin: origins.S3BucketOrigin.withOriginAccessControl(b),
      viewerProtocolPolicy: cf.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
    },
    domainNames: ["example.com"],
    certificate: cert,
    defaultRootObject: "index.html",
    errorResponses: [{ httpStatus: 404, responseHttpStatus: 200, responsePagePath: "/index.html" }],
  });
  new r53.ARecord(s, "A", { zone, target: r53.RecordTarget.fromAlias(new r53t.CloudFrontTarget(d)) });
});

example("StateMachine", (s) => {
  const f = fn(s, "F");
  const d = new tasks.LambdaInvoke(s, "I", { lambdaFunction: f }).next(
    new sfn.Choice(s, "Ch")
      .when(sfn.Condition.stringEquals("$.a", "b"), new sfn.Succeed(s, "Ok"))
      .otherwise(new sfn.Fail(s, "No")),
  );
  new sfn.StateMachine(s, "M", {
    definitionBody: sfn.DefinitionBody.fromChainable(d),
    timeout: cdk.Duration.minutes(5),
    logs: { destination: new logs.LogGroup(s, "L", { retention: logs.RetentionDays.ONE_WEEK }) },
  });
});

example("Pipeline", (s) => {
  const src = new cp.Artifact(),
    out = new cp.Artifact();
  const p = new cb.PipelineProject(s, "P", {
    environment: { buildImage: cb.LinuxBuildImage.STANDARD_7_0, privileged: true },
  });
  const b = new s3.Bucket(s, "B", { versioned: true });
  new cp.Pipeline(s, "Pi", {
    crossAccountKeys: true,
    stages: [
      {
        stageName: "Source",
        actions: [new cpa.S3SourceAction({ actionName: "S", bucket: b, bucketKey: "a.zip", output: src })],
      },
      {
        stageName: "Build",
        actions: [new cpa.CodeBuildAction({ actionName: "B", project: p, input: src, outputs: [out] })],
      },
      { stageName: "Ok", actions: [new cpa.ManualApprovalAction({ actionName: "A" })] },
    ],
  });
  new ecr.Repository(s, "R", {
    imageScanOnPush: true,
    lifecycleRules: [{ maxImageCount: 10 }],
    imageTagMutability: ecr.TagMutability.IMMUTABLE,
  });
});

example("Cognito", (s) => {
  const p = new cognito.UserPool(s, "P", {
    selfSignUpEnabled: true,
    mfa: cognito.Mfa.OPTIONAL,
    passwordPolicy: { minLength: 12 },
  });
  p.addClient("C", { oAuth: { flows: { authorizationCodeGrant: true }, callbackUrls: ["https://example.com/cb"] } });
  p.addDomain("D", { cognitoDomain: { domainPrefix: "my-app-123" } });
});

example("Asg", (s) => {
  const vpc = new ec2.Vpc(s, "Vpc", { flowLogs: { f: {} } });
  const lt = new ec2.LaunchTemplate(s, "Lt", {
    machineImage: ec2.MachineImage.latestAmazonLinux2023(),
    instanceType: new ec2.InstanceType("t4g.micro"),
    securityGroup: new ec2.SecurityGroup(s, "Sg", { vpc }),
    requireImdsv2: true,
    userData: ec2.UserData.forLinux(),
  });
  const g = new asg.AutoScalingGroup(s, "G", { vpc, launchTemplate: lt, maxCapacity: 3 });
  g.scaleOnCpuUtilization("C", { targetUtilizationPercent: 50 });
  const lb = new elb.ApplicationLoadBalancer(s, "Lb", { vpc });
  lb.addListener("L", { port: 80, open: true }).addTargets("T", { port: 80, targets: [g] });
});

example("Bastion", (s) => {
  const vpc = new ec2.Vpc(s, "Vpc", {
    natGateways: 0,
    subnetConfiguration: [
      { name: "iso", subnetType: ec2.SubnetType.PRIVATE_ISOLATED },
      { name: "pub", subnetType: ec2.SubnetType.PUBLIC },
    ],
    gatewayEndpoints: { S3: { service: ec2.GatewayVpcEndpointAwsService.S3 } },
  });
  for (const n of ["ECR", "ECR_DOCKER", "CLOUDWATCH_LOGS", "SECRETS_MANAGER", "SSM"])
    vpc.addInterfaceEndpoint(n, { service: ec2.InterfaceVpcEndpointAwsService[n] });
  new ec2.BastionHostLinux(s, "B", { vpc });
});

example("Streams", (s) => {
  const k = new kinesis.Stream(s, "K", { encryption: kinesis.StreamEncryption.KMS });
  const f = fn(s, "F");
  f.addEventSource(new eventsources.KinesisEventSource(k, { startingPosition: lambda.StartingPosition.LATEST }));
  new fh.DeliveryStream(s, "D", { destination: new fh.S3Bucket(new s3.Bucket(s, "B")) });
});

example("Batch", (s) => {
  const vpc = new ec2.Vpc(s, "Vpc");
  const q = new batch.JobQueue(s, "Q", {
    computeEnvironments: [
      { computeEnvironment: new batch.FargateComputeEnvironment(s, "E", { vpc, spot: true }), order: 1 },
    ],
  });
  new batch.EcsJobDefinition(s, "J", {
    container: new batch.EcsFargateContainerDefinition(s, "C", {
      image: ecs.ContainerImage.fromRegistry("public.ecr.aws/amazonlinux/amazonlinux:latest"),
      memory: cdk.Size.mebibytes(2048),
      cpu: 1,
    }),
  });
});

example("Alarms", (s) => {
  const t = new sns.Topic(s, "T", { masterKey: new kms.Key(s, "K", { enableKeyRotation: true }) });
  const f = fn(s, "F");
  const a = f.metricErrors().createAlarm(s, "A", { threshold: 1, evaluationPeriods: 1 });
  a.addAlarmAction(new cwa.SnsAction(t));
  new cw.CompositeAlarm(s, "C", { alarmRule: cw.AlarmRule.anyOf(a) });
  new cw.Dashboard(s, "D", { widgets: [[new cw.GraphWidget({ left: [f.metricDuration()] })]] });
  new cw.Alarm(s, "M", {
    metric: new cw.MathExpression({
      expression: "a/b*100",
      usingMetrics: { a: f.metricErrors(), b: f.metricInvocations() },
    }),
    threshold: 5,
    evaluationPeriods: 3,
    datapointsToAlarm: 2,
  });
  new logs.MetricFilter(s, "Mf", {
    logGroup: new logs.LogGroup(s, "Lg"),
    filterPattern: logs.FilterPattern.literal("ERROR"),
    metricNamespace: "x",
    metricName: "y",
  });
});

example("Waf", (s) => {
  const vpc = new ec2.Vpc(s, "Vpc");
  const lb = new elb.ApplicationLoadBalancer(s, "Lb", { vpc, internetFacing: true });
  const vis = (n) => ({ cloudWatchMetricsEnabled: true, metricName: n, sampledRequestsEnabled: true });
  const w = new waf.CfnWebACL(s, "W", {
    defaultAction: { allow: {} },
    scope: "REGIONAL",
    visibilityConfig: vis("w"),
    rules: [
      {
        name: "m",
        priority: 1,
        overrideAction: { none: {} },
        statement: { managedRuleGroupStatement: { vendorName: "AWS", name: "AWSManagedRulesCommonRuleSet" } },
        visibilityConfig: vis("m"),
      },
      {
        name: "r",
        priority: 2,
        action: { block: {} },
        statement: { rateBasedStatement: { limit: 1000, aggregateKeyType: "IP" } },
        visibilityConfig: vis("r"),
      },
    ],
  });
  new waf.CfnWebACLAssociation(s, "Wa", { resourceArn: lb.loadBalancerArn, webAclArn: w.attrArn });
});

example("Backup", (s) => {
  const p = backup.BackupPlan.dailyWeeklyMonthly5YearRetention(s, "P");
  p.addSelection("S", { resources: [backup.BackupResource.fromTag("a", "b")] });
});

example("Cache", (s) => {
  const vpc = new ec2.Vpc(s, "Vpc");
  const sg = new ec2.SecurityGroup(s, "Sg", { vpc });
  const g = new ec.CfnSubnetGroup(s, "G", { description: "x", subnetIds: vpc.privateSubnets.map((x) => x.subnetId) });
  new ec.CfnReplicationGroup(s, "R", {
    replicationGroupDescription: "x",
    engine: "redis",
    cacheNodeType: "cache.t4g.small",
    numCacheClusters: 2,
    automaticFailoverEnabled: true,
    cacheSubnetGroupName: g.ref,
    securityGroupIds: [sg.securityGroupId],
    transitEncryptionEnabled: true,
    atRestEncryptionEnabled: true,
  });
});

example("OpenSearch", (s) => {
  new open.Domain(s, "D", {
    version: open.EngineVersion.OPENSEARCH_2_13,
    encryptionAtRest: { enabled: true },
    nodeToNodeEncryption: true,
    enforceHttps: true,
    zoneAwareness: { enabled: true },
    capacity: { dataNodes: 2, dataNodeInstanceType: "r6g.large.search", multiAzWithStandbyEnabled: false },
  });
});

example("Trail", (s) => {
  const t = new trail.Trail(s, "T", { sendToCloudWatchLogs: true });
  t.logAllLambdaDataEvents();
  new config.ManagedRule(s, "R", { identifier: "S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED" });
});

example("AppSync", (s) => {
  const a = new appsync.GraphqlApi(s, "A", {
    name: "a",
    definition: appsync.Definition.fromSchema({ bind: () => ({ apiId: "x", definition: "type Query { a: String }" }) }),
    xrayEnabled: true,
  });
  a.addNoneDataSource("N");
});

example("DocDb", (s) => {
  const vpc = new ec2.Vpc(s, "Vpc");
  new docdb.DatabaseCluster(s, "D", {
    masterUser: { username: "me" },
    instanceType: new ec2.InstanceType("r6g.large"),
    vpc,
    storageEncrypted: true,
  });
});

example("Kms", (s) => {
  const k = new kms.Key(s, "K", { alias: "alias/x", enableKeyRotation: true });
  k.grantDecrypt(new iam.ServicePrincipal("logs.amazonaws.com"));
  const u = new iam.User(s, "U");
  new iam.ManagedPolicy(s, "P", {
    statements: [new iam.PolicyStatement({ actions: ["s3:GetObject"], resources: ["*"] })],
    users: [u],
  });
  new sm.Secret(s, "S", {
    encryptionKey: k,
    generateSecretString: { secretStringTemplate: '{"u":"x"}', generateStringKey: "p" },
  });
  new ssm.StringParameter(s, "Pa", { stringValue: "x" });
});

example("VpcIpam", (s) => {
  const vpc = new ec2.Vpc(s, "Vpc", {
    ipAddresses: ec2.IpAddresses.cidr("10.1.0.0/16"),
    ipProtocol: ec2.IpProtocol.DUAL_STACK,
  });
  const n = new ec2.NetworkAcl(s, "N", { vpc });
  n.addEntry("E", {
    cidr: ec2.AclCidr.anyIpv4(),
    ruleNumber: 100,
    traffic: ec2.AclTraffic.tcpPort(443),
    direction: ec2.TrafficDirection.INGRESS,
  });
  vpc.addFlowLog("F");
});

example("Sd", (s) => {
  const vpc = new ec2.Vpc(s, "Vpc");
  const n = new sd.PrivateDnsNamespace(s, "N", { vpc, name: "x.local" });
  const c = new ecs.Cluster(s, "C", { vpc });
  const t = new ecs.FargateTaskDefinition(s, "T");
  t.addContainer("c", {
    image: ecs.ContainerImage.fromRegistry("nginx"),
    secrets: {
      A: ecs.Secret.fromSsmParameter(
        ssm.StringParameter.fromSecureStringParameterAttributes(s, "Pm", { parameterName: "/a/b" }),
      ),
    },
  });
  new ecs.FargateService(s, "S", {
    cluster: c,
    taskDefinition: t,
    cloudMapOptions: { name: "svc", cloudMapNamespace: n, dnsRecordType: sd.DnsRecordType.A },
  });
});

example("CustomRes", (s) => {
  new cr.AwsCustomResource(s, "C", {
    onCreate: { service: "S3", action: "listBuckets", physicalResourceId: cr.PhysicalResourceId.of("x") },
    policy: cr.AwsCustomResourcePolicy.fromSdkCalls({ resources: ["*"] }),
  });
  new s3.Bucket(s, "B", { removalPolicy: cdk.RemovalPolicy.DESTROY, autoDeleteObjects: true });
});

example("NestedParent", (s) => {
  const n = new cdk.NestedStack(s, "N");
  const v = new ec2.Vpc(n, "Vpc");
  new ecs.Cluster(s, "C", { vpc: v });
});

example("Scaling", (s) => {
  const vpc = new ec2.Vpc(s, "Vpc");
  const c = new ecs.Cluster(s, "C", { vpc, enableFargateCapacityProviders: true });
  const t = new ecs.FargateTaskDefinition(s, "T");
  t.addContainer("c", { image: ecs.ContainerImage.fromRegistry("nginx"), portMappings: [{ containerPort: 80 }] });
  const sv = new ecs.FargateService(s, "S", {
    cluster: c,
    taskDefinition: t,
    capacityProviderStrategies: [
      { capacityProvider: "FARGATE", base: 1, weight: 1 },
      { capacityProvider: "FARGATE_SPOT", weight: 4 },
    ],
  });
  const lb = new elb.ApplicationLoadBalancer(s, "Lb", { vpc, internetFacing: true });
  const l = lb.addListener("L", { port: 80 });
  const tg = l.addTargets("T", { port: 80, targets: [sv], deregistrationDelay: cdk.Duration.seconds(10) });
  const sc = sv.autoScaleTaskCount({ minCapacity: 1, maxCapacity: 20 });
  sc.scaleOnRequestCount("R", { requestsPerTarget: 1000, targetGroup: tg });
  sc.scaleOnSchedule("M", { schedule: aas.Schedule.cron({ hour: "8", minute: "0" }), minCapacity: 5 });
  sc.scaleOnMemoryUtilization("Me", { targetUtilizationPercent: 70 });
  l.addAction("Fx", {
    priority: 5,
    conditions: [elb.ListenerCondition.pathPatterns(["/x/*"])],
    action: elb.ListenerAction.fixedResponse(200, { messageBody: "ok" }),
  });
});

app.synth();
