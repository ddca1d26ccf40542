/**
 * `npm run lint:templates`: synthesises every stage that is deployed to AWS and holds its template to
 * CloudFormation's own rules with cfn-lint. Needs Python 3.10 or later and, the first time, PyPI.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const STAGES = ["sandbox", "production"];

const root = fileURLToPath(new URL("../..", import.meta.url));
const requirements = `${root}tools/lint-templates/requirements.txt`;
const environment = `${root}.local/cfn-lint`;
const stamp = `${environment}/installed`;

installLinter();
for (const stage of STAGES) {
  run("cdk", ["synth", "--quiet", "--context", `stage=${stage}`], "The synth failed");
}
// Warnings are for reading: CDK itself writes a DependsOn that a GetAtt already implies (W3005).
run(
  `${environment}/bin/cfn-lint`,
  [
    "--non-zero-exit-code=error",
    ...STAGES.map((stage) => `cdk.out/AlloyJourneyWebhooks-${stage}.template.json`),
  ],
  "cfn-lint found errors in the templates",
);
console.log(`cfn-lint found no error in the templates of ${STAGES.join(" and ")}.`);

/** Into a folder of the project's own; again when the pins change or an installation broke off. */
function installLinter(): void {
  const wanted = createHash("sha256").update(readFileSync(requirements)).digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  rmSync(environment, { recursive: true, force: true });
  run(
    "python3",
    ["-m", "venv", environment],
    "cfn-lint needs Python 3.10 or later with its venv module (Debian: apt-get install python3-venv)",
  );
  run(
    `${environment}/bin/pip`,
    ["install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r", requirements],
    "cfn-lint could not be installed; is PyPI reachable",
  );
  writeFileSync(stamp, wanted);
}

function run(program: string, programArguments: readonly string[], failure: string): void {
  const { status, error } = spawnSync(program, programArguments, { cwd: root, stdio: "inherit" });
  if (status === 0) return;
  console.error(`${failure}${error === undefined ? "" : ` (${error.message})`}.`);
  process.exit(1);
}
