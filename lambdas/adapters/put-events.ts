import type { Refusal } from "../domain/refusal.ts";
import { PUT_EVENTS } from "../settings/limits.ts";
import { EVENT_SOURCE } from "../settings/routes.ts";
import { sendEach } from "./batch-calls.ts";

/** What is put on the bus; the source is ours, and there are no resources. */
export interface BusEntry {
  readonly detailType: string;
  /** JSON text of which targets take every character (`jsonForSqs`). */
  readonly detail: string;
  /** The trace that the event belongs to, in X-Ray's words. */
  readonly traceHeader?: string;
}

/** What `PutEvents` answers, by place; a service may leave out anything. */
export interface PutEventsAnswer {
  readonly Entries?:
    | readonly {
        readonly EventId?: string | undefined;
        readonly ErrorCode?: string | undefined;
        readonly ErrorMessage?: string | undefined;
      }[]
    | undefined;
}

/** What of `PutEvents` is used, by the bus of AWS and by its doubles. */
export interface PutEvents {
  readonly putEvents: (entries: readonly BusEntry[]) => Promise<PutEventsAnswer>;
  readonly sleep: (ms: number) => Promise<void>;
}

/**
 * Error codes of one entry that no repetition helps (EventBridge API reference, PutEventsResultEntry). A missing
 * permission is a fault of a deployment: the event must survive until it is repaired.
 */
const PERMANENT = new Set(["InvalidArgument", "MalformedDetail", "RedactionFailure"]);

const UNNAMED: Refusal = {
  kind: "transient",
  reason: "the answer of the bus does not say what became of it",
};

/**
 * Puts entries on the bus, each held by nothing but its own fault. An entry is published only when the answer gives it
 * an id: an answer with more or fewer entries than it was asked names none of them.
 *
 * @returns for each entry, in order, null when the bus took it.
 */
export async function putEach(
  entries: readonly BusEntry[],
  { putEvents, sleep }: PutEvents,
): Promise<readonly (Refusal | null)[]> {
  return sendEach(entries, {
    what: "Publishing events",
    mostEntries: PUT_EVENTS.mostEntries,
    mostBytes: PUT_EVENTS.mostBytes,
    bytesOf: entryBytes,
    again: "together",
    sleep,
    async send(group) {
      const { Entries = [] } = await putEvents(group);
      const isByPlace = Entries.length === group.length;
      return group.map((_, index) => {
        const { EventId, ErrorCode, ErrorMessage } = (isByPlace ? Entries[index] : null) ?? {};
        if (ErrorCode !== undefined) return refusalOf(ErrorCode, ErrorMessage);
        return EventId === undefined || EventId === "" ? UNNAMED : null;
      });
    },
  });
}

/**
 * Size of an entry as EventBridge counts it: source, title and detail in UTF-8 (EventBridge User Guide, "Calculating
 * PutEvents event entry size"); the name of the bus does not count.
 */
export function entryBytes({ detailType, detail }: BusEntry): number {
  return (
    Buffer.byteLength(EVENT_SOURCE) + Buffer.byteLength(detailType) + Buffer.byteLength(detail)
  );
}

function refusalOf(code: string, message: string | undefined): Refusal {
  if (!PERMANENT.has(code)) return { kind: "transient", reason: code };
  return { kind: "permanent", reason: message === undefined ? code : `${code}: ${message}` };
}
