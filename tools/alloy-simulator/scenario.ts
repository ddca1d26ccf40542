import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";

import * as v from "valibot";

import { ROUTE_IDS } from "../../lambdas/settings/routes.ts";
import { APPLICATION_STATUSES, eventKindOf, isClosed } from "./event-catalogue.ts";
import { JOURNEYS } from "./journeys.ts";

const seconds = v.pipe(v.number(), v.minValue(0));

export const StepSchema = v.strictObject({
  /** Seconds since the step before, as they would pass at the real Alloy. */
  afterSeconds: seconds,
  event: v.pipe(v.string(), v.nonEmpty()),
  /** `ref` of the applicant of whom the event speaks; absent on application level. */
  entity: v.optional(v.string()),
  /** Name of a node of the Journey. */
  node: v.optional(v.string()),
  outcome: v.optional(v.string()),
  reason: v.optional(v.string()),
  /** Status of the application after the event; absent: unchanged. */
  status: v.optional(v.picklist(APPLICATION_STATUSES)),
  /** Status of the applicant after it; absent: the application's, where there is one applicant. */
  entityStatus: v.optional(v.picklist(APPLICATION_STATUSES)),
  entityOutcome: v.optional(v.string()),
});

const ExpectedSchema = v.strictObject({
  status: v.picklist(APPLICATION_STATUSES),
  outcome: v.nullable(v.string()),
  /**
   * Events by the receiver's route, `visited_node` aside, which it drops by default; a route that is
   * absent expects none. Each of them is published once, with one exception: an event that arrives
   * after a newer one may be recorded as late and not published.
   */
  published: v.partial(
    v.strictObject({
      ...v.entriesFromList(ROUTE_IDS, v.pipe(v.number(), v.integer(), v.minValue(1))),
    }),
  ),
});

const DeliverySchema = v.strictObject({
  /** Seconds after the event at which each copy of its webhook is sent; one copy at once is usual. */
  copiesAtSeconds: v.optional(v.pipe(v.array(seconds), v.minLength(1)), [0]),
  /** `reversed`: nothing is sent before the last event, and then the last event first. */
  order: v.optional(v.picklist(["raised", "reversed"]), "raised"),
  /** Seconds between two webhooks of a reversed order. */
  spacingSeconds: v.optional(seconds, 0),
  /** Nothing is sent at all, and never will be. */
  lost: v.optional(v.boolean(), false),
});

const ScenarioSchema = v.strictObject({
  name: v.pipe(v.string(), v.regex(/^[a-z0-9-]+$/, "wants kebab-case")),
  title: v.pipe(v.string(), v.nonEmpty()),
  /** What happens, and why it is worth playing. */
  story: v.pipe(v.string(), v.nonEmpty()),
  journey: v.string(),
  entities: v.pipe(
    v.array(
      v.strictObject({
        ref: v.string(),
        type: v.picklist(["person", "business"]),
        name: v.string(),
        branch: v.string(),
      }),
    ),
    v.minLength(1),
  ),
  delivery: v.optional(DeliverySchema, {}),
  steps: v.pipe(v.array(StepSchema), v.minLength(1)),
  expected: ExpectedSchema,
  /** Alarms of the receiver that it rings, given time. Of any other, the receiver or this scenario is wrong. */
  alarms: v.optional(v.array(v.string()), []),
  /** Somebody runs the application again; the new one has a token of its own. */
  rerun: v.optional(
    v.strictObject({
      /** Seconds since the last step. */
      afterSeconds: seconds,
      initiatedBy: v.picklist(["api", "dashboard"]),
      steps: v.pipe(v.array(StepSchema), v.minLength(1)),
      expected: ExpectedSchema,
    }),
  ),
});

export type Scenario = v.InferOutput<typeof ScenarioSchema>;
export type ScenarioStep = v.InferOutput<typeof StepSchema>;
export type ScenarioExpectation = v.InferOutput<typeof ExpectedSchema>;

/** What is wrong with a step, as Alloy's documentation sees it; null when nothing is. */
function faultOfStep(step: ScenarioStep, scenario: Scenario): string | null {
  const kind = eventKindOf(step.event);
  const refs = scenario.entities.map((entity) => entity.ref);
  if (step.entity !== undefined && !refs.includes(step.entity)) {
    return `entity "${step.entity}" is none of ${refs.join(", ")}`;
  }
  const nodes = Object.keys(JOURNEYS.get(scenario.journey)?.nodes ?? {});
  if (step.node !== undefined && !nodes.includes(step.node)) {
    return `node "${step.node}" is none of ${nodes.join(", ")}`;
  }
  if (kind === undefined) return null; // What Alloy invents tomorrow may be played too.
  if (kind.level === "entity" && step.entity === undefined) {
    return `"${step.event}" speaks of one applicant: name its entity`;
  }
  if (kind.level === "application" && step.entity !== undefined) {
    return `"${step.event}" speaks of the whole application: it has no entity`;
  }
  if (step.outcome !== undefined && !kind.hasOutcome) {
    return `"${step.event}" carries no outcome`;
  }
  if (step.event === "started_rerun_application") {
    return `"${step.event}" comes by itself: describe the rerun under "rerun"`;
  }
  return null;
}

