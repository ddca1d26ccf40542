import type { AwsFailure, StoreOutcome } from "../../lambdas/domain/aws-failure.ts";
import type { PayloadBucket } from "../../lambdas/domain/event/claim-check.ts";
import { TransientError } from "../../lambdas/domain/errors.ts";
import { BusEventPublisher, BusGapAnnouncer } from "../../lambdas/adapters/bus-ports.ts";
import type { BusEntry, PutEvents } from "../../lambdas/adapters/put-events.ts";
import { BatchEventQueue } from "../../lambdas/adapters/send-messages.ts";
import type { SendMessages } from "../../lambdas/adapters/send-messages.ts";
import type {
  Deliveries,
  DueApplications,
  Investigations,
} from "../../lambdas/domain/polling/polling-ports.ts";
import type {
  ApplicationStore,
  DeadLetters,
  InvestigationStore,
  PayloadReader,
  QueueMessages,
} from "../../lambdas/domain/ports.ts";
import type { WebhookSecretSource } from "../../lambdas/ingest/credential-cache.ts";
import type { EnvelopeQueue } from "../../lambdas/ingest/store-webhook.ts";
import type { IdempotencyRecords } from "../../tools/cloud-in-memory/idempotency.ts";
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

const table = (what: string, kinds = WRITE) => limits("table", what, kinds);

export function applicationStoreIn(sandbox: Sandbox, store: ApplicationStore): ApplicationStore {
  return {
    recordEvent: (event) =>
      sandbox.call(
        "store.recordEvent",
        event.eventId,
        () => store.recordEvent(event),
        RECORD_EVENT,
      ),
    forgetEvent: (event) =>
      sandbox.call(
        "store.forgetEvent",
        event.eventId,
        () => store.forgetEvent(event),
        FORGET_EVENT,
      ),
    eraseEvent: (event) =>
      sandbox.call("store.eraseEvent", event.eventId, () => store.eraseEvent(event), FORGET_EVENT),
    withholdEvent: (event) =>
      sandbox.call(
        "store.withholdEvent",
        event.eventId,
        () => store.withholdEvent(event),
        WITHHOLD_EVENT,
      ),
    markHealed: (token, mark, expiresAt) =>
      sandbox.call(
        "store.markHealed",
        mark.event.eventId,
        () => store.markHealed(token, mark, expiresAt),
        MARK_HEALED,
      ),
    noteWebhookOf: (healed, webhook) =>
      sandbox.call(
        "store.noteWebhookOf",
        webhook.eventId,
        () => store.noteWebhookOf(healed, webhook),
        NOTE_WEBHOOK,
      ),
    reportsNear: (event) =>
      sandbox.call(
        "store.reportsNear",
        event.eventId,
        () => store.reportsNear(event),
        REPORTS_NEAR,
      ),
    readApplicant: (token, entityToken) =>
      sandbox.call(
        "store.readApplicant",
        token,
        () => store.readApplicant(token, entityToken),
        READ_APPLICANT,
      ),
    hasFailure: (token, eventId) =>
      sandbox.call(
        "store.hasFailure",
        eventId,
        () => store.hasFailure(token, eventId),
        HAS_FAILURE,
      ),
    readState: (token) =>
      sandbox.call("store.readState", token, () => store.readState(token), READ_STATE),
    mergeState: (observation, check) =>
      sandbox.call(
        "store.mergeState",
        observation.applicationToken,
        () => store.mergeState(observation, check),
        MERGE_STATE,
      ),
    recordFailure: (failure) =>
      sandbox.call(
        "store.recordFailure",
        failure.eventId,
        () => store.recordFailure(failure),
        RECORD_FAILURE,
      ),
    clearFailure: (token, eventId) =>
      sandbox.call(
        "store.clearFailure",
        eventId,
        () => store.clearFailure(token, eventId),
        CLEAR_FAILURE,
      ),
  };
}

const RECORD_EVENT = table("Recording an event");
const FORGET_EVENT = table("Forgetting an event", RARE_WRITE);
const WITHHOLD_EVENT = table("Withholding an event", SELDOM_WRITE);
const MARK_HEALED = table("Marking a healed event", SELDOM_WRITE);
const NOTE_WEBHOOK = table("Noting a healed event's webhook", RARE_WRITE);
const REPORTS_NEAR = table("Reading an application's events", SELDOM_READ);
const READ_APPLICANT = table("Reading an applicant", SELDOM_READ);
const HAS_FAILURE = table("Reading a failure", SELDOM_READ);
const READ_STATE = table("Reading an application's state", SELDOM_READ);
const MERGE_STATE = table("Merging into an application's state");
const RECORD_FAILURE = table("Recording a failure");
const CLEAR_FAILURE = table("Clearing a failure");

