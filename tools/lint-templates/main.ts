/**
 * `npm run lint:templates`: synthesises every stage that is deployed to AWS, and every choice that a stage can make, and
 * holds the templates to CloudFormation's own rules (cfn-lint) and to the packs of cdk-nag and checkov. What stays has
 * its reason in `suppressions.ts`. Needs Python 3.10 or later and, the first time, PyPI. A report for each pack is
 * written to `.local/templates/reports`.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";

import { Template } from "aws-cdk-lib/assertions";

import { STAGES } from "../../lib/stages.ts";
import { VARIANTS } from "../template/variants.ts";
import { stackOf } from "../template/synthesise.ts";
import { cfnLintFindings } from "./cfn-lint.ts";
import { checkovFindings } from "./checkov.ts";
import { nagFindings } from "./nag.ts";
import { LOCAL_FOLDER } from "../local/paths.ts";
import { PACKS, suppressionOf, SUPPRESSIONS } from "./suppressions.ts";

const folder = `${LOCAL_FOLDER}templates`;
rmSync(folder, { recursive: true, force: true });
for (const part of ["all", "reports"]) mkdirSync(`${folder}/${part}`, { recursive: true });

// The variants of the tests begin with the stages as they are shipped; yours are read from lib/stages.ts.
const stages = [...VARIANTS, ...STAGES.map((stage) => [`your ${stage.stage}`, stage] as const)].map(
  ([name, stage]) => ({ name: name.replaceAll(/[^a-z0-9]+/gi, "-"), stage }),
);
const underOwnKey = new Set(
  stages.flatMap(({ name, stage }) => (stage.encryption === "customer-managed" ? [name] : [])),
);

const files = new Map<string, string>();
const ofNag = stages.flatMap(({ name, stage }) => {
  const stack = stackOf(stage);
  const text = JSON.stringify(Template.fromStack(stack).toJSON());
  // A stage that is as it is shipped has the template of that: once is enough. Unbundled assets have chance names.
  const key = text.replaceAll(/[0-9a-f]{64}\.zip/g, "");
  if (files.has(key)) return [];
  files.set(key, `${folder}/all/${name}.json`);
  writeFileSync(`${folder}/all/${name}.json`, text);
  return nagFindings(name, stage, stack);
});

// Both are slow to start, and wait for nothing of each other.
const isUnderOwnKey = (name: string) => underOwnKey.has(name);
const [ofCheckov, ofCfnLint] = await Promise.all([
  checkovFindings(`${folder}/all`, isUnderOwnKey),
  cfnLintFindings([...files.values()], `${folder}/cfn-lint.json`, isUnderOwnKey),
]);
const findings = [...ofNag, ...ofCheckov, ...ofCfnLint].map((finding) => ({
  ...finding,
  suppression: suppressionOf(finding),
}));
for (const pack of PACKS) {
  const own = findings.filter((finding) => finding.pack === pack);
  const report = own.map(({ rule, resource, template, suppression }) => ({
    rule,
    resource,
    template,
    suppressedBecause: suppression?.why ?? null,
  }));
  writeFileSync(`${folder}/reports/${pack}.json`, `${JSON.stringify(report, null, 2)}\n`);
  const open = own.filter(({ suppression }) => suppression === undefined);
  console.log(
    `${pack}: ${files.size} templates, ${own.length} findings, ${own.length - open.length} of them suppressed with a reason, ${open.length} open.`,
  );
  for (const { rule, resource, template } of open) {
    console.error(`  ${rule} ${resource} (${template})`);
    process.exitCode = 1;
  }
}
const used = new Set(findings.map(({ suppression }) => suppression));
for (const { rules, about } of SUPPRESSIONS.filter((one) => !used.has(one))) {
  console.error(`No finding needs the suppression of ${about} (${rules.join(", ")}).`);
  process.exitCode = 1;
}
