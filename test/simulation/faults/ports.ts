import type { AwsFailure, StoreOutcome } from "../../../lambdas/domain/aws-failure.ts";
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

function limits(
  service: Service | null,
  what: string,
  kinds: readonly CallFault[],
): CallLimits<never> {
  return {
    service,
    kinds,
    timeoutMs: SDK_MS,
    refuse(cause) {
      throw new TransientError(`${what}: ${cause}`);
    },
  };
}

/** A method of a port, as a call of AWS. */
interface Site<Given extends readonly unknown[]> {
  /** What the call is about: an event, an application. @default - nothing */
  readonly about: (...given: Given) => string;
  readonly limits: CallLimits<never>;
  /** Where its faults are drawn. @default - the port's name and the method's */
  readonly at: string | null;
}

type Sites<Port> = {
  readonly [Method in keyof Port]: Port[Method] extends (...given: infer Given) => unknown
    ? Site<Given>
    : never;
};

function call<Given extends readonly unknown[]>(
  service: Service | null,
  what: string,
  kinds: readonly CallFault[],
  about: (...given: Given) => string = () => "",
  at: string | null = null,
): Site<Given> {
  return { about, limits: limits(service, what, kinds), at };
}

/** The port as a sandbox has it. */
function within<Port extends object>(
  sandbox: Sandbox,
  name: string,
  port: Port,
  sites: Sites<Port>,
): Port {
  const methods = Object.entries<Site<readonly unknown[]>>(sites).map(([method, site]) => {
    const { about, limits: callLimits, at } = site;
    const place = at ?? `${name}.${method}`;
    const made = (...given: readonly unknown[]) =>
      sandbox.call(place, about(...given), () => invoke(port, method, given), callLimits);
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
  recordFailure: write("Recording a failure", idOf),
  clearFailure: write("Clearing a failure", second),
};

export function applicationStoreIn(sandbox: Sandbox, store: ApplicationStore): ApplicationStore {
  return within(sandbox, "store", store, STORE);
}

const RECORDS: Sites<IdempotencyRecords> = {
  lock: write("Locking an idempotency record", token),
  complete: write("Completing an idempotency record", token),
  remove: write("Removing an idempotency record", token),
};

export function idempotencyRecordsIn(
  sandbox: Sandbox,
  records: IdempotencyRecords,
): IdempotencyRecords {
  return within(sandbox, "idempotency", records, RECORDS);
}

const DUE: Sites<DueApplications> = {
  list: read("Listing due applications"),
  claim: write("Claiming an application", ({ applicationToken }) => applicationToken),
  look: read("Listing due applications", token),
  history: read("Reading an application's history", token),
  plan: write("Planning a check", ({ state }) => state.applicationToken),
  openGaps: read("Listing open gaps"),
  countDue: call("table", "Listing due applications", READ, () => "", "due.list"),
  witness: read("Listing due applications"),
  keepWitness: call("table", "Planning a check", WRITE, () => "", "due.witness"),
};

export function dueApplicationsIn(sandbox: Sandbox, due: DueApplications): DueApplications {
  return within(sandbox, "due", due, DUE);
}

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

/** Both ports of the Investigations. */
export function investigationsIn(
  sandbox: Sandbox,
  kept: InvestigationStore & Investigations,
): InvestigationStore & Investigations {
  return within(sandbox, "investigations", kept, INVESTIGATIONS);
}

/** @param readAs - how a planted bug reads the answers. */
export function publisherIn(
  sandbox: Sandbox,
  putEvents: PutEvents["putEvents"],
  readAs: FaultPoints["putEvents"] = (right) => right,
): BusEventPublisher {
  return new BusEventPublisher({
    putEvents: readAs((entries) =>
      sandbox.call("bus.publish", idIn(entries[0], EVENT_ID), () => putEvents(entries), PUBLISH),
    ),
    sleep: sandbox.sleep,
  });
}

const PUBLISH = limits("bus", "Publishing events", WRITE);
const EVENT_ID = /"eventId":"([^"]*)"/;

