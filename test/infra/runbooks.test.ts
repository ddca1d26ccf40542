import { existsSync, readFileSync } from "node:fs";
import * as cloudFormation from "@aws-sdk/client-cloudformation";
import { describe, expect, it } from "vitest";
import { WEAKNESSES } from "../../lambdas/domain/secret-strength.ts";
import type { Unanswered } from "../../lambdas/poller/alloy-caller.ts";
import { MESSAGES } from "../../lambdas/telemetry/messages.ts";
import * as limits from "../../lambdas/settings/limits.ts";
import { METRICS } from "../../lambdas/settings/metrics.ts";
import { REPLAY_SOURCE, ROUTE_IDS, ROUTE_TITLES } from "../../lambdas/settings/routes.ts";
import { stageFrom } from "../../lib/config/stage-from-context.ts";
import { parseCommand, VERBS } from "../../tools/ops/command-line.ts";
import type { TemplateResource } from "../../tools/template/template.ts";
import {
  codeIn,
  commandsIn,
  parseAwsCommand,
  queriedOutput,
  runbooks,
} from "../support/runbooks.ts";
import { production, withInvestigations, withTargets } from "../../tools/template/variants.ts";
import { templateOf } from "../support/template.ts";

const PAGES = runbooks().map(({ id, text }) => [id, text] as const);
const IDS: readonly string[] = PAGES.map(([id]) => id);

const STATUS = readFileSync("tools/ops/status-metrics.ts", "utf8");

const SCRIPTS: Readonly<Record<string, string>> = JSON.parse(
  readFileSync("package.json", "utf8"),
).scripts;

const stack = templateOf(production);
/** The routes that production does not publish have their queues here, and so has the bus. */
const everyRoute = templateOf({
  ...withInvestigations,
  decision: {},
  encryption: "customer-managed",
  routes: { ...withInvestigations.routes, approved: withTargets.routes.approved },
});

/** Words of others that runbooks quote: EventBridge's on dead letters, and values of settings. */
const QUOTED = [
  "ERROR_CODE",
  "ERROR_MESSAGE",
  "AUTHORIZED",
  // The runbooks of targets: their example, what a person puts on the bus, and a setting of an HTTP target.
  "ledger",
  "approved-ledger",
  "approved/ledger",
  "target-retried-approved-ledger",
  "<route>/<target>",
  "-hold",
  REPLAY_SOURCE,
  "perSecond",
  "NO_PERMISSIONS",
  "NO_RESOURCE",
  "enforce",
  "observe",
  'concurrency: "shared"',
  "auth: { jwt }",
  // Why ingest refuses an entry, and a secret without one.
  "unusable",
  '{"basic":[],"hmac":[]}',
  '{"token":"…","secret":"…"}',
];

/** The field of `poller.call.failed`, and its values: `Unanswered["cause"]`. */
const CAUSES: readonly (Unanswered["cause"] | "cause")[] = [
  "cause",
  "timeout",
  "unreachable",
  "server-error",
  "not-an-application",
  "refused",
  "too-large",
  "rate-limited",
  "unauthorized",
];

/** What a word in code style may be. */
const KINDS: readonly ((word: string) => boolean)[] = [
  (word) => QUOTED.includes(word),
  (word) => CAUSES.some((cause) => cause === word),
  // A line of `show`, and a field of the published event.
  (word) => ["Gap", "eventId"].includes(word),
  (word) => word in VERBS,
  (word) => WEAKNESSES.some((weakness) => weakness === word),
  // "…-near-25, -50 or -75", "one of route-failing-…"
  (word) => IDS.some((id) => (word.startsWith("-") ? id.endsWith(word) : id === word)),
  (word) => word.endsWith("…") && IDS.some((id) => `${id}-`.startsWith(word.slice(0, -1))),
  (word) => isStage(word),
  (word) => ROUTE_IDS.some((id) => id === word || ROUTE_TITLES[id] === word),
  (word) => Object.values(METRICS).some((name) => name === word),
  (word) => word in MESSAGES,
  (word) => [stack, everyRoute].some(({ resources }) => hasResource(resources, word)),
  (word) => word in stack.outputs,
  (word) => word.split(".").length > 1 && valueAt(limits, word) !== undefined,
  (word) => word.split(".").length > 1 && valueAt(production, word) !== undefined,
  (word) => word.includes("/") && existsSync(word),
];

function hasResource(resources: readonly TemplateResource[], word: string): boolean {
  return resources.some(({ logicalId }) => logicalId === word);
}

function isStage(stage: string): boolean {
  try {
    return stageFrom({ stage }).stage === stage;
  } catch {
    // It says that there is no such stage.
    return false;
  }
}

