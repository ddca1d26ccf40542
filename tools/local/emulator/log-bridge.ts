import { paginateFilterLogEvents } from "@aws-sdk/client-cloudwatch-logs";
import type { FilteredLogEvent } from "@aws-sdk/client-cloudwatch-logs";
import { GetFunctionConfigurationCommand } from "@aws-sdk/client-lambda";
import type { Clients } from "./clients.ts";
import { readEmbeddedMetrics } from "./embedded-metrics.ts";
import type { MetricBatch, MetricSink } from "./embedded-metrics.ts";
import { startRepeating } from "./repeat.ts";

/** Alarms look at minutes, and whoever reads along waits for two seconds at most. */
const PERIOD_MS = 2_000;

/** A line may be stored a little after its own time: this much is read again each time. */
const OVERLAP_MS = 10_000;

/** PutMetricData's limit. */
const DATA_PER_CALL = 1_000;

/** The log groups of these functions, by the functions' names. */
export async function logGroupsOf(
  { lambda }: Clients,
  functionNames: readonly string[],
): Promise<string[]> {
  return Promise.all(
    functionNames.map(async (FunctionName) => {
      const { LoggingConfig } = await lambda.send(
        new GetFunctionConfigurationCommand({ FunctionName }),
      );
      return LoggingConfig?.LogGroup ?? `/aws/lambda/${FunctionName}`;
    }),
  );
}

/**
 * Does what CloudWatch does and the emulator does not: reads the Lambdas' logs and puts the metrics that
 * are embedded in them, so that alarms evaluate.
 *
 * @param options.onLine - gets every new line, for whoever prints what happens.
 * @returns a function that ends it.
 */
export function startLogBridge(
  clients: Clients,
  options: {
    readonly logGroups: readonly string[];
    readonly onLine: (line: string) => void;
    readonly metrics: MetricSink;
    readonly onFailure: (error: unknown) => void;
  },
): () => void {
  const pass = makeBridgePass({
    ...options,
    readers: options.logGroups.map((group) => makeNewLines(clients, group)),
  });
  return startRepeating(pass, { pauseMs: PERIOD_MS, onFailure: options.onFailure });
}

/**
 * One reading of all logs. CloudWatch loses no metric, so none is lost here when one group cannot be read or a put fails: the
 * lines of the other groups count, and what could not be put is put in the next pass.
 *
 * @param options.readers - one for each log group: its lines that have not been read before.
 */
export function makeBridgePass(options: {
  readonly readers: readonly (() => Promise<readonly string[]>)[];
  readonly onLine: (line: string) => void;
  readonly metrics: MetricSink;
}): () => Promise<void> {
  /** What was read, and is not put yet. */
  const waiting: MetricBatch[] = [];

  async function putWaiting(): Promise<void> {
    for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
      await options.metrics.put(next.namespace, next.data);
      waiting.shift();
    }
  }
  return async () => {
    const read = await Promise.allSettled(options.readers.map((reader) => reader()));
    const lines = read.flatMap((result) => (result.status === "fulfilled" ? result.value : []));
    waiting.push(...putsOf(lines));
    try {
      await putWaiting();
    } finally {
      for (const line of lines) options.onLine(line);
    }
    for (const result of read) if (result.status === "rejected") throw result.reason;
  };
}

/** The metrics that are embedded in the lines, each part as one call takes it. */
function putsOf(lines: readonly string[]): MetricBatch[] {
  const namespaces = Map.groupBy(lines.flatMap(readEmbeddedMetrics), ({ namespace }) => namespace);
  return [...namespaces].flatMap(([namespace, batches]) => {
    const data = batches.flatMap((batch) => batch.data);
    const calls = Math.ceil(data.length / DATA_PER_CALL);
    return Array.from({ length: calls }, (_, call) => ({
      namespace,
      data: data.slice(call * DATA_PER_CALL, (call + 1) * DATA_PER_CALL),
    }));
  });
}

/** A reader of one log group that returns each line once. */
function makeNewLines({ logs }: Clients, logGroupName: string): () => Promise<string[]> {
  const unseen = makeUnseen(OVERLAP_MS);
  let startTime = Date.now() - OVERLAP_MS;
  return async () => {
    const events: FilteredLogEvent[] = [];
    for await (const page of paginateFilterLogEvents(
      { client: logs },
      { logGroupName, startTime },
    )) {
      events.push(...(page.events ?? []));
    }
    const latest = Math.max(startTime, ...events.map((event) => event.timestamp ?? 0));
    startTime = Math.max(startTime, latest - OVERLAP_MS);
    return unseen(events).map((event) => (event.message ?? "").trim());
  };
}

/**
 * Tells the events that have not been there before. The emulator gives them no id: one is known by its
 * stream, its time, and its place among those of the same stream and time.
 *
 * @param memoryMs - how far back the next call's events may reach.
 */
export function makeUnseen(
  memoryMs: number,
): (events: readonly FilteredLogEvent[]) => FilteredLogEvent[] {
  const seen = new Map<string, number>();
  return (events) => {
    const counted = new Map<string, number>();
    const fresh = events.filter((event) => {
      const moment = `${event.logStreamName}@${event.timestamp}`;
      const place = (counted.get(moment) ?? 0) + 1;
      counted.set(moment, place);
      const known = `${moment}#${place}`;
      if (seen.has(known)) return false;
      seen.set(known, event.timestamp ?? 0);
      return true;
    });
    const latest = Math.max(0, ...seen.values());
    for (const [known, timestamp] of seen) {
      // Twice as long as can come back, for the window itself moves with the latest event.
      if (timestamp < latest - 2 * memoryMs) seen.delete(known);
    }
    return fresh;
  };
}
