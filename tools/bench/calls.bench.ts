import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { listen } from "../guard/listen.ts";
import type { Bench, Report } from "./bench.ts";
import { bundle } from "./bundle.ts";
import { busyNote } from "./cold-start.ts";
import { medianOf, quartilesOf, rounded } from "./statistics.ts";

const SUBJECTS = [
  { id: "own", label: "the functions' own client", entry: "tools/bench/subjects/put-item-own.ts" },
  { id: "sdk", label: "the SDK's client", entry: "tools/bench/subjects/put-item-sdk.ts" },
] as const;

/** Fresh processes of each, one after the other in each round. */
const ROUNDS = 7;

/** Calls of each process that count: half a second of the SDK's. */
const CALLS = 1_500;

/** Of the SDK's time on a processor, at most so much. Both have the same HTTP client of Node below them. */
const MOST_SHARE = 0.5;

export const bench: Bench = {
  title: "what a write to DynamoDB costs a function, beside the SDK's client",

  async run({ sizesOnly }): Promise<Report> {
    const folder = mkdtempSync(join(tmpdir(), "calls-"));
    const server = createServer((request, response) => {
      request.resume().on("end", () => response.end("{}"));
    });
    const { url, stop } = await listen(server);
    try {
      const rows = await Promise.all(
        SUBJECTS.map(async ({ id, label, entry }) => {
          const { bytes, modules, file } = await bundle(entry, join(folder, `${id}.mjs`));
          const times: number[] = [];
          return { id, label, file, times, kilobytes: rounded(bytes / 1_000), modules };
        }),
      );
      for (let round = 0; round < (sizesOnly ? 0 : ROUNDS); round += 1) {
        for (const { file, times } of rows) times.push(await measure(file, url));
      }
      return report(rows);
    } finally {
      await stop();
      rmSync(folder, { recursive: true });
    }
  },
};

/** Microseconds on a processor of one call. */
async function measure(file: string, endpoint: string): Promise<number> {
  const script = fileURLToPath(new URL("call-process.mjs", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script, file, String(CALLS)], {
    env: {
      AWS_REGION: "us-east-1",
      AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
      AWS_SECRET_ACCESS_KEY: "example",
      AWS_SESSION_TOKEN: "session",
      AWS_ENDPOINT_URL: endpoint,
    },
  });
  return Number(stdout);
}

function report(
  rows: readonly {
    readonly id: (typeof SUBJECTS)[number]["id"];
    readonly label: string;
    readonly times: readonly number[];
    readonly kilobytes: number;
    readonly modules: number;
  }[],
): Report {
  const isTimed = rows.every(({ times }) => times.length > 0);
  const timesOf = (id: string) => rows.find((row) => row.id === id)?.times ?? [];
  const shares = timesOf("own").map((time, round) => time / (timesOf("sdk")[round] ?? time));
  const { low, high } = quartilesOf(shares);
  const columns = ["PutItem, an item of 1 KB", "bundle", "modules"];
  return {
    columns: isTimed ? [...columns, "call, CPU"] : columns,
    rows: rows.map(({ label, kilobytes, modules, times }) => [
      label,
      `${kilobytes} KB`,
      String(modules),
      ...(isTimed ? [`${Math.round(medianOf(times))} µs`] : []),
    ]),
    notes: isTimed
      ? [
          "The time on a processor of one call after another, signed and sent to this machine.",
          ...busyNote(),
        ]
      : [],
    targets: isTimed
      ? [
          {
            what: "a call's time on a processor, over the SDK's",
            limit: "at most",
            wanted: MOST_SHARE,
            measured: rounded(medianOf(shares)),
            unit: "times",
            interval: { low: rounded(low), high: rounded(high) },
          },
        ]
      : [],
    figures: Object.fromEntries(
      rows.map(({ id, kilobytes, modules, times }) => [
        id,
        { kilobytes, modules, ...(isTimed && { cpuUs: Math.round(medianOf(times)) }) },
      ]),
    ),
  };
}
