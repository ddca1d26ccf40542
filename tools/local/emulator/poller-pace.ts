import { InvokeCommand } from "@aws-sdk/client-lambda";
import type { Clients } from "./clients.ts";
import { startRepeating } from "./repeat.ts";

/** The poller's rate in an account (`lib/stages.ts`). */
const REAL_RATE_MS = 5 * 60_000;

/** A schedule ticks once a minute at most: from here on it does the work alone. */
const SCHEDULE_RATE_MS = 60_000;

/** A run over an empty index takes a fraction of this; more often would only warm the machine. */
const FASTEST_MS = 2_000;

/** How often the poller is to be invoked besides its schedule; null when the schedule is fast enough. */
export function pollerPace(timeScale: number): number | null {
  const pace = Math.max(FASTEST_MS, REAL_RATE_MS / timeScale);
  return pace < SCHEDULE_RATE_MS ? pace : null;
}

/**
 * Invokes the poller at this pace, one run after the other, beside its schedule.
 *
 * @param options.onFailure - gets the error of a run that failed.
 * @returns a function that ends it.
 */
export function startPollerPace(
  { lambda }: Clients,
  options: {
    readonly functionName: string;
    readonly paceMs: number;
    readonly onFailure: (error: unknown) => void;
  },
): () => void {
  const { functionName: FunctionName, paceMs, onFailure } = options;

  async function run(): Promise<void> {
    const { FunctionError, Payload } = await lambda.send(new InvokeCommand({ FunctionName }));
    if (FunctionError !== undefined) {
      throw new Error(`The poller failed: ${Payload?.transformToString() ?? FunctionError}`);
    }
  }
  return startRepeating(run, { pauseMs: paceMs, onFailure });
}
