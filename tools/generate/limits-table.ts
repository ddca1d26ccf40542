import { LIMITS } from "../strict-aws/limits.ts";
import type { LimitName } from "../strict-aws/limits.ts";

const CASES = `[limits](../test/unit/strict-aws/limits.test.ts) "%s: %s is taken up to it, and refused beyond"`;

/** Who refuses here what only AWS would refuse, by its service; its file, and the test of it. */
const BY_SERVICE: Readonly<
  Record<(typeof LIMITS)[LimitName]["service"], readonly [string, string]>
> = {
  DynamoDB: ["`tools/strict-aws/limits-of-dynamo-db.ts`", CASES],
  EventBridge: ["`tools/strict-aws/limits-of-event-bridge.ts`", CASES],
  SQS: ["`tools/strict-aws/limits-of-sqs.ts`", CASES],
  S3: ["`tools/strict-aws/limits-of-services.ts`", CASES],
  Lambda: ["`tools/strict-aws/limits-of-services.ts`", CASES],
  CloudWatch: [
    "`tools/strict-aws/embedded-metric-format.ts`",
    `[embedded-metric-format](../test/unit/telemetry/embedded-metric-format.test.ts) "refuses %s"`,
  ],
  "CloudWatch Logs": [
    "`tools/strict-aws/embedded-metric-format.ts`",
    `[embedded-metric-format](../test/unit/telemetry/embedded-metric-format.test.ts) "refuses %s"`,
  ],
  "Secrets Manager": ["`tools/strict-aws/limits-of-services.ts`", CASES],
  Scheduler: [
    "a rule over the template",
    `[limits](../test/infra/limits.test.ts) "every schedule and its group has a name and an input that Scheduler takes"`,
  ],
};

/** What is not as the rest of its service. */
const UNLIKE_ITS_SERVICE: Readonly<Partial<Record<LimitName, readonly [string, string]>>> = {
  pageBytes: [
    "dynalite, moto and MiniStack, each by itself",
    `[dynamo-limits](../test/contract/dynamo-limits.ts) "page what a query goes through by the megabyte, before its projection"`,
  ],
  batchBytes: [
    "`tools/strict-aws/call-refusal.ts`",
    `[limits](../test/unit/strict-aws/limits.test.ts) "has a case here, or is held elsewhere"`,
  ],
  eventLevels: [
    "`tools/strict-aws/limits-of-event-bridge.ts`",
    `[limits](../test/unit/strict-aws/limits.test.ts) "refuses of a PutEvents the entry alone: %s"`,
  ],
  metricQueries: ["`tools/strict-aws/limits-of-services.ts`", CASES],
  environmentBytes: [
    "a proof at synth, `lib/proofs/environment.ts`; what grows stands in a file beside the code",
    `[growth](../test/infra/growth.test.ts) "every function has an environment that Lambda takes", "fails the synth with a sentence that says what to do, whoever has added to it"`,
  ],
};

const BY_NAME = new Map(Object.entries(UNLIKE_ITS_SERVICE));

/** Every documented limit, as a row of docs/pitfalls.md. */
export function limitsTable(): string {
  const rows = Object.entries(LIMITS).map(([name, limit]) => {
    const { service, what, most, unit, refusal, source } = limit;
    const number = `${most.toLocaleString("en-US")}${unit === "" ? "" : ` ${unit}`}`;
    const [guard, test] = BY_NAME.get(name) ?? BY_SERVICE[service];
    return `| ${service}, ${what}: at most ${number}; beyond: ${refusal} (${source}) | ${guard} | ${test} |`;
  });
  return ["| What bites | What guards | Test |", "|---|---|---|", ...rows].join("\n");
}
