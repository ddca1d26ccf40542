import type { Start, Times } from "./cold-start.ts";
import type { Report, Target } from "./bench.ts";
import type { Bundle } from "./bundle.ts";
import { chartOf } from "./chart.ts";
import { busyNote, firstMsOf, timesOf } from "./cold-start.ts";
import { labelOf, SUBJECT_IDS } from "./ingest-subjects.ts";
import type { SubjectId } from "./ingest-subjects.ts";
import { medianInterval, medianOf, rounded, roundedInterval } from "./statistics.ts";

/** The figures of the product's promise for ingest. */
const WANTED = { bundleKb: 25, timesLighter: 10, importMs: 5, firstShare: 0.35 } as const;

/** What was found out about one subject. */
export interface Figures {
  readonly id: SubjectId;
  readonly label: string;
  readonly bundleBytes: number;
  readonly gzipBytes: number;
  readonly modules: number;
  /** Absent when only sizes are measured. */
  readonly times?: Times;
}

type Sizes = Readonly<Record<SubjectId, Pick<Bundle, "bytes" | "gzipBytes" | "modules">>>;

/** @param rounds - none, when only sizes are measured. */
export function reportOf(sizes: Sizes, rounds: readonly Round[]): Report {
  const isTimed = rounds.length > 0;
  const figures = SUBJECT_IDS.map((id): Figures => {
    const { bytes, gzipBytes, modules } = sizes[id];
    const times = isTimed && { times: timesOf(rounds.map((round) => round[id])) };
    return { id, label: labelOf(id), bundleBytes: bytes, gzipBytes, modules, ...times };
  });
  return {
    ...tableOfFigures(figures),
    notes: isTimed ? notesOf(rounds) : [],
    targets: [...sizeTargets(sizes), ...(isTimed ? timeTargets(rounds) : [])],
    figures,
    ...(isTimed && { picture: pictureOf(figures) }),
  };
}

/** The table, from the figures as the JSON holds them. */
export function tableOfFigures(figures: readonly Figures[]): Pick<Report, "columns" | "rows"> {
  const sizes = (one: Figures) => [one.label, kilobytes(one.bundleBytes), String(one.modules)];
  const times = ({ times }: Figures) =>
    times === undefined
      ? []
      : [
          milliseconds(times.importMs),
          withQuartiles(times),
          milliseconds(times.cpuMs),
          milliseconds(times.warmMs),
          times.warmPerSecond.toLocaleString("en-US"),
          `${Math.round(times.peakMemoryBytes / 1_048_576)} MiB`,
        ];
  const timeColumns = [
    "import",
    "first request (quartiles)",
    "its CPU",
    "warm request",
    "requests/s",
    "peak memory",
  ];
  const isTimed = figures.some((one) => one.times !== undefined);
  return {
    columns: ["", "bundle", "modules", ...(isTimed ? timeColumns : [])],
    rows: figures.map((one) => [...sizes(one), ...times(one)]),
  };
}

function notesOf(rounds: readonly Round[]): string[] {
  return [
    `Node ${process.versions.node}; ${rounds.length} rounds, each of one fresh process per subject in turn; medians. The first request is what`,
    "its sender waits for once the process is there: import, reading the secret, storing the webhook. SQS and Secrets",
    "Manager are a process on this machine, over plain HTTP; TLS comes on top of each alike. Differences and ratios are",
    "taken within each round. In each process ours opened one connection, and made one call per request beside reading",
    "the secret.",
    ...busyNote(),
  ];
}

function sizeTargets({ ingest, plain }: Sizes): Target[] {
  return [
    {
      what: "bundle",
      limit: "at most",
      wanted: WANTED.bundleKb,
      measured: ingest.bytes / 1_000,
      unit: "KB",
    },
    {
      what: "plain bundle, over this one",
      limit: "at least",
      wanted: WANTED.timesLighter,
      measured: rounded(plain.bytes / ingest.bytes),
      unit: "times",
    },
  ];
}

/** Each figure is one of a round, so that a busy moment does not fall on one subject alone. */
export function timeTargets(rounds: readonly Round[]): Target[] {
  return [
    pairedTarget(
      {
        what: "import, over the empty handler",
        limit: "at most",
        wanted: WANTED.importMs,
        unit: "ms",
      },
      rounds.map(({ ingest, floor }) => ingest.importMs - floor.importMs),
    ),
    pairedTarget(
      {
        what: "first request, of the plain one's",
        limit: "at most",
        wanted: WANTED.firstShare,
        unit: "times",
      },
      rounds.map(({ ingest, plain }) => firstMsOf(ingest) / firstMsOf(plain)),
    ),
  ];
}

function pairedTarget(
  target: Omit<Target, "measured" | "interval">,
  values: readonly number[],
): Target {
  return {
    ...target,
    measured: rounded(medianOf(values), 3),
    interval: roundedInterval(medianInterval(values), 3),
  };
}

function pictureOf(figures: readonly Figures[]): string {
  const timed = figures.flatMap(({ times, ...sizes }) =>
    times === undefined ? [] : [{ ...sizes, times }],
  );
  const plain = timed.find(({ id }) => id === "plain");
  return chartOf({
    title: "The first request of a fresh process",
    subtitle:
      "milliseconds from the start of the import to the answer; a whisker spans the middle half of the processes",
    legend: ["import", "secret read, webhook stored"],
    mark: {
      at: (plain?.times.firstMs ?? 0) * WANTED.firstShare,
      label: `limit of this ingest: ${WANTED.firstShare * 100} % of ${plain?.label ?? "-"}`,
    },
    bars: timed.map(({ id, label, bundleBytes, times }) => ({
      label,
      parts: [times.importMs, times.handledMs],
      whisker: times.firstMsQuartiles,
      caption: `${milliseconds(times.firstMs)} · ${kilobytes(bundleBytes)}`,
      isOurs: id === "ingest",
    })),
  });
}

/** One fresh process of each subject, one right after the other: what else the machine does meets all of them. */
export type Round = Readonly<Record<SubjectId, Start>>;

function withQuartiles({ firstMs, firstMsQuartiles: { low, high } }: Times): string {
  return `${milliseconds(firstMs)} (${digits(low)}–${digits(high)})`;
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1_000).toFixed(1)} KB`;
}

function milliseconds(ms: number): string {
  return ms < 0.01 ? "< 0.01 ms" : `${digits(ms)} ms`;
}

/** Three digits say what there is to say. */
function digits(ms: number): string {
  return ms < 10 ? ms.toFixed(2) : ms.toFixed(1);
}