export function gapAnnouncerIn(
  sandbox: Sandbox,
  putEvents: PutEvents["putEvents"],
): BusGapAnnouncer {
  return new BusGapAnnouncer({
    putEvents: (entries) =>
      sandbox.call("bus.announce", idIn(entries[0], TOKEN), () => putEvents(entries), ANNOUNCE),
    sleep: sandbox.sleep,
  });
}

const ANNOUNCE = limits("bus", "Announcing gaps", SELDOM_WRITE);
const TOKEN = /"applicationToken":"([^"]*)"/;

function idIn(entry: BusEntry | undefined, id: RegExp): string {
  return id.exec(entry?.detail ?? "")?.[1] ?? "";
}

export function eventQueueIn(
  sandbox: Sandbox,
  sendBatch: SendMessages["sendBatch"],
): BatchEventQueue {
  return new BatchEventQueue({
    sendBatch: (entries) => sandbox.call("queue.send", "", () => sendBatch(entries), QUEUE),
    sleep: sandbox.sleep,
  });
}

const QUEUE = limits("queue", "Queueing events", WRITE);

export function deadLettersIn(sandbox: Sandbox, deadLetters: DeadLetters): DeadLetters {
  return within(sandbox, "deadLetters", deadLetters, {
    send: call("queue", "Dead-lettering a record", SELDOM_WRITE),
  });
}

export function queueMessagesIn(sandbox: Sandbox, messages: QueueMessages): QueueMessages {
  return within(sandbox, "queue", messages, {
    retryAfter: call("queue", "Shortening a message's wait", WRITE),
  });
}

export function payloadReaderIn(sandbox: Sandbox, payloads: PayloadReader): PayloadReader {
  return within(sandbox, "payloads", payloads, {
    read: call(null, "Reading a payload", RARE_READ),
  });
}

/** The poller's way into the payload bucket; it answers instead of throwing. */
export function payloadBucketIn(sandbox: Sandbox, payloads: PayloadBucket): PayloadBucket {
  return {
    put: (key, bytes, deadline) =>
      sandbox.call<StoreOutcome>("poller.put", "", () => payloads.put(key, bytes, deadline), {
        service: null,
        kinds: SELDOM_WRITE,
        timeoutMs: Math.max(1, deadline - sandbox.now()),
        refuse: (cause) => ({ stored: false, cause }),
      }),
  };
}

/** Ingest's ports answer instead of throwing, and know when the answer must be there. */
export function ingestPortsIn(
  sandbox: Sandbox,
  cloud: {
    readonly queue: EnvelopeQueue;
    readonly payloads: PayloadBucket;
    readonly secret: WebhookSecretSource;
  },
): typeof cloud {
  const subject = () => sandbox.invocation?.subject ?? "";
  const until = (deadline: number) => Math.max(1, deadline - sandbox.now());
  const stored = (service: Service | null, deadline: number): CallLimits<StoreOutcome> => ({
    service,
    kinds: service === null ? RARE_WRITE : WRITE,
    timeoutMs: until(deadline),
    refuse: (cause: AwsFailure) => ({ stored: false, cause }),
  });
  return {
    queue: {
      send: (message, deadline) =>
        sandbox.call(
          "ingest.send",
          subject(),
          () => cloud.queue.send(message, deadline),
          stored("queue", deadline),
        ),
    },
    payloads: {
      put: (key, bytes, deadline) =>
        sandbox.call(
          "ingest.put",
          subject(),
          () => cloud.payloads.put(key, bytes, deadline),
          stored(null, deadline),
        ),
    },
    secret: {
      read: (deadline) =>
        sandbox.call<Awaited<ReturnType<WebhookSecretSource["read"]>>>(
          "ingest.secret",
          subject(),
          () => cloud.secret.read(deadline),
          {
            service: null,
            kinds: READ,
            timeoutMs: until(deadline),
            refuse: (failure) => ({ failure }),
          },
        ),
    },
  };
}

export function deliveriesIn(sandbox: Sandbox, deliveries: Deliveries): Deliveries {
  return within(sandbox, "metrics", deliveries, {
    record: call(null, "Reading the metrics", [...READ, "metrics-unreadable"]),
  });
}