/** What is wrong with the way the steps end; null when nothing is. */
function faultOfEnd(
  steps: readonly ScenarioStep[],
  expected: ScenarioExpectation,
  where: string,
): string | null {
  const status = steps.findLast((step) => step.status !== undefined)?.status ?? "running";
  if (status !== expected.status) {
    return `${where} ends in status "${status}", expected.status is "${expected.status}"`;
  }
  // Alloy completes every application but those that end in an error or expire.
  const completed = steps.findLast((step) => step.event === "completed_application");
  if ((status === "completed") !== (completed !== undefined)) {
    return `${where} wants a completed_application exactly when its status ends as "completed"`;
  }
  const outcome = isClosed(status) ? (completed?.outcome ?? null) : null;
  if (outcome !== expected.outcome) {
    return `${where} ends with the outcome ${JSON.stringify(outcome)}, expected.outcome is ${JSON.stringify(expected.outcome)}`;
  }
  return null;
}

/**
 * Reads a scenario.
 *
 * @param json - the parsed file.
 * @param source - its name, for the error.
 * @throws Error that says what is wrong and where.
 */
export function parseScenario(json: unknown, source: string): Scenario {
  const parsed = v.safeParse(ScenarioSchema, json);
  if (!parsed.success) {
    const faults = parsed.issues.map(
      (issue) => `${v.getDotPath(issue) ?? "the whole"}: ${issue.message}`,
    );
    throw new Error(`${source} is not a scenario: ${faults.join("; ")}.`);
  }
  const scenario = parsed.output;
  if (!JOURNEYS.has(scenario.journey)) {
    throw new Error(
      `${source}: journey "${scenario.journey}" is none of ${[...JOURNEYS.keys()].join(", ")}.`,
    );
  }
  const { steps, expected, rerun } = scenario;
  const faults = [
    ...steps.map((step, index) => [`steps.${index}`, faultOfStep(step, scenario)] as const),
    ...(rerun?.steps ?? []).map(
      (step, index) => [`rerun.steps.${index}`, faultOfStep(step, scenario)] as const,
    ),
    ["steps", faultOfEnd(steps, expected, "the application")] as const,
    ["rerun", rerun ? faultOfEnd(rerun.steps, rerun.expected, "the rerun") : null] as const,
  ].flatMap(([where, fault]) => (fault === null ? [] : [`${where}: ${fault}`]));
  if (faults.length > 0) throw new Error(`${source}: ${faults.join("; ")}.`);
  return scenario;
}

/** Where the scenarios live, one file each. */
const SCENARIO_DIRECTORY = new URL("scenarios", import.meta.url);

/**
 * Reads all scenarios, by name, in the order of their names.
 *
 * @throws Error when a file is no scenario, or is not named after it.
 */
export function readScenarios(
  directory: string = fileURLToPath(SCENARIO_DIRECTORY),
): ReadonlyMap<string, Scenario> {
  const files = readdirSync(directory).filter((file) => file.endsWith(".json"));
  return new Map(
    files.toSorted().map((file) => {
      const text = readFileSync(`${directory}/${file}`, "utf8");
      let json: unknown;
      try {
        json = JSON.parse(text);
      } catch (error) {
        throw new Error(`${file} is not JSON: ${String(error)}`, { cause: error });
      }
      const scenario = parseScenario(json, file);
      if (scenario.name !== basename(file, ".json")) {
        throw new Error(`${file} holds the scenario "${scenario.name}": name the file after it.`);
      }
      return [scenario.name, scenario] as const;
    }),
  );
}

/**
 * The scenarios of these names, all when none is named.
 *
 * @throws Error naming every unknown name and all known ones.
 */
export function chooseScenarios(
  names: readonly string[],
  scenarios: ReadonlyMap<string, Scenario>,
): readonly Scenario[] {
  const unknown = names.filter((name) => !scenarios.has(name));
  if (unknown.length > 0) {
    throw new Error(
      `No scenario is called ${unknown.map((name) => `"${name}"`).join(", ")}; there are ${[...scenarios.keys()].join(", ")}.`,
    );
  }
  if (names.length === 0) return [...scenarios.values()];
  return names.flatMap((name) => scenarios.get(name) ?? []);
}
