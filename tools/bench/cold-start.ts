import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import type { IngestSettings } from "../../lambdas/settings/ingest-settings.ts";
import { SETTINGS_FILE } from "../../lambdas/settings/names.ts";

import { requestOf } from "../cloud-in-memory/builders.ts";
import { medianOf, quartilesOf, rounded, roundedInterval } from "./statistics.ts";

/** Requests to a process after its first one. */
export const WARM_REQUESTS = 200;

/** What one fresh process has measured of itself. */
export interface Start {
  readonly statusCode: number;
  readonly importMs: number;
  readonly handledMs: number;
  /** Time on a processor until the first answer, of all threads. */
  readonly cpuMs: number;
  readonly peakMemoryBytes: number;
  /** Milliseconds of each request after the first. */
  readonly warm: readonly number[];
}

/** Medians over processes, in milliseconds. */
export type Times = Readonly<ReturnType<typeof timesOf>>;

/** Starts a bundle in a process of its own, as Lambda does, and has it handle webhooks. */
export function startProcess(file: string, event: string, awsUrl: string): Promise<Start> {
  const script = fileURLToPath(new URL("fresh-process.mjs", import.meta.url));
  const child = spawn(process.execPath, [script, file, event, String(WARM_REQUESTS)], {
    stdio: ["ignore", "ignore", "pipe", "pipe"],
    env: {
      STAGE: "bench",
      AWS_REGION: "us-east-1",
      AWS_ENDPOINT_URL: awsUrl,
      AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
      AWS_SECRET_ACCESS_KEY: "example",
      AWS_LAMBDA_FUNCTION_NAME: "ingest",
      EVENT_QUEUE_URL: `${awsUrl}/123456789012/events`,
      PAYLOAD_BUCKET_NAME: "payloads",
      WEBHOOK_SECRET_ARN: "arn:aws:secretsmanager:us-east-1:123456789012:secret:webhook",
      LAMBDA_TASK_ROOT: dirname(file),
    },
  });
  let output = "";
  let errors = "";
  child.stdio[3]?.on("data", (chunk: Buffer) => (output += String(chunk)));
  child.stderr?.on("data", (chunk: Buffer) => (errors += String(chunk)));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve(JSON.parse(output));
      else reject(new Error(`${file} ended with ${code}: ${errors}`));
    });
  });
}

/** From the start of the import to the first answer. */
export function firstMsOf({ importMs, handledMs }: Start): number {
  return importMs + handledMs;
}

/** What many processes have measured, as one. */
export function timesOf(starts: readonly Start[]) {
  const median = (pick: (start: Start) => number) => medianOf(starts.map(pick));
  const warmMs = median(({ warm }) => medianOf(warm));
  return {
    importMs: rounded(median(({ importMs }) => importMs)),
    /** From the end of the import to the first answer. */
    handledMs: rounded(median(({ handledMs }) => handledMs)),
    /** From the start of the import to the first answer: what the sender of the first request waits for. */
    firstMs: rounded(median(firstMsOf)),
    /** Half of the processes lie between these. */
    firstMsQuartiles: roundedInterval(quartilesOf(starts.map(firstMsOf))),
    /** What of it was spent on a processor: other programs on the machine change it little. */
    cpuMs: rounded(median(({ cpuMs }) => cpuMs)),
    warmMs: rounded(warmMs),
    warmPerSecond: Math.round(
      median(({ warm }) => (1_000 * warm.length) / warm.reduce((sum, ms) => sum + ms, 0)),
    ),
    peakMemoryBytes: median(({ peakMemoryBytes }) => peakMemoryBytes),
  };
}

/** The file that holds the event which every process is sent. */
export function writeEvent(file: string): void {
  writeFileSync(file, JSON.stringify(EVENT));
}

/** The settings file beside the bundles, as the stack puts it there. */
export function writeSettings(folder: string): void {
  const settings: IngestSettings = {
    auth: "secret",
    allowList: { mode: "observe", cidrs: ["52.7.221.27"] },
    countsStored: false,
  };
  writeFileSync(join(folder, SETTINGS_FILE), JSON.stringify(settings));
}

/** Processes that wait for a processor take as long as the others let them. */
export function busyNote(): string[] {
  const [load = 0] = loadavg();
  const processors = availableParallelism();
  if (load <= processors) return [];
  return [
    `The machine is busy (load ${load.toFixed(1)} on ${processors} processors): times are longer than they need be; ratios hold within their intervals.`,
  ];
}

/** An HTTP API's event of a webhook of usual size, with Basic authentication. */
const EVENT = requestOf({
  headers: {
    "content-type": "application/json",
    authorization: `Basic ${Buffer.from("alloy:correct horse battery").toString("base64")}`,
  },
  body: JSON.stringify({ request_token: "bench", data: { filler: "x".repeat(1_500) } }),
});
