import type { StoreOutcome } from "../../../lambdas/domain/aws-failure.ts";
import type { PayloadBucket } from "../../../lambdas/domain/event/claim-check.ts";
import { TransientError } from "../../../lambdas/domain/errors.ts";
import { BusEventPublisher, BusGapAnnouncer } from "../../../lambdas/adapters/bus-ports.ts";
import type { BusEntry, PutEvents } from "../../../lambdas/adapters/put-events.ts";
import { BatchEventQueue } from "../../../lambdas/adapters/send-messages.ts";
import type { SendMessages } from "../../../lambdas/adapters/send-messages.ts";
import type {
  Deliveries,
  DueApplications,
  Investigations,
} from "../../../lambdas/domain/polling/polling-ports.ts";
import type {
  ApplicationStore,
  DeadLetters,
  InvestigationStore,
  PayloadReader,
  QueueMessages,
} from "../../../lambdas/domain/ports.ts";
import type { WebhookSecretSource } from "../../../lambdas/ingest/credential-cache.ts";
import type { EnvelopeQueue } from "../../../lambdas/ingest/store-webhook.ts";
import type { IdempotencyRecords } from "../../../tools/cloud-in-memory/idempotency.ts";
import type { CallFault, CallLimits, Sandbox, Service } from "./sandbox.ts";
import type { FaultPoints } from "./fault-points.ts";

/*
 * Ports between a sandbox and the cloud: each call takes its time, and can fail in every way in which a
 * call of AWS can. Whatever a handler awaits, it awaits one of these.
 */

const READ: readonly CallFault[] = [
  "crash-before",
  "crash-after",
  "throttled",
  "timed-out",
  "slow",
  "stalled",
];
const METRICS_READ: readonly CallFault[] = [...READ, "metrics-unreadable"];
const WRITE: readonly CallFault[] = [...READ, "timed-out-though-applied", "applied-twice"];

/** Of calls that are seldom made, or in one world of hundreds: they are to be cut off as well. */
const CRASHES: readonly CallFault[] = ["crash-before", "crash-after"];
const CUT_OFF = [...CRASHES, ...CRASHES, ...CRASHES, ...CRASHES];
const SELDOM_READ = [...READ, ...CUT_OFF];
const SELDOM_WRITE = [...WRITE, ...CUT_OFF];
const RARE_READ = [...SELDOM_READ, ...CUT_OFF, ...CUT_OFF];
const RARE_WRITE = [...SELDOM_WRITE, ...CUT_OFF, ...CUT_OFF];

/** Three attempts of three seconds (`SDK_LIMITS`). */
const SDK_MS = 9_000;

/** A method of a port, as a call of AWS. */
interface Site<Given extends readonly unknown[], Result> {
  readonly limits: Omit<CallLimits<Result>, "timeoutMs">;
  /** What the call is about: an event, an application. @default - nothing */
  readonly about: (...given: Given) => string;
  /** Where its faults are drawn. @default - the port's name and the method's */
  readonly at: string | null;
  /** Whether the last that it is given is its deadline, epoch milliseconds. @default - it takes as long as the SDK */
  readonly hasDeadline: boolean;
}

type Sites<Port> = {
  readonly [Method in keyof Port]: Port[Method] extends (...given: infer Given) => unknown
    ? Site<Given, Awaited<ReturnType<Port[Method]>>>
    : never;
};

function throwing(service: Service | null, what: string, kinds: readonly CallFault[]) {
  return {
    service,
    kinds,
    refuse(cause: string): never {
      throw new TransientError(`${what}: ${cause}`);
    },
  };
}

function call<Given extends readonly unknown[]>(
  service: Service | null,
  what: string,
  kinds: readonly CallFault[],
  about: (...given: Given) => string = () => "",
  at: string | null = null,
): Site<Given, never> {
  return { limits: throwing(service, what, kinds), about, at, hasDeadline: false };
}

/** A call that answers instead of throwing, and knows when the answer must be there. */
function answering<Result>(
  service: Service | null,
  kinds: readonly CallFault[],
  refuse: CallLimits<Result>["refuse"],
): Site<readonly unknown[], Result> {
  return { limits: { service, kinds, refuse }, about: () => "", at: null, hasDeadline: true };
}

