/** `npx alloy-journey-webhooks init`: an app of two stages, in this folder. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import * as v from "valibot";
import { ROOT } from "../../lib/installation.ts";

const Texts = v.optional(v.record(v.string(), v.string()), {});

const ManifestSchema = v.looseObject({
  scripts: Texts,
  dependencies: Texts,
  devDependencies: Texts,
});

const OwnManifestSchema = v.object({
  name: v.string(),
  version: v.string(),
  peerDependencies: v.object({
    "aws-cdk": v.string(),
    "aws-cdk-lib": v.string(),
    constructs: v.string(),
  }),
});

const STAGES = `// @ts-check
/**
 * Your stages: each is a stack. What one does not say is as it is shipped (docs/configuration.md).
 *
 * @type {import("alloy-journey-webhooks").StageProps[]}
 */
export const STAGES = [
  { stage: "sandbox", environment: "sandbox" },
  {
    stage: "production",
    environment: "live",
    // Replace this before anybody depends on it: with "none" every page reaches nobody.
    alarms: { channels: "none" },
  },
];
`;

const APP = `// @ts-check
import { App } from "aws-cdk-lib";
import { AlloyJourneyWebhooks } from "alloy-journey-webhooks";
import { STAGES } from "./stages.mjs";

const app = new App();
for (const stage of STAGES) {
  new AlloyJourneyWebhooks(app, \`AlloyJourneyWebhooks-\${stage.stage}\`, stage);
}
`;

const CDK = `{ "app": "node app.mjs", "requireApproval": "broadening", "versionReporting": false }
`;

const FILES = { "stages.mjs": STAGES, "app.mjs": APP, "cdk.json": CDK } as const;

const there = Object.keys(FILES).filter((name) => existsSync(name));
if (there.length > 0) {
  console.error(
    `This folder already has ${there.join(", ")}: nothing was written. Use an empty folder.`,
  );
  process.exitCode = 1;
} else {
  for (const [name, text] of Object.entries(FILES)) writeFileSync(name, text);
  writeFileSync("package.json", `${JSON.stringify(manifest(), undefined, 2)}\n`);
  if (!existsSync(".gitignore")) writeFileSync(".gitignore", "node_modules/\ncdk.out/\n.local/\n");
  console.log(
    [
      "Written: package.json, stages.mjs, app.mjs, cdk.json.",
      "Next: npm install, then",
      "  npm start                      try it on this machine, without an AWS account",
      "  npx cdk deploy AlloyJourneyWebhooks-sandbox",
      "Then fill the two secrets, and create the webhook at Alloy (docs/production.md).",
    ].join("\n"),
  );
}

/** What is there stays; what is missing is added. */
function manifest() {
  const own = v.parse(
    OwnManifestSchema,
    JSON.parse(readFileSync(`${ROOT}../package.json`, "utf8")),
  );
  const { "aws-cdk": cdk, ...libraries } = own.peerDependencies;
  const given = existsSync("package.json")
    ? JSON.parse(readFileSync("package.json", "utf8"))
    : { name: basename(process.cwd()), version: "1.0.0", private: true };
  const { scripts, dependencies, devDependencies, ...others } = v.parse(ManifestSchema, given);
  return {
    ...others,
    scripts: {
      start: `${own.name} start`,
      ops: `${own.name} ops`,
      synth: "cdk synth --quiet",
      diff: "cdk diff",
      deploy: "cdk deploy",
      ...scripts,
    },
    dependencies: { [own.name]: `^${own.version}`, ...libraries, ...dependencies },
    devDependencies: { "aws-cdk": cdk, ...devDependencies },
  };
}
