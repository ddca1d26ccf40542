import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { BUNDLE, SETTINGS_FILE } from "../../lambdas/settings/names.ts";
import { consumerSettings, pollerSettings } from "../../lib/config/function-settings.ts";
import { EXAMPLE_PRODUCTION } from "../../lib/config/default-stages.ts";
import type { Bench, Report, Target } from "./bench.ts";
import { bundle } from "./bundle.ts";
import { busyNote } from "./cold-start.ts";
import { medianOf, quartilesOf, rounded } from "./statistics.ts";

/** Compositions side by side, one after the other in each round. */
const SUBJECTS = [
  {
    id: "consumer",
    label: "this consumer",
    entry: "lambdas/consumer/index.ts",
    alias: BUNDLE.alias,
    settings: consumerSettings(EXAMPLE_PRODUCTION),
  },
  {
    id: "plain",
    label: "Powertools around a handler, the SDK's clients",
    entry: "tools/bench/subjects/consumer-plain.ts",
    alias: {},
    settings: {},
  },
  {
    id: "poller",
    label: "this poller",
    entry: "lambdas/poller/index.ts",
    alias: BUNDLE.alias,
    settings: pollerSettings(EXAMPLE_PRODUCTION),
  },
] as const;

type SubjectId = (typeof SUBJECTS)[number]["id"];

/** Fresh processes of each; the first ones, which fill the file cache, do not count. */
const PROCESSES = 15;
const UNCOUNTED = 2;

/** KB that a bundle may have: a little more than it has. */
const MOST_KB = { consumer: 224, poller: 196 } as const;

/** The start of either, over that of the plain composition, which has no S3, no SQS and no schema of anything. */
const MOST_RATIO = 0.45;

/** Names of resources that the functions ask for when they start. */
const ENVIRONMENT = {
  STAGE: "bench",
  AWS_REGION: "us-east-1",
  AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
  AWS_SECRET_ACCESS_KEY: "example",
  APPLICATION_TABLE_NAME: "applications",
  IDEMPOTENCY_TABLE_NAME: "idempotency",
  EVENT_BUS_NAME: "bus",
  EVENT_QUEUE_URL: "https://sqs.us-east-1.amazonaws.com/123456789012/events",
  DEAD_LETTER_QUEUE_URL: "https://sqs.us-east-1.amazonaws.com/123456789012/dead-letters",
  PAYLOAD_BUCKET_NAME: "payloads",
  API_ID: "api",
  ALLOY_API_SECRET_ARN: "arn:aws:secretsmanager:us-east-1:123456789012:secret:alloy",
};

export const bench: Bench = {
  title: "what a cold start of the consumer and the poller loads",

  async run({ sizesOnly }): Promise<Report> {
    const folder = mkdtempSync(join(tmpdir(), "cold-"));
    try {
      const bundles = new Map<SubjectId, Awaited<ReturnType<typeof bundle>>>();
      for (const { id, entry, alias, settings } of SUBJECTS) {
        const own = join(folder, id);
        mkdirSync(own);
        bundles.set(id, await bundle(entry, join(own, "index.mjs"), alias));
        writeFileSync(join(own, SETTINGS_FILE), JSON.stringify(settings));
      }
      const times = sizesOnly ? null : measure(folder);
      return report(bundles, times);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

/** Milliseconds on a processor of each import, by subject. */
function measure(folder: string): ReadonlyMap<SubjectId, readonly number[]> {
  const script = fileURLToPath(new URL("import-process.mjs", import.meta.url));
  const times = new Map<SubjectId, number[]>(SUBJECTS.map(({ id }) => [id, []]));
  for (let round = 0; round < PROCESSES + UNCOUNTED; round += 1) {
    for (const { id } of SUBJECTS) {
      const own = join(folder, id);
      const env = { ...ENVIRONMENT, LAMBDA_TASK_ROOT: own };
      const printed = execFileSync(process.execPath, [script, join(own, "index.mjs")], { env });
      if (round >= UNCOUNTED) times.get(id)?.push(Number(printed));
    }
  }
  return times;
}

function report(
  bundles: ReadonlyMap<SubjectId, { readonly bytes: number; readonly modules: number }>,
  times: ReadonlyMap<SubjectId, readonly number[]> | null,
): Report {
  const kilobytes = (id: SubjectId) => rounded((bundles.get(id)?.bytes ?? 0) / 1_000);
  const cpuMs = (id: SubjectId) => rounded(medianOf(times?.get(id) ?? []));
  const rows = SUBJECTS.map(({ id, label }) => [
    label,
    `${kilobytes(id)} KB`,
    String(bundles.get(id)?.modules ?? 0),
    ...(times === null ? [] : [`${cpuMs(id)} ms`]),
  ]);
  const targets: Target[] = Object.entries(MOST_KB).map(([id, wanted]) => ({
    what: `${id}'s bundle`,
    limit: "at most",
    wanted,
    measured: kilobytes(id === "poller" ? "poller" : "consumer"),
    unit: "KB",
  }));
  if (times !== null) {
    const plain = times.get("plain") ?? [];
    for (const id of ["consumer", "poller"] as const) {
      const ratios = (times.get(id) ?? []).map((ms, index) => ms / (plain[index] ?? ms));
      const { low, high } = quartilesOf(ratios);
      targets.push({
        what: `${id}'s start, over the plain composition's`,
        limit: "at most",
        wanted: MOST_RATIO,
        measured: rounded(medianOf(ratios)),
        unit: "times",
        interval: { low: rounded(low), high: rounded(high) },
      });
    }
  }
  const columns = ["start of a function", "bundle", "modules"];
  return {
    columns: times === null ? columns : [...columns, "import, CPU"],
    rows,
    notes: [
      "The time on a processor of a fresh process's import, in the median. The plain composition finds no lost webhook,",
      "knows no order, and reads no large body.",
      ...(times === null ? [] : busyNote()),
    ],
    targets,
    figures: Object.fromEntries(
      SUBJECTS.map(({ id }) => [
        id,
        {
          kilobytes: kilobytes(id),
          modules: bundles.get(id)?.modules ?? 0,
          ...(times !== null && { cpuMs: cpuMs(id) }),
        },
      ]),
    ),
  };
}
