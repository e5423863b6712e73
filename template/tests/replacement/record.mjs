// Asks CDK what it predicts for every case of `cases.json`, and writes its answers to `cdk.json`.
//
//   node template/tests/replacement/record.mjs
//
// It needs Node.js with npm and no AWS account: `cdk diff --template` compares two files. All cases are resources of one
// template. CDK is installed in the target folder, in the version below.

import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const VERSION = "2.1148.1";

const here = fileURLToPath(new URL(".", import.meta.url));
const target = process.env.CARGO_TARGET_DIR ?? join(here, "../../../target");
const work = join(target, "cdk");
const cases = JSON.parse(readFileSync(join(here, "cases.json"), "utf8"));

const template = (side) => {
  const resource = (one) => ({ Type: one.type, ...one.attributes, Properties: one[side] });
  return { Resources: Object.fromEntries(cases.map((one, at) => [`Case${at}`, resource(one)])) };
};

const write = (path, value) => writeFileSync(join(work, path), JSON.stringify(value));

mkdirSync(join(work, "assembly"), { recursive: true });
write("package.json", { private: true });
execFileSync("npm", ["install", "--silent", "--no-audit", "--no-fund", `aws-cdk@${VERSION}`], { cwd: work, stdio: "inherit" });
write("old.json", template("before"));
write("assembly/new.json", template("after"));
write("assembly/manifest.json", {
  version: "36.0.0",
  artifacts: {
    Cases: {
      type: "aws:cloudformation:stack",
      environment: "aws://unknown-account/unknown-region",
      properties: { templateFile: "new.json" },
    },
  },
});

const cdk = join(work, "node_modules/aws-cdk/bin/cdk");
const options = ["diff", "--app", "assembly", "--template", "old.json", "--no-color", "--no-notices", "--no-version-reporting", "Cases"];
const { stdout, stderr } = spawnSync(process.execPath, [cdk, ...options], { cwd: work, encoding: "utf8" });
const said = stdout + stderr;

const answers = {};
for (const [, at, impact] of said.matchAll(/^\[~\] \S+ Case(\d+) ?(.*)$/gm)) {
  const { type, change } = cases[at];
  answers[`${type} ${change}`] = impact.trim();
}
const silent = cases.filter(({ type, change }) => !(`${type} ${change}` in answers));
if (silent.length > 0) {
  console.error(said);
  throw new Error(`CDK says nothing of ${silent.map(({ type, change }) => `${type} ${change}`).join(", ")}`);
}
writeFileSync(join(here, "cdk.json"), JSON.stringify({ version: VERSION, answers }, null, 2) + "\n");
