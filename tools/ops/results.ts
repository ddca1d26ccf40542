import * as v from "valibot";

import { StatusSchema } from "./health-schema.ts";
import { TimelineSchema } from "./timeline-schema.ts";

/*
 * What each verb prints with `--json`: one document, whose JSON Schema is `docs/ops/<verb>.json`. Fields are only ever added.
 */

const time = v.pipe(v.string(), v.description("ISO 8601, UTC"));
const timeOrNull = v.nullable(time);
const textOrNull = v.nullable(v.string());
const count = v.number();

const FindingSchema = v.object({
  check: v.string(),
  state: v.picklist(["green", "yellow", "red"]),
  found: v.string(),
  good: v.string(),
  fix: textOrNull,
});

const GapSchema = v.object({
  token: v.string(),
  stage: textOrNull,
  since: timeOrNull,
  journeyToken: textOrNull,
});

const InvestigationSchema = v.object({
  token: v.string(),
  status: textOrNull,
  steps: v.array(
    v.object({ at: timeOrNull, status: v.string(), origin: v.string(), eventId: v.string() }),
  ),
  gap: TimelineSchema.entries.gap,
});

const LetterSchema = v.object({
  queue: v.pipe(v.string(), v.description("logical id of the queue")),
  sentAt: timeOrNull,
  about: v.string(),
  applicationToken: textOrNull,
  eventId: textOrNull,
  reason: v.pipe(textOrNull, v.description("null: it failed on every receive")),
  body: v.pipe(textOrNull, v.description("null without --bodies")),
});

/** The record of a dead letter that a person discarded. */
export const DiscardSchema = v.object({
  v: v.literal(1),
  queue: v.string(),
  messageId: v.string(),
  discardedAt: time,
  reason: v.pipe(v.string(), v.description("what the person gave")),
  sentAt: timeOrNull,
  deadLetterReason: v.string(),
  about: v.string(),
  applicationToken: textOrNull,
  eventId: textOrNull,
  sha256: v.pipe(v.string(), v.description("of the message, which is not kept")),
});

export type Discard = v.InferOutput<typeof DiscardSchema>;

const RouteSchema = v.object({
  route: v.string(),
  state: v.picklist(["active", "paused", "both", "off"]),
  targets: v.array(v.string()),
  delivered: v.pipe(count, v.description("held events that a resume delivered")),
});

const CredentialSchema = v.object({
  entry: v.pipe(v.string(), v.description("list and position, such as basic-1")),
  kind: v.picklist(["basic", "hmac"]),
  username: textOrNull,
  fingerprint: v.pipe(
    v.string(),
    v.description("of the value, and of no use to whoever does not know it"),
  ),
  refused: v.pipe(
    textOrNull,
    v.description("why ingest refuses the entry (docs/credentials.md); null: it is valid"),
  ),
  since: v.pipe(timeOrNull, v.description("date of the oldest version of the secret that has it")),
  isSinceKnown: v.pipe(
    v.boolean(),
    v.description("false: it may be older, since no older version can be read"),
  ),
});

export type Credential = v.InferOutput<typeof CredentialSchema>;

const LogsSchema = v.object({
  function: v.string(),
  lines: v.pipe(
    v.array(v.object({ at: timeOrNull, text: v.string() })),
    v.description("newest last"),
  ),
  isCut: v.pipe(v.boolean(), v.description("whether older lines were left out")),
});

const GapsSchema = v.object({
  applications: v.pipe(v.array(GapSchema), v.description("the oldest 10,000")),
  investigations: v.pipe(v.array(GapSchema), v.description("the oldest 10,000")),
  further: v.pipe(
    v.object({ applications: count, investigations: count }),
    v.description("how many more are in gap, and not listed"),
  ),
});

