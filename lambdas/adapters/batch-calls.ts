import type { Refusal } from "../domain/refusal.ts";
import { isRefused, translateAwsError } from "./aws-error.ts";

/** A call that takes several entries at once, and may refuse some of them or all of them together. */
export interface BatchCall<Entry> {
  /** What it does, for the sentence of an error: "Publishing events". */
  readonly what: string;
  /** Limits of one call. */
  readonly mostEntries: number;
  readonly mostBytes: number;
  readonly bytesOf: (entry: Entry) => number;
  /** Whether refused entries are sent again together, or one by one. */
  readonly again: "together" | "alone";
  /**
   * @returns for each entry, in order, null when the answer says that it was taken.
   * @throws whatever the client throws.
   */
  readonly send: (entries: readonly Entry[]) => Promise<readonly (Refusal | null)[]>;
  readonly sleep: (ms: number) => Promise<void>;
}

/** How often an entry is sent: what is refused by entry is mostly throttled, and taken soon. */
const ATTEMPTS = 3;

/** Wait before the second attempt, in ms; it doubles: all of them stay below half a second. */
const PAUSE_MS = 100;

/** Calls that fail in a row, each after all attempts of the client: then the service is out. */
const FAILURES_TO_STOP = 2;

/**
 * Sends entries so that none of them holds its neighbours.
 *
 * 1. Send as many with a call as its limits take, by number and by bytes.
 * 2. When a call is refused as a whole, send its entries one by one: only what is refused alone is permanent.
 * 3. Send again what the answer refused for the moment, or did not name. A call that failed is not repeated:
 *    the client has tried it several times.
 *
 * @param entries - each an object of its own.
 * @returns for each entry, in order, null when it was taken. It never throws.
 */
export async function sendEach<Entry extends object>(
  entries: readonly Entry[],
  call: BatchCall<Entry>,
): Promise<readonly (Refusal | null)[]> {
  const refusals = new Map<Entry, Refusal>();
  let failuresInARow = 0;
  let open = entries;
  for (let attempt = 1; attempt <= ATTEMPTS && open.length > 0; attempt += 1) {
    if (attempt > 1) await call.sleep(PAUSE_MS * 2 ** (attempt - 2));
    const again: Entry[] = [];
    const repeat = (entry: Entry) => void again.push(entry);
    if (attempt > 1 && call.again === "alone") await sendAlone(open, repeat);
    else for (const group of groupsOf(open, call)) await sendTogether(group, repeat);
    open = again;
  }
  return entries.map((entry) => refusals.get(entry) ?? null);

  async function sendTogether(
    group: readonly Entry[],
    repeat: (entry: Entry) => void,
  ): Promise<void> {
    if (failuresInARow >= FAILURES_TO_STOP) {
      refuse(group, { kind: "transient", reason: `${call.what} was not tried: it failed before` });
      return;
    }
    try {
      const answers = await call.send(group);
      failuresInARow = 0;
      for (const [index, entry] of group.entries()) {
        const refusal = answers[index] ?? null;
        if (refusal === null) refusals.delete(entry);
        else refuse([entry], refusal);
        if (refusal?.kind === "transient") repeat(entry);
      }
    } catch (error) {
      const { message: reason } = translateAwsError(call.what, error);
      if (!isRefused(error)) {
        failuresInARow += 1;
        refuse(group, { kind: "transient", reason });
      } else if (group.length > 1) await sendAlone(group, repeat);
      else refuse(group, { kind: "permanent", reason });
    }
  }

  /** Side by side, as many as one call takes: a service that hangs must not be waited for one by one. */
  async function sendAlone(
    several: readonly Entry[],
    repeat: (entry: Entry) => void,
  ): Promise<void> {
    for (let start = 0; start < several.length; start += call.mostEntries) {
      const some = several.slice(start, start + call.mostEntries);
      await Promise.all(some.map((entry) => sendTogether([entry], repeat)));
    }
  }

  function refuse(group: readonly Entry[], refusal: Refusal): void {
    for (const entry of group) refusals.set(entry, refusal);
  }
}

/** In order, each as large as one call takes; what no call takes stands alone. */
function groupsOf<Entry>(
  entries: readonly Entry[],
  { mostEntries, mostBytes, bytesOf }: BatchCall<Entry>,
): readonly (readonly Entry[])[] {
  const groups: Entry[][] = [];
  let bytes = 0;
  for (const entry of entries) {
    const size = bytesOf(entry);
    const last = groups.at(-1);
    if (last === undefined || last.length === mostEntries || bytes + size > mostBytes) {
      groups.push([entry]);
      bytes = size;
    } else {
      last.push(entry);
      bytes += size;
    }
  }
  return groups;
}
