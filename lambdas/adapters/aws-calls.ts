import type { PayloadBucket } from "../domain/event/claim-check.ts";
import type { OutcomeCounts } from "../domain/application/outcome-change.ts";
import type {
  Deliveries,
  DueApplications,
  EventQueue,
  GapAnnouncer,
  Investigations,
} from "../domain/polling/polling-ports.ts";
import type {
  StatementArchive,
  StatementSigner,
  StatementSources,
} from "../domain/statement/statement-ports.ts";
import type {
  ApplicationStore,
  DeadLetters,
  EventPublisher,
  Idempotency,
  InvestigationStore,
  PayloadReader,
  QueueMessages,
} from "../domain/ports.ts";
import { PAYLOAD_PREFIXES, STATEMENTS, TABLE } from "../settings/names.ts";
import {
  DELIVERY_GAP_DETAIL_TYPE,
  EVENT_SOURCE,
  INVESTIGATION_GAP_DETAIL_TYPE,
  ROUTE_TITLES,
} from "../settings/routes.ts";

/** What of the stack a call is about. `/` leads to a part: an index of a table, the objects under a prefix. */
export type AwsResource =
  | "event-queue"
  | "dead-letter-queue"
  | "application-table"
  | `application-table/index/${string}`
  | "idempotency-table"
  | "bus"
  | "payloads"
  | `payloads/${string}/`
  | "webhook-secret"
  | "alloy-api-secret"
  | "statements"
  | `statements/${string}/`
  | "statement-key"
  | "every-metric";

/** One right that a method of an adapter needs. */
export interface AwsRight {
  /** As IAM names it. */
  readonly action: string;
  readonly on: AwsResource;
  /** Condition keys that the request carries, each with all the values that it can have. */
  readonly carrying?: Readonly<Record<string, readonly string[]>>;
}

/** What each method of a port needs, when the port's adapter is behind it. */
export type Rights<Port> = { readonly [Method in keyof Port]: readonly AwsRight[] };

const applications = (operation: string): AwsRight => ({
  action: `dynamodb:${operation}`,
  on: "application-table",
});
const records = (operation: string): AwsRight => ({
  action: `dynamodb:${operation}`,
  on: "idempotency-table",
});
const index = (name: string): AwsRight => ({
  action: "dynamodb:Query",
  on: `application-table/index/${name}`,
});
const putting = (detailTypes: readonly string[]): AwsRight => ({
  action: "events:PutEvents",
  on: "bus",
  carrying: { "events:source": [EVENT_SOURCE], "events:detail-type": detailTypes },
});

/** A store of a body that is too large for SQS, and the read of it. */
const claimCheck = (prefix: keyof typeof PAYLOAD_PREFIXES, action: string): AwsRight => ({
  action,
  on: `payloads/${PAYLOAD_PREFIXES[prefix]}`,
});

/** What ingest's adapters need. */
export const INGEST_RIGHTS = {
  queue: { send: [{ action: "sqs:SendMessage", on: "event-queue" }] },
  payloads: { put: [claimCheck("webhook", "s3:PutObject")] },
  secret: { read: [{ action: "secretsmanager:GetSecretValue", on: "webhook-secret" }] },
} as const satisfies Readonly<Record<string, Readonly<Record<string, readonly AwsRight[]>>>>;

const MERGE_RIGHTS: readonly AwsRight[] = [
  applications("UpdateItem"),
  // Of an application of very many effects, or of several external ids.
  applications("Query"),
  applications("PutItem"),
  applications("GetItem"),
  applications("DeleteItem"),
];