export function idempotencyRecordsIn(
  sandbox: Sandbox,
  records: IdempotencyRecords,
): IdempotencyRecords {
  return {
    lock: (key, record, now) =>
      sandbox.call("idempotency.lock", key, () => records.lock(key, record, now), LOCK),
    complete: (key, expiresAt) =>
      sandbox.call("idempotency.complete", key, () => records.complete(key, expiresAt), COMPLETE),
    remove: (key) => sandbox.call("idempotency.remove", key, () => records.remove(key), REMOVE),
  };
}

const LOCK = table("Locking an idempotency record");
const COMPLETE = table("Completing an idempotency record");
const REMOVE = table("Removing an idempotency record");

export function dueApplicationsIn(sandbox: Sandbox, due: DueApplications): DueApplications {
  return {
    list: (now, limit) => sandbox.call("due.list", "", () => due.list(now, limit), LIST),
    claim: (one, until) =>
      sandbox.call("due.claim", one.applicationToken, () => due.claim(one, until), CLAIM),
    look: (token) => sandbox.call("due.look", token, () => due.look(token), LIST),
    history: (token) => sandbox.call("due.history", token, () => due.history(token), HISTORY),
    plan: (claimed, plan) =>
      sandbox.call("due.plan", claimed.state.applicationToken, () => due.plan(claimed, plan), PLAN),
    openGaps: (since) => sandbox.call("due.openGaps", "", () => due.openGaps(since), OPEN_GAPS),
    countDue: (before) => sandbox.call("due.list", "", () => due.countDue(before), LIST),
    witness: () => sandbox.call("due.witness", "", () => due.witness(), LIST),
    keepWitness: (changes) => sandbox.call("due.witness", "", () => due.keepWitness(changes), PLAN),
  };
}

const LIST = table("Listing due applications", READ);
const CLAIM = table("Claiming an application");
const HISTORY = table("Reading an application's history", READ);
const PLAN = table("Planning a check");
const OPEN_GAPS = table("Listing open gaps", READ);

/** Both ports of the Investigations. */
export function investigationsIn(
  sandbox: Sandbox,
  kept: InvestigationStore & Investigations,
): InvestigationStore & Investigations {
  const within =
    (limit: CallLimits<never>) =>
    <Value>(method: string, subject: string, call: () => Promise<Value>) =>
      sandbox.call(`investigations.${method}`, subject, call, limit);
  const read = within(READING_ONE);
  const write = within(WRITING_ONE);
  const seldom = within(FAILING_ONE);
  return {
    join: (event, origin) => write("join", event.eventId, () => kept.join(event, origin)),
    recordFailure: (failure) =>
      seldom("recordFailure", failure.eventId, () => kept.recordFailure(failure)),
    clearFailure: (token, eventId) =>
      seldom("clearFailure", eventId, () => kept.clearFailure(token, eventId)),
    look: (token) => read("look", token, () => kept.look(token)),
    keepGap: (token, gap) => seldom("keepGap", token, () => kept.keepGap(token, gap)),
    openGaps: () => read("openGaps", "", () => kept.openGaps()),
    cursor: () => read("cursor", "", () => kept.cursor()),
    keepCursor: (cursor) => write("keepCursor", "", () => kept.keepCursor(cursor)),
  };
}

const READING_ONE = table("Reading Investigations", READ);
const WRITING_ONE = table("Writing Investigations");
const FAILING_ONE = table("Writing of an Investigation", SELDOM_WRITE);

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
  return {
    send: (message, reason) =>
      sandbox.call("deadLetters.send", "", () => deadLetters.send(message, reason), DEAD_LETTER),
  };
}

const DEAD_LETTER = limits("queue", "Dead-lettering a record", SELDOM_WRITE);

export function queueMessagesIn(sandbox: Sandbox, messages: QueueMessages): QueueMessages {
  return {
    retryAfter: (handle, seconds) =>
      sandbox.call("queue.retryAfter", "", () => messages.retryAfter(handle, seconds), RETRY_AFTER),
  };
}

const RETRY_AFTER = limits("queue", "Shortening a message's wait", WRITE);

export function payloadReaderIn(sandbox: Sandbox, payloads: PayloadReader): PayloadReader {
  return {
    read: (key) => sandbox.call("payloads.read", "", () => payloads.read(key), READ_PAYLOAD),
  };
}

const READ_PAYLOAD = limits(null, "Reading a payload", RARE_READ);

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
  return {
    record: (from, now) =>
      sandbox.call("metrics.record", "", () => deliveries.record(from, now), RECORD),
  };
}

const RECORD = limits(null, "Reading the metrics", [...READ, "metrics-unreadable"]);
