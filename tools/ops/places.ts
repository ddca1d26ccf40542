import { IDEMPOTENCY, REDELIVERY_MS } from "../../lambdas/settings/limits.ts";
import { ROUTE_IDS } from "../../lambdas/settings/routes.ts";
import { pascalCase } from "../../lib/pascal-case.ts";

/** A place where data of applicants can lie. */
export interface Place {
  readonly name: string;
  /** Its resources in the template, by logical id; null: none of ours. */
  readonly resources: RegExp | null;
  readonly holds: string;
  /** `tokens`: Alloy's tokens and event ids, which say nothing of a person without Alloy. */
  readonly data: "personal" | "tokens" | "none";
  /** How long it keeps what it holds. */
  readonly keeps: string;
  /** Whether `forget` removes the person's data there. @default - it remains */
  readonly isRemoved?: true;
  /** Of what remains: what, and until when. @default - nothing */
  readonly after?: string;
  /** How long that remains, in milliseconds. @default - as `after` says; of logs, as they are kept */
  readonly remainsMs?: number | "logs";
}

/** DynamoDB's longest: 35 days. */
const COPIES_MS = 35 * 86_400_000;

const ROUTES = ROUTE_IDS.map((route) => pascalCase(route)).join("|");

/**
 * Where data of applicants lies, and how long: docs/personal-data.md has it as a table, and the receipt of `forget`
 * names what remains. A test holds it to the template: each resource that keeps something is in one of them.
 */
