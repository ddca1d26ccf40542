/**
 * `npm run dashboard -- --out docs/dashboard.svg`: draws the dashboard of the synthesised template, with
 * the measurements of a simulated day.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { stageFrom } from "../../lib/stage-from-context.ts";
import { EXAMPLE, drawExample } from "./example.ts";

const values = parse();

if (values.help) {
  console.log(`Usage: npm run dashboard -- --out <file.svg> [options]

  --out <file.svg>   where the picture goes
  --stage <name>     whose dashboard (default: production as it is shipped)
  --seed <n>         which day (default: ${EXAMPLE.seed})
`);
  process.exit(0);
}

const seed = Number(values.seed);
if (values.out === undefined) fail("Say where the picture goes: --out docs/dashboard.svg.");
if (!Number.isInteger(seed)) fail(`--seed is ${values.seed}, but it must be a whole number.`);
try {
  const stage = values.stage === undefined ? EXAMPLE.stage : stageFrom({ stage: values.stage });
  writeFileSync(values.out, drawExample({ stage, seed }));
  console.log(`drew ${values.out}: the dashboard of stage ${stage.stage} on simulated day ${seed}`);
} catch (error) {
  fail(error instanceof Error ? error.message : String(error));
}

function parse() {
  try {
    return parseArgs({
      options: {
        out: { type: "string" },
        stage: { type: "string" },
        seed: { type: "string", default: String(EXAMPLE.seed) },
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    return fail(`${error instanceof Error ? error.message : String(error)} See --help.`);
  }
}

function fail(sentence: string): never {
  console.error(sentence);
  process.exit(2);
}
