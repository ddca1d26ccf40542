import { readFileSync } from "node:fs";
import { ALLOY_ATTEMPTS_MS } from "../../lambdas/settings/limits.ts";
import {
  ATTEMPT_DIMENSION,
  CAUSE_DIMENSION,
  COUNTED_OUTCOMES,
  GAP_STAGE_DIMENSION,
  GAP_STAGES,
  JOURNEY_DIMENSION,
  METRIC_NAMESPACE,
  METRICS,
  OUTCOME_DIMENSION,
  RULE_DIMENSION,
  STAGE_DIMENSION,
} from "../../lambdas/settings/metrics.ts";
import { EXAMPLE_PRODUCTION } from "../../lib/config/default-stages.ts";
import { metricAlarmsOf } from "../cloudwatch/alarms.ts";
import { dashboardOf, metricsOf } from "../dashboard/definition.ts";
import { synthesise } from "../template/synthesise.ts";
import { metricFacts } from "./emitted-metrics.ts";

const root = new URL("../../", import.meta.url);

/** The code that reads our metrics back, besides alarms and dashboard. */
const READERS: readonly (readonly [reader: string, file: string])[] = [
  ["rules of [notifications](notifications.md)", "lib/alarms/notifications.ts"],
  ["the poller", "lambdas/adapters/aws-deliveries.ts"],
  ["`npm run ops -- status`", "tools/ops/status-metrics.ts"],
];

/** Metrics that nobody watches, each with the reason for which it is there all the same. */
const UNWATCHED: Reasons = {};

/** By the metric's key. */
type Reasons = Readonly<Record<string, string>>;
/** By the metric's name. */
type Watchers = ReadonlyMap<string, readonly string[]>;

/** What each dimension may be, and what bounds it: each value is a metric of its own, and is paid for. */
const DIMENSIONS: Readonly<Record<string, string>> = {
  [STAGE_DIMENSION]: "the stage; every metric has it",
  [ATTEMPT_DIMENSION]: `1 to ${ALLOY_ATTEMPTS_MS.length}: which attempt of Alloy's it was`,
  [CAUSE_DIMENSION]: "why an AWS service did not answer: one of the causes of `AwsFailure`",
  [GAP_STAGE_DIMENSION]: `where the event stopped: ${GAP_STAGES.map((one) => `\`${one}\``).join(", ")}`,
  [JOURNEY_DIMENSION]:
    "a Journey's token; only the counted Journeys, those that the stage names in `journeys`",
  [OUTCOME_DIMENSION]: `what an application came to: ${COUNTED_OUTCOMES.map((one) => `\`${one}\``).join(", ")}`,
  [RULE_DIMENSION]: "the name of one of the stage's rules of `notifications`",
};

/** Every metric of `METRICS`, with who watches it. @throws Error when nobody does, and no reason is given. */
export function documentedMetrics({
  watchers = watchersByName(),
  unwatched = UNWATCHED,
}: { readonly watchers?: Watchers; readonly unwatched?: Reasons } = {}) {
  return metricFacts().map((metric) => {
    const watched = watchers.get(metric.name) ?? [];
    const reason = unwatched[metric.key];
    if (watched.length === 0 && reason === undefined) {
      throw new Error(
        `Nobody watches ${metric.name}: show it on the dashboard, or say in UNWATCHED of tools/generate/metrics-table.ts why not.`,
      );
    }
    return {
      ...metric,
      watchers: reason === undefined ? watched : [...watched, `nobody: ${reason}`],
    };
  });
}

export function metricsTable(): string {
  const rows = documentedMetrics().map(({ name, unit, of, by, watchers, means }) => {
    const sets = by.map((set) =>
      set.length === 0 ? "–" : set.map((one) => `\`${one}\``).join(" + "),
    );
    const cells = [
      `\`${name}\``,
      unit,
      sets.join("; "),
      of.join(", "),
      watchers.join(", "),
      `${means}.`,
    ];
    return `| ${cells.join(" | ")} |`;
  });
  return [
    "| Metric | Unit | By, besides `Stage` | Emitted by | Watched by | Means |",
    "|---|---|---|---|---|---|",
    ...rows,
  ].join("\n");
}

export function dimensionsTable(): string {
  const rows = Object.entries(DIMENSIONS).map(([name, meaning]) => `| \`${name}\` | ${meaning} |`);
  return ["| Dimension | Is |", "|---|---|", ...rows].join("\n");
}

/** Alarms, graphs and code that read a metric, by its name. */
function watchersByName(): Watchers {
  const stack = synthesise({ ...EXAMPLE_PRODUCTION, journeys: ["J-any"] });
  const found = new Map<string, string[]>();
  const note = (name: string, watcher: string) => {
    const known = found.get(name) ?? [];
    if (!known.includes(watcher)) found.set(name, [...known, watcher]);
  };
  for (const { id, metrics } of metricAlarmsOf(stack)) {
    for (const { namespace, name } of metrics) {
      if (namespace === METRIC_NAMESPACE) note(name, `[${id}](runbooks/${id}.md)`);
    }
  }
  for (const widget of dashboardOf(stack)) {
    if (widget.type !== "metric") continue;
    for (const metric of metricsOf(widget)) {
      if ("name" in metric && metric.namespace === METRIC_NAMESPACE) note(metric.name, "dashboard");
    }
  }
  for (const [reader, file] of READERS) {
    const code = readFileSync(new URL(file, root), "utf8");
    for (const [key, name] of Object.entries(METRICS)) {
      if (new RegExp(`\\bMETRICS\\.${key}\\b`).test(code)) note(name, reader);
    }
  }
  return found;
}