/** What the consumer's adapters need. */
export const CONSUMER_RIGHTS: {
  readonly store: Rights<ApplicationStore>;
  readonly investigations: Rights<InvestigationStore>;
  readonly idempotency: Rights<Idempotency>;
  readonly publisher: Rights<EventPublisher>;
  readonly deadLetters: Rights<DeadLetters>;
  readonly payloads: Rights<PayloadReader>;
  readonly messages: Rights<QueueMessages>;
} = {
  store: {
    recordEvent: [applications("PutItem")],
    forgetEvent: [applications("DeleteItem")],
    eraseEvent: [applications("DeleteItem")],
    unlockEvent: [applications("UpdateItem")],
    lockOf: [applications("GetItem")],
    withholdEvent: [applications("UpdateItem")],
    markHealed: [applications("PutItem")],
    noteWebhookOf: [applications("UpdateItem")],
    reportsNear: [applications("Query")],
    readApplicant: [applications("GetItem")],
    readState: [applications("GetItem")],
    mergeState: MERGE_RIGHTS,
    mergeEach: MERGE_RIGHTS,
    recordFailure: [applications("PutItem"), applications("GetItem"), applications("DeleteItem")],
    hasFailure: [applications("GetItem")],
    clearFailure: [applications("DeleteItem")],
  },
  investigations: {
    join: [applications("GetItem"), applications("UpdateItem")],
    recordFailure: [applications("UpdateItem")],
    clearFailure: [applications("UpdateItem")],
  },
  idempotency: {
    begin: [records("PutItem")],
    isCompleted: [records("GetItem")],
    complete: [records("UpdateItem")],
    release: [records("DeleteItem")],
  },
  publisher: { publish: [putting(Object.values(ROUTE_TITLES))] },
  deadLetters: { send: [{ action: "sqs:SendMessage", on: "dead-letter-queue" }] },
  payloads: {
    read: [
      claimCheck("webhook", "s3:GetObject"),
      claimCheck("poll", "s3:GetObject"),
      claimCheck("held", "s3:GetObject"),
      // Asked by S3 itself when the key is not there: without it the answer is 403.
      {
        action: "s3:ListBucket",
        on: "payloads",
        carrying: { "s3:prefix": Object.values(PAYLOAD_PREFIXES) },
      },
    ],
  },
  messages: { retryAfter: [{ action: "sqs:ChangeMessageVisibility", on: "event-queue" }] },
};

/** What the poller's adapters need. */
export const POLLER_RIGHTS: {
  readonly applications: Rights<DueApplications>;
  readonly investigations: Rights<Investigations>;
  readonly deliveries: Rights<Deliveries>;
  readonly outcomes: Rights<OutcomeCounts>;
  readonly queue: Rights<EventQueue>;
  readonly payloads: Rights<PayloadBucket>;
  readonly gaps: Rights<GapAnnouncer>;
  readonly secret: { readonly read: readonly AwsRight[] };
} = {
  applications: {
    list: [index(TABLE.dueIndex)],
    begin: [applications("UpdateItem")],
    end: [applications("UpdateItem")],
    take: [applications("Query")],
    claim: [applications("UpdateItem"), applications("Query")],
    look: [applications("Query")],
    history: [applications("Query")],
    plan: [applications("UpdateItem")],
    openGaps: [index(TABLE.gapIndex)],
    countDue: [index(TABLE.dueIndex)],
    witness: [applications("Query")],
    keepWitness: [applications("UpdateItem")],
  },
  investigations: {
    look: [applications("Query")],
    keepGap: [applications("UpdateItem")],
    openGaps: [index(TABLE.gapIndex)],
    cursor: [applications("Query")],
    keepCursor: [applications("UpdateItem")],
  },
  deliveries: {
    record: [
      { action: "cloudwatch:GetMetricData", on: "every-metric" },
      { action: "sqs:GetQueueAttributes", on: "event-queue" },
    ],
  },
  outcomes: { total: [{ action: "cloudwatch:GetMetricData", on: "every-metric" }] },
  queue: { send: [{ action: "sqs:SendMessage", on: "event-queue" }] },
  payloads: { put: [claimCheck("poll", "s3:PutObject")] },
  gaps: { announce: [putting([DELIVERY_GAP_DETAIL_TYPE, INVESTIGATION_GAP_DETAIL_TYPE])] },
  secret: { read: [{ action: "secretsmanager:GetSecretValue", on: "alloy-api-secret" }] },
};

const statements = (action: string): AwsRight => ({
  action,
  on: `statements/${STATEMENTS.prefix}`,
});
const listing: AwsRight = {
  action: "s3:ListBucket",
  on: "statements",
  carrying: { "s3:prefix": [STATEMENTS.prefix] },
};

/** What the adapters of the daily statement need. */
export const STATEMENT_RIGHTS: {
  readonly sources: Rights<StatementSources>;
  readonly archive: Rights<StatementArchive>;
  readonly signer: Rights<StatementSigner>;
} = {
  sources: {
    unsettled: [index(TABLE.dueIndex)],
    look: [applications("Query")],
    effects: [applications("Query"), records("BatchGetItem")],
  },
  archive: {
    newestBefore: [listing, statements("s3:GetObject")],
    has: [listing],
    keep: [statements("s3:PutObject")],
  },
  signer: { sign: [{ action: "kms:Sign", on: "statement-key" }] },
};
