// Runs cdk-nag's AwsSolutions rules on CloudFormation templates and tells what they find.
//
//   node check.js template.yaml …
//
// A finding that a template accepts with a reason (`Metadata: cdk_nag: rules_to_suppress`) is counted and passes. Since
// version 3 cdk-nag writes these entries and no longer reads them, so they are handed to it here.
// A finding that is neither accepted nor of a rule in `TOLERATED` ends the process with 1.

const path = require("node:path");
const { App, CfnResource, Stack, Validations } = require("aws-cdk-lib");
const { CfnInclude } = require("aws-cdk-lib/cloudformation-include");
const { AwsSolutionsChecks } = require("cdk-nag");

// A public load balancer, the log bucket's own log, other people's keys, plain variables, actions without a resource.
const TOLERATED = ["EC23", "S1", "SMG4", "ECS2", "IAM5"].map((rule) => `AwsSolutions-${rule}`);

const [templates, counts] = [process.argv.slice(2), { found: 0, accepted: 0, tolerated: 0, refused: 0 }];
if (templates.length === 0) throw new Error("no template is named");

for (const template of templates) {
  const stack = new Stack(new App({ analyticsReporting: false }), "Template");
  new CfnInclude(stack, "Include", { templateFile: path.resolve(template) });
  const found = findings(stack);
  acceptWhatTheTemplateAccepts(stack);
  const left = findings(stack);
  counts.found += found.length;
  counts.accepted += found.length - left.length;
  for (const { rule, resource, why } of left) {
    const verdict = TOLERATED.includes(rule.split("[", 1)[0]) ? "tolerated" : "refused";
    counts[verdict] += 1;
    console.log(`${verdict}: ${rule} ${path.basename(template)} ${resource}: ${why}`);
  }
}
console.log(`cdk-nag AwsSolutions: ${Object.entries(counts).map(([what, count]) => `${count} ${what}`).join(", ")}`);
process.exitCode = counts.refused === 0 ? 0 : 1;

function findings(stack) {
  const { violations } = new AwsSolutionsChecks(stack).validateScope(stack);
  return violations.flatMap(({ ruleName, description, violatingResources }) =>
    violatingResources.map(({ constructPath }) => ({
      rule: ruleName,
      resource: constructPath.split("/").pop(),
      why: description,
    })),
  );
}

function acceptWhatTheTemplateAccepts(stack) {
  for (const resource of stack.node.findAll().filter((node) => CfnResource.isCfnResource(node))) {
    for (const { id, reason } of resource.cfnOptions.metadata?.cdk_nag?.rules_to_suppress ?? []) {
      Validations.of(resource).acknowledge({ id, reason });
    }
  }
}
