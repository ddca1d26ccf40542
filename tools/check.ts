/**
 * `npm run check`: every check a change has to pass, one after the other. All of them run, whatever the
 * earlier ones say, so that one run shows everything that is wrong.
 *
 * `--without-tests` leaves the tests out, and says so: for CI, which has just run `npm test` by itself.
 */
import { spawnSync } from "node:child_process";

const CHECKS = [
  { name: "format", command: ["npm", "run", "--silent", "format:check"] },
  { name: "lint", command: ["npm", "run", "--silent", "lint"] },
  { name: "types", command: ["npm", "run", "--silent", "types"] },
  { name: "dead code", command: ["npm", "run", "--silent", "dead-code"] },
  { name: "documents", command: ["npm", "run", "--silent", "generate", "--", "--check"] },
  { name: "tests", command: ["npm", "test"] },
  { name: "synth", command: ["npm", "run", "--silent", "synth", "--", "--quiet"] },
] as const;

const [option, ...more] = process.argv.slice(2);
if (more.length > 0 || (option !== undefined && option !== "--without-tests")) {
  console.error(
    `npm run check takes no option but --without-tests, not "${process.argv.slice(2).join(" ")}".`,
  );
  process.exit(2);
}

const failed: string[] = [];
for (const { name, command } of CHECKS) {
  if (name === "tests" && option === "--without-tests") {
    console.log("── tests: left out (--without-tests)");
    continue;
  }
  console.log(`── ${name}`);
  const [program, ...programArguments] = command;
  const started = performance.now();
  const { status } = spawnSync(program, programArguments, { stdio: "inherit" });
  const seconds = ((performance.now() - started) / 1_000).toFixed(1);
  console.log(`   ${name}: ${status === 0 ? "passed" : "FAILED"} in ${seconds} s`);
  if (status !== 0) failed.push(name);
}

if (failed.length > 0) {
  console.error(`npm run check failed: ${failed.join(", ")}.`);
  process.exit(1);
}
