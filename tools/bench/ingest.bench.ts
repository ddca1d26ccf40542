import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { rounded } from "./bench.ts";
import type { Bench, Report, Target } from "./bench.ts";
import { bundle } from "./bundle.ts";
import type { Bundle } from "./bundle.ts";
import { chartOf } from "./chart.ts";
import { busyNote, startProcess, timesOf, WARM_REQUESTS, writeEvent } from "./cold-start.ts";
import type { Start, Times } from "./cold-start.ts";
import { startLocalAws } from "./local-aws.ts";

/** Fresh processes of each subject. Medians of fewer move by more than what is compared. */
const PROCESSES = 21;
const SUBJECTS = {
  floor: { label: "empty handler", entry: "tools/bench/subjects/ingest-floor.ts" },
  ingest: { label: "this ingest", entry: "lambdas/ingest/index.ts" },
  aws4fetch: { label: "with aws4fetch", entry: "tools/bench/subjects/ingest-aws4fetch.ts" },
  trimmed: {
    label: "with the SDK, trimmed",
    entry: "tools/bench/subjects/ingest-sdk.ts",
    alias: {
      "@aws-sdk/credential-provider-node": "tools/bench/subjects/environment-credentials.ts",
    },
  },
  plain: { label: "SDK and Powertools", entry: "tools/bench/subjects/ingest-plain.ts" },
} as const;

type SubjectId = keyof typeof SUBJECTS;

interface Figures {
  readonly id: SubjectId;
  readonly label: string;
  readonly bundleBytes: number;
  readonly gzipBytes: number;
  readonly modules: number;
  /** Absent when only sizes are measured. Times are medians, in milliseconds. */
  readonly times?: Times;
}

export const bench: Bench = {
  title: "what a webhook costs before it is answered, beside what the documentation teaches",
  async run({ sizesOnly }) {
    const folder = mkdtempSync(join(tmpdir(), "bench-ingest-"));
    try {
      const bundles = await bundleAll(folder);
      const times = sizesOnly ? undefined : await timeAll(bundles, folder);
      const figures = subjectIds().map((id): Figures => {
        const { bytes, gzipBytes, modules } = bundles[id];
        const { label } = SUBJECTS[id];
        const sizes = { id, label, bundleBytes: bytes, gzipBytes, modules };
        return times === undefined ? sizes : { ...sizes, times: times[id] };
      });
      return reportOf(figures);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

function subjectIds(): SubjectId[] {
  return ["floor", "ingest", "aws4fetch", "trimmed", "plain"];
}

async function bySubject<Value>(
  make: (id: SubjectId) => Value | Promise<Value>,
): Promise<Record<SubjectId, Value>> {
  return {
    floor: await make("floor"),
    ingest: await make("ingest"),
    aws4fetch: await make("aws4fetch"),
    trimmed: await make("trimmed"),
    plain: await make("plain"),
  };
}

function bundleAll(folder: string): Promise<Record<SubjectId, Bundle>> {
  return bySubject((id) => {
    const { entry, ...subject } = SUBJECTS[id];
    return bundle(entry, join(folder, `${id}.mjs`), "alias" in subject ? subject.alias : {});
  });
}

/** Starts the subjects in turn, so that what else the machine does falls on all of them alike. */
async function timeAll(
  bundles: Record<SubjectId, Bundle>,
  folder: string,
): Promise<Record<SubjectId, Times>> {
  const aws = await startLocalAws(
    JSON.stringify({ basic: [{ username: "alloy", password: "bench" }] }),
  );
  const event = join(folder, "event.json");
  writeEvent(event);
  try {
    const starts = await bySubject((): Start[] => []);
    for (let round = 0; round < PROCESSES; round += 1) {
      for (const id of subjectIds()) {
        const before = aws.messages.length;
        const start = await startProcess(bundles[id].file, event, aws.url);
        const stored = aws.messages.length - before;
        const wanted = id === "floor" ? 0 : WARM_REQUESTS + 1;
        if (start.statusCode !== 200 || stored !== wanted) {
          throw new Error(
            `The subject "${id}" answered ${start.statusCode} and stored ${stored} of ${wanted} webhooks.`,
          );
        }
        starts[id].push(start);
      }
    }
    return await bySubject((id) => timesOf(starts[id]));
  } finally {
    aws.close();
  }
}

function reportOf(figures: readonly Figures[]): Report {
  const timed = figures.flatMap(({ times, ...sizes }) =>
    times === undefined ? [] : [{ ...sizes, times }],
  );
  const sizes = {
    columns: ["", "bundle", "modules"],
    rows: figures.map((one) => [one.label, kilobytes(one.bundleBytes), String(one.modules)]),
  };
  if (timed.length === 0) {
    return { ...sizes, notes: [], targets: sizeTargets(figures), figures };
  }
  return {
    columns: [
      ...sizes.columns,
      "import",
      "first request",
      "warm request",
      "requests/s",
      "peak memory",
    ],
    rows: timed.map(({ times }, index) => [
      ...(sizes.rows[index] ?? []),
      `${times.importMs} ms`,
      `${times.firstMs} ms`,
      `${times.warmMs} ms`,
      String(times.warmPerSecond),
      `${Math.round(times.peakMemoryBytes / 1_048_576)} MiB`,
    ]),
    notes: [
      `Node ${process.versions.node}, ${PROCESSES} fresh processes each, medians. "First request" is what its sender waits for once`,
      "the process is there: import, reading the secret, storing the webhook. SQS and Secrets Manager are a",
      "process on this machine, over plain HTTP.",
      ...busyNote(),
    ],
    targets: [...sizeTargets(figures), ...timeTargets(timed)],
    figures,
    picture: chartOf(
      "The first request of a fresh process",
      ["import", "handled"],
      timed.map(({ label, bundleBytes, times }) => ({
        label,
        parts: [times.importMs, times.handledMs],
        caption: `${times.firstMs} ms, ${kilobytes(bundleBytes)}`,
      })),
    ),
  };
}

/** The figures of the product's promise for ingest. */
function sizeTargets(figures: readonly Figures[]): Target[] {
  const { ingest, plain } = byId(figures);
  return [
    target("bundle", "at most", 25, rounded(ingest.bundleBytes / 1_000), "KB"),
    target(
      "plain bundle, over this one",
      "at least",
      10,
      rounded(plain.bundleBytes / ingest.bundleBytes),
      "times",
    ),
  ];
}

function timeTargets(figures: readonly (Figures & { readonly times: Times })[]): Target[] {
  const { floor, ingest, plain } = byId(figures);
  const overFloor = rounded(ingest.times.importMs - floor.times.importMs);
  const share = rounded(ingest.times.firstMs / plain.times.firstMs);
  return [
    target("import, over the empty handler", "at most", 5, overFloor, "ms"),
    target("first request, of the plain one's", "at most", 0.35, share, "times"),
  ];
}

function byId<One extends Figures>(figures: readonly One[]): Record<SubjectId, One> {
  const find = (id: SubjectId): One => {
    const found = figures.find((one) => one.id === id);
    if (found === undefined) throw new Error(`The subject "${id}" has not been measured.`);
    return found;
  };
  return {
    floor: find("floor"),
    ingest: find("ingest"),
    aws4fetch: find("aws4fetch"),
    trimmed: find("trimmed"),
    plain: find("plain"),
  };
}

function target(
  what: string,
  limit: Target["limit"],
  wanted: number,
  measured: number,
  unit: string,
): Target {
  return { what, limit, wanted, measured, unit };
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1_000).toFixed(1)} KB`;
}