export const RESULTS = {
  incident: v.object({
    v: v.literal(1),
    stack: v.string(),
    at: time,
    file: v.string(),
    status: StatusSchema,
    gaps: GapsSchema,
    timelines: v.pipe(v.array(TimelineSchema), v.description("of applications in gap, at most 20")),
    logs: v.array(LogsSchema),
    versions: v.object({
      tool: v.string(),
      functions: v.array(
        v.object({
          name: v.string(),
          codeSha256: textOrNull,
          lastModified: textOrNull,
          runtime: textOrNull,
        }),
      ),
    }),
  }),
  submit: v.object({ isDryRun: v.boolean(), applicationToken: v.string() }),
  send: v.object({ status: count, ms: count }),
  status: StatusSchema,
  watch: StatusSchema,
  find: v.object({
    matches: v.array(
      v.object({
        kind: v.picklist(["application", "investigation", "event"]),
        token: v.pipe(textOrNull, v.description("null: it is of no application")),
        eventId: textOrNull,
        at: v.pipe(timeOrNull, v.description("of an application, its last event")),
        type: textOrNull,
        status: textOrNull,
        outcome: textOrNull,
        route: textOrNull,
      }),
    ),
    isCut: v.pipe(v.boolean(), v.description("whether there are more")),
  }),
  verify: v.object({ isReady: v.boolean(), findings: v.array(FindingSchema) }),
  statement: v.object({
    statement: v.looseObject({ day: v.string(), stage: v.string() }),
    verified: v.pipe(
      v.nullable(count),
      v.description("statements whose signature was checked; null without --verify"),
    ),
  }),
  console: v.pipe(
    v.object({ stack: v.string(), applications: count, canWrite: v.boolean() }),
    v.description("printed when the person has ended it"),
  ),
  gaps: GapsSchema,
  show: v.object({
    application: v.nullable(TimelineSchema),
    investigation: v.nullable(InvestigationSchema),
    externalId: v.pipe(textOrNull, v.description("null without --bodies")),
    bodies: v.pipe(
      v.nullable(v.array(v.object({ eventId: v.string(), body: v.string() }))),
      v.description("null without --bodies"),
    ),
  }),
  check: v.object({ applicationToken: v.string(), dueAt: time }),
  poll: v.object({
    isDryRun: v.boolean(),
    checked: count,
    due: v.pipe(count, v.description("after the runs; of a dry run, before")),
    applications: v.pipe(
      v.array(
        v.object({
          applicationToken: v.string(),
          result: v.string(),
          missing: count,
          gapStage: textOrNull,
          nextCheck: textOrNull,
        }),
      ),
      v.description("of a dry run"),
    ),
  }),
  logs: LogsSchema,
  "dead-letters": v.object({
    letters: v.array(LetterSchema),
    isCut: v.pipe(v.boolean(), v.description("whether there are more")),
  }),
  discard: v.object({ isDryRun: v.boolean(), discarded: v.array(DiscardSchema) }),
  discards: v.object({ discarded: v.array(DiscardSchema) }),
  redrive: v.object({
    isDryRun: v.boolean(),
    moved: count,
    stayed: v.pipe(count, v.description("chosen, and not moved: they came during the move")),
  }),
  route: RouteSchema,
  pause: RouteSchema,
  resume: RouteSchema,
  replay: v.object({ isDryRun: v.boolean(), sent: count, chosen: count, leftOut: count }),
  rotate: v.pipe(
    v.object({
      action: v.picklist(["list", "check", "add", "remove"]),
      entries: v.pipe(v.array(CredentialSchema), v.description("after the action")),
      changed: v.pipe(
        v.nullable(CredentialSchema),
        v.description("the entry that was added or removed"),
      ),
      probes: v.pipe(
        v.array(v.object({ entry: v.string(), isTaken: v.boolean(), answer: v.string() })),
        v.description("what the endpoint answered to each entry that was tried"),
      ),
      file: v.pipe(textOrNull, v.description("where the new value is; a value is never printed")),
    }),
    v.description("never a value"),
  ),
  retention: v.object({ isDryRun: v.boolean(), changed: count, seen: count, held: count }),
  adopt: v.object({
    isDryRun: v.boolean(),
    adopted: count,
    standings: v.pipe(v.record(v.string(), count), v.description("applications by how they stand")),
  }),
  forget: v.object({
    isDryRun: v.boolean(),
    applications: v.array(v.string()),
    removed: v.object({ items: count, payloads: count, deadLetters: count, webhooks: count }),
    remains: v.array(v.object({ place: v.string(), what: v.string(), until: timeOrNull })),
  }),
  hold: v.object({ applications: v.array(v.string()), isHeld: v.boolean() }),
  export: v.object({
    files: v.array(v.string()),
    applications: count,
    signedWith: textOrNull,
  }),
} as const satisfies Readonly<Record<string, v.GenericSchema>>;

export type VerbName = keyof typeof RESULTS;

/** What a verb reports. */
export type ResultOf<Name extends VerbName> = v.InferOutput<(typeof RESULTS)[Name]>;