/** What stands at a path such as `polling.capMs`. */
function valueAt(from: unknown, path: string): unknown {
  let value: unknown = from;
  for (const name of path.split(".")) {
    if (typeof value !== "object" || value === null) return undefined;
    value = Reflect.get(value, name);
  }
  return value;
}

describe.each(PAGES)("%s", (_id, text) => {
  const commands = commandsIn(text);

  it("tells scripts that exist", () => {
    const missing = commands
      .filter((command) => !command.startsWith("aws "))
      .filter((command) => {
        const [, script = ""] = /^npm run ([a-z:-]+)( |$)/.exec(command) ?? [];
        const [program, file = ""] = (SCRIPTS[script] ?? "").split(" ");
        return program === "" || (program === "node" && !existsSync(file));
      });

    expect(missing).toEqual([]);
  });

  it("tells the on-call tool what it understands", () => {
    const parse = (command: string) =>
      parseCommand(command.replace("npm run ops -- ", "").replaceAll("…", "1").split(" "));

    for (const command of commands.filter((line) => line.startsWith("npm run ops"))) {
      expect(() => parse(command)).not.toThrow();
    }
  });

  it("answers first who is affected, by a command of the on-call tool", () => {
    const [, check = ""] = text.split("## Check first\n\n");
    const [first = ""] = check.split(/^2\. /m);
    const [command = ""] = commandsIn(first);

    expect(first).toMatch(/^1\. Who is affected\? /);
    // These name applications or events; `status` names neither.
    expect(command).toMatch(/^npm run ops -- (gaps|find|dead-letters|logs) .*--stage production$/);
    expect(() => parseCommand(command.replace("npm run ops -- ", "").split(" "))).not.toThrow();
  });

  it("deploys stages that exist", () => {
    for (const command of commands.filter((line) => line.startsWith("npm run deploy"))) {
      const [, stage = ""] = /^npm run deploy -- --stage (\S+)$/.exec(command) ?? [];

      expect(`${stage}: ${isStage(stage)}`).toBe(`${stage}: true`);
    }
  });

  it("asks AWS for what exists, of stacks that exist", () => {
    for (const command of commands.filter((line) => line.startsWith("aws "))) {
      const { service, operation, options } = parseAwsCommand(command);

      expect(service).toBe("cloudformation");
      expect(Object.keys(cloudFormation)).toContain(`${operation}Command`);
      // The first is the API's; the others are the CLI's own.
      expect(["StackName", "Query", "Output"]).toEqual(Object.keys(options));
      expect(options["StackName"]).toBe(`AlloyJourneyWebhooks-${production.stage}`);
      expect(Object.keys(stack.outputs)).toContain(queriedOutput(options["Query"] ?? ""));
      expect(["text", "json", "table", "yaml"]).toContain(options["Output"]);
    }
  });

  it("names nothing that does not exist: alarms, routes, metrics, queues, settings, files", () => {
    expect(codeIn(text).filter((word) => !KINDS.some((is) => is(word)))).toEqual([]);
  });

  it("names of our metrics only those that `status` prints", () => {
    const unprinted = Object.entries(METRICS).filter(
      ([key, name]) => codeIn(text).includes(name) && !STATUS.includes(`METRICS.${key}`),
    );

    expect(unprinted).toEqual([]);
  });
});

describe("the runbooks of the routes", () => {
  it("say the same of each route, but for its name and what it means", () => {
    const shapes = PAGES.filter(([id]) => id.startsWith("route-failing-")).map(([id, text]) => {
      const route = id.replace("route-failing-", "");
      const words = route.split("-").map((word) => word.charAt(0).toUpperCase() + word.slice(1));
      return text
        .replaceAll(`${words.join("")}DeadLetterQueue`, "<Route>DeadLetterQueue")
        .replaceAll(`${words.join("")}Queue`, "<Route>Queue")
        .replaceAll(`route-failing-${route}`, "route-failing-<route>")
        .replaceAll(`\`${route}\``, "`<route>`")
        .replaceAll(` --queue ${route} `, " --queue <route> ")
        .replaceAll(/"[^"\n]+"/g, "<title>")
        .replace(/^The team behind the route does not receive these events\. .+$/m, "<impact>");
    });

    expect(new Set(shapes).size).toBe(1);
  });

  it("exist for what a stage may publish, and for nothing else", () => {
    const alarms = templateOf({ ...withInvestigations, decision: {} })
      .ofType("AWS::CloudWatch::Alarm")
      .map(({ Properties }) => String(Properties["AlarmName"]))
      .filter((name) => name.includes("route-failing-"));

    expect(alarms).toHaveLength(IDS.filter((id) => id.startsWith("route-failing-")).length);
  });
});
