/**
 * `npm run release:templates -- <version>`: writes down what a release has deployed, for the tests that compare every
 * later template with it and upgrade its stack in the emulator, and the schemas of its events, for the test that compares every later event. It belongs into
 * the commit of the release, and nowhere else.
 */
import { writeFileSync } from "node:fs";
import { Template } from "aws-cdk-lib/assertions";
import { OMITTED } from "../local/emulator/cdk.ts";
import { local, VARIANTS } from "../template/variants.ts";
import { stackOf, synthesise } from "../template/synthesise.ts";
import { FILE, record, recordWhole, WHOLE_FILE } from "./recorded.ts";
import { recordEvents } from "./released-events.ts";

const [version] = process.argv.slice(2);
if (version === undefined || version.startsWith("-")) {
  console.error("Say of which release: npm run release:templates -- <version>");
  process.exitCode = 2;
} else {
  const templates = new Map(VARIANTS.map(([name, stage]) => [name, synthesise(stage)]));
  writeFileSync(FILE, record(version, templates));
  const stack = stackOf(local, { omit: OMITTED.map(({ kind }) => kind) });
  writeFileSync(WHOLE_FILE, recordWhole(version, Template.fromStack(stack).toJSON()));
  recordEvents(version);
  console.log(`Recorded ${templates.size} templates of ${version}, and its events.`);
}