/** The port as a sandbox has it. @param subject - what calls are about that do not say it. */
function within<Port extends object>(
  sandbox: Sandbox,
  name: string,
  port: Port,
  sites: Sites<Port>,
  subject = () => "",
): Port {
  const methods = Object.entries<Site<readonly unknown[], unknown>>(sites).map(([method, site]) => {
    const { about, limits, at, hasDeadline } = site;
    const place = at ?? `${name}.${method}`;
    const made = (...given: readonly unknown[]) =>
      sandbox.call(place, about(...given) || subject(), () => invoke(port, method, given), {
        ...limits,
        timeoutMs: hasDeadline ? Math.max(1, Number(given.at(-1)) - sandbox.now()) : SDK_MS,
      });
    return [method, made];
  });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each method of the port has its site
  return Object.fromEntries(methods) as Port;
}

/** A method of a port gives a promise. */
function invoke(port: object, method: string, given: readonly unknown[]): Promise<unknown> {
  const member: unknown = Reflect.get(port, method);
  if (typeof member !== "function") throw new Error(`${method} is no method`);
  return Reflect.apply(member, port, given);
}

const read = <Given extends readonly unknown[]>(
  what: string,
  about?: (...given: Given) => string,
  kinds = READ,
) => call("table", what, kinds, about);

const write = <Given extends readonly unknown[]>(
  what: string,
  about?: (...given: Given) => string,
  kinds = WRITE,
) => call("table", what, kinds, about);

const idOf = ({ eventId }: { readonly eventId: string }) => eventId;
const second = (_: string, eventId: string) => eventId;
const token = (applicationToken: string) => applicationToken;

const STORE: Sites<ApplicationStore> = {
  recordEvent: write("Recording an event", idOf),
  forgetEvent: write("Forgetting an event", idOf, RARE_WRITE),
  eraseEvent: write("Forgetting an event", idOf, RARE_WRITE),
  unlockEvent: write("Unlocking an event", idOf, SELDOM_WRITE),
  lockOf: read("Reading an event's lock", idOf, RARE_READ),
  withholdEvent: write("Withholding an event", idOf, SELDOM_WRITE),
  markHealed: write("Marking a healed event", (_, { event }) => event.eventId, SELDOM_WRITE),
  noteWebhookOf: write("Noting a healed event's webhook", (_, { eventId }) => eventId, RARE_WRITE),
  reportsNear: read("Reading an application's events", idOf, SELDOM_READ),
  readApplicant: read("Reading an applicant", token, SELDOM_READ),
  hasFailure: read("Reading a failure", second, SELDOM_READ),
  readState: read("Reading an application's state", token, SELDOM_READ),
  mergeState: write(
    "Merging into an application's state",
    ({ applicationToken }) => applicationToken,
  ),
  mergeEach: write(
    "Merging into an application's state",
    ([step]) => step?.observation.applicationToken ?? "",
  ),
  recordFailure: write("Recording a failure", idOf),
  clearFailure: write("Clearing a failure", second),
};

const RECORDS: Sites<IdempotencyRecords> = {
  lock: write("Locking an idempotency record", token),
  read: read("Reading an idempotency record", token, SELDOM_READ),
  complete: write("Completing an idempotency record", token),
  remove: write("Removing an idempotency record", token),
};

const DUE: Sites<DueApplications> = {
  list: read("Listing due applications"),
  begin: write("Beginning a run"),
  end: write("Ending a run"),
  take: read("Reading an application", ({ applicationToken }) => applicationToken),
  claim: write("Claiming an application", ({ applicationToken }) => applicationToken),
  look: read("Listing due applications", token),
  history: read("Reading an application's history", token),
  plan: write("Planning a check", ({ state }) => state.applicationToken),
  openGaps: read("Listing open gaps"),
  countDue: call("table", "Listing due applications", READ, () => "", "due.list"),
  witness: read("Listing due applications"),
  keepWitness: call("table", "Planning a check", WRITE, () => "", "due.witness"),
};

const INVESTIGATIONS: Sites<InvestigationStore & Investigations> = {
  join: write("Writing Investigations", idOf),
  recordFailure: write("Writing of an Investigation", idOf, SELDOM_WRITE),
  clearFailure: write("Writing of an Investigation", second, SELDOM_WRITE),
  look: read("Reading Investigations", token),
  keepGap: write("Writing of an Investigation", token, SELDOM_WRITE),
  openGaps: read("Reading Investigations"),
  cursor: read("Reading Investigations"),
  keepCursor: write("Writing Investigations"),
};