export const PLACES: readonly Place[] = [
  {
    name: "ApplicationTable, the application",
    resources: /^ApplicationTable$/,
    holds: "status, tokens, external ids; applicants, marks, failure records",
    data: "personal",
    keeps: "for good",
    isRemoved: true,
    after:
      "a tombstone with the application's token and the time, for good: it keeps late webhooks out",
  },
  {
    name: "ApplicationTable, its events",
    resources: /^ApplicationTable$/,
    holds: "each webhook's body, and each decision's if the stage publishes them, compressed",
    data: "personal",
    keeps: "`retention.eventsMs`, by default for good",
    isRemoved: true,
  },
  {
    name: "ApplicationTable, indexes `due`, `gap`, `external`",
    resources: /^ApplicationTable$/,
    holds: "the external id, the next check, the stage of a gap",
    data: "personal",
    keeps: "as the application",
    isRemoved: true,
  },
  {
    name: "ApplicationTable, unsupported webhooks",
    resources: /^ApplicationTable$/,
    holds: "bodies that name no application in the usual place",
    data: "personal",
    keeps: "`retention.eventsMs`",
    isRemoved: true,
    after: "one that comes later is stored: Alloy may send it as long as it has the person",
  },
  {
    name: "ApplicationTable, Investigations",
    resources: /^ApplicationTable$/,
    holds: "steps of Alloy's ongoing monitoring, with tokens of entities",
    data: "personal",
    keeps: "`retention.eventsMs`",
    after:
      "they are records of the monitoring, not of an application; the receipt counts those that name the person",
  },
  {
    name: "IdempotencyTable",
    resources: /^IdempotencyTable$/,
    holds: "event ids: hashes",
    data: "tokens",
    keeps: "40 days",
    after: "event ids, for 40 days after the last event",
    remainsMs: IDEMPOTENCY.windowMs,
  },
  {
    name: "point-in-time copies of both tables",
    resources: /^(Application|Idempotency)Table$/,
    holds: "all that the tables had at any second",
    data: "personal",
    keeps: "35 days",
    after: "nobody can remove a part of them",
    remainsMs: COPIES_MS,
  },
  {
    name: "PayloadBucket",
    resources: /^PayloadBucket$/,
    holds: "bodies above 1 MiB",
    data: "personal",
    keeps:
      "`retention.payloadsMs`, by default 40 days; those of a legal hold until so long after its release",
    isRemoved: true,
    after: "a large webhook that comes later stays for `retention.payloadsMs`",
  },
  {
    name: "event queue",
    resources: /^EventQueue$/,
    holds: "webhooks on their way, for seconds",
    data: "personal",
    keeps: "14 days at most",
    after: "the consumer takes each message within an hour, finds the tombstone, and erases it",
    remainsMs: REDELIVERY_MS.deadLetterRetention,
  },
  {
    name: "dead-letter queue",
    resources: /^DeadLetterQueue$/,
    holds: "messages that could not be processed, with their bodies",
    data: "personal",
    keeps: "14 days",
    isRemoved: true,
    after: "a message that names no token of the person, such as one that is not JSON",
  },
  {
    name: "dead-letter queues of submissions, of routes, of the schedule and of the bus",
    resources: new RegExp(`^(Submission|Schedule|Bus|${ROUTES})DeadLetterQueue$`),
    holds: "submissions and published events: tokens, external ids",
    data: "personal",
    keeps: "14 days",
    after: "what is in them ends by itself",
    remainsMs: REDELIVERY_MS.deadLetterRetention,
  },
  {
    name: "queues of the routes",
    resources: new RegExp(`^(${ROUTES})Queue$`),
    holds:
      "published events: tokens, external ids, status, outcome; reasons and outputs, if the stage publishes decisions",
    data: "personal",
    keeps: "until a reader takes them, 14 days at most",
    after: "they belong to their readers",
    remainsMs: REDELIVERY_MS.deadLetterRetention,
  },
  {
    name: "held events of paused routes",
    resources: /^HeldEventQueue$/,
    holds: "published events of a route that is paused: tokens, external ids",
    data: "personal",
    keeps: "until the route is resumed, 14 days at most",
    after: "what is in it goes to the route's targets, or ends by itself",
    remainsMs: REDELIVERY_MS.deadLetterRetention,
  },
  {
    name: "logs of the functions",
    resources: /(Ingest|Consumer|Poller|Statement)Logs[0-9A-F]{8}$/,
    holds: "application tokens and event ids; no body, no name, no external id",
    data: "tokens",
    keeps: "`retention.logs`",
    after: "entries with the tokens",
    remainsMs: "logs",
  },
  {
    name: "access log of the API",
    resources: /AccessLog[0-9A-F]{8}$/,
    holds: "addresses and agents of Alloy and of strangers; no applicant",
    data: "none",
    keeps: "`retention.logs`",
    after: "nothing of the person",
  },
  {
    name: "StatementBucket",
    resources: /^StatementBucket$/,
    holds:
      "the daily statements: counts; records of discarded dead letters: tokens and event ids, no body",
    data: "tokens",
    keeps: "`retention.statementsMs`",
    after: "records of discarded dead letters, with the tokens; nobody can change them",
  },
  {
    name: "metrics, alarms and their messages",
    resources: /^(Page|Ticket|.*Team)Topic$/,
    holds: "counts",
    data: "none",
    keeps: "15 months (CloudWatch)",
    after: "nothing of the person",
  },
  {
    name: "archive of the bus",
    resources: /^EventArchive$/,
    holds:
      "published events, if the stage has `archive`: tokens, external ids, status, outcome; reasons and outputs, if the stage publishes decisions",
    data: "personal",
    keeps: "`archive.retentionDays`",
    after: "what is in it ends by itself: EventBridge cannot remove a part of it",
  },
  {
    name: "bus: your rules and targets",
    resources: /^EventBus$/,
    holds: "published events, if you have attached some",
    data: "personal",
    keeps: "as you configured it",
    after: "this tool does not reach them",
  },
  {
    name: "backups that people made, and files of `export`",
    resources: null,
    holds: "what they copied",
    data: "personal",
    keeps: "until their owner removes them",
    after: "this tool does not reach them",
  },
  {
    name: "Alloy",
    resources: null,
    holds: "everything",
    data: "personal",
    keeps: "as your contract with Alloy says",
    after: "ask Alloy",
  },
];
