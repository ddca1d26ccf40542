/**
 * `npm run release:templates -- <version>`: writes down what a release has deployed, for the test that compares every
 * later template with it, and the schemas of its events, for the test that compares every later event. It belongs into
 * the commit of the release, and nowhere else.
 */
import { writeFileSync } from "node:fs";
import { VARIANTS } from "../template/variants.ts";
import { synthesise } from "../template/synthesise.ts";
import { FILE, record } from "./recorded.ts";
import { recordEvents } from "./released-events.ts";

const [version] = process.argv.slice(2);
if (version === undefined || version.startsWith("-")) {
  console.error("Say of which release: npm run release:templates -- <version>");
  process.exitCode = 2;
} else {
  const templates = new Map(VARIANTS.map(([name, stage]) => [name, synthesise(stage)]));
  writeFileSync(FILE, record(version, templates));
  recordEvents(version);
  console.log(`Recorded ${templates.size} templates of ${version}, and its events.`);
}