/** The places of all calls to AWS. */
export const CALL_SITES: readonly string[] = [
  ...placesOf("store", STORE),
  ...placesOf("idempotency", RECORDS),
  ...placesOf("due", DUE),
  ...placesOf("investigations", INVESTIGATIONS),
  ...placesOf("ingest", { send: {}, put: {}, secret: {} }),
  ...placesOf("bus", { publish: {}, announce: {} }),
  ...placesOf("queue", { send: {}, retryAfter: {} }),
  "deadLetters.send",
  "payloads.read",
  "poller.put",
  "metrics.record",
];

function placesOf(name: string, sites: object): readonly string[] {
  return Object.entries(sites).map(([method, { at }]) => at ?? `${name}.${method}`);
}

const notStored = (cause: "throttled" | "timeout"): StoreOutcome => ({ stored: false, cause });

const EVENT_ID = /"eventId":"([^"]*)"/;
const TOKEN = /"applicationToken":"([^"]*)"/;

function idIn(entry: BusEntry | undefined, id: RegExp): string {
  return id.exec(entry?.detail ?? "")?.[1] ?? "";
}

/** The ports of the cloud as this sandbox has them. */
export function portsIn(sandbox: Sandbox) {
  const { sleep } = sandbox;
  const subject = () => sandbox.invocation?.subject ?? "";
  const sdk = { timeoutMs: SDK_MS };
  const publish = { ...throwing("bus", "Publishing events", WRITE), ...sdk };
  const announce = { ...throwing("bus", "Announcing gaps", SELDOM_WRITE), ...sdk };
  const send = { ...throwing("queue", "Queueing events", WRITE), ...sdk };
  return {
    store: (port: ApplicationStore) => within(sandbox, "store", port, STORE),
    idempotencyRecords: (port: IdempotencyRecords) => within(sandbox, "idempotency", port, RECORDS),
    due: (port: DueApplications) => within(sandbox, "due", port, DUE),
    investigations: (port: InvestigationStore & Investigations) =>
      within(sandbox, "investigations", port, INVESTIGATIONS),
    /** @param readAs - how a planted bug reads the answers. */
    publisher: (
      putEvents: PutEvents["putEvents"],
      readAs: FaultPoints["putEvents"] = (right) => right,
    ) =>
      new BusEventPublisher({
        putEvents: readAs((entries) =>
          sandbox.call(
            "bus.publish",
            idIn(entries[0], EVENT_ID),
            () => putEvents(entries),
            publish,
          ),
        ),
        sleep,
      }),
    gaps: (putEvents: PutEvents["putEvents"]) =>
      new BusGapAnnouncer({
        putEvents: (entries) =>
          sandbox.call("bus.announce", idIn(entries[0], TOKEN), () => putEvents(entries), announce),
        sleep,
      }),
    eventQueue: (sendBatch: SendMessages["sendBatch"]) =>
      new BatchEventQueue({
        sendBatch: (entries) => sandbox.call("queue.send", "", () => sendBatch(entries), send),
        sleep,
      }),
    deadLetters: (port: DeadLetters) =>
      within(sandbox, "deadLetters", port, {
        send: call("queue", "Dead-lettering a record", SELDOM_WRITE),
      }),
    messages: (port: QueueMessages) =>
      within(sandbox, "queue", port, {
        retryAfter: call("queue", "Shortening a message's wait", WRITE),
      }),
    payloads: (port: PayloadReader) =>
      within(sandbox, "payloads", port, { read: call(null, "Reading a payload", RARE_READ) }),
    deliveries: (port: Deliveries) =>
      within(sandbox, "metrics", port, {
        record: call(null, "Reading the metrics", METRICS_READ),
      }),
    /** The poller's way into the payload bucket. */
    pollerPayloads: (port: PayloadBucket) =>
      within(sandbox, "poller", port, { put: answering(null, SELDOM_WRITE, notStored) }),
    ingestQueue: (port: EnvelopeQueue) =>
      within(sandbox, "ingest", port, { send: answering("queue", WRITE, notStored) }, subject),
    ingestPayloads: (port: PayloadBucket) =>
      within(sandbox, "ingest", port, { put: answering(null, RARE_WRITE, notStored) }, subject),
    secret: (port: WebhookSecretSource) => {
      const read = answering(null, READ, (failure) => ({ failure }));
      return within(sandbox, "ingest", port, { read: { ...read, at: "ingest.secret" } }, subject);
    },
  };
}
