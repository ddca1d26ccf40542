import * as fc from "fast-check";
import { expect, test } from "vitest";

import { parseAlloyApplication } from "../../../lambdas/domain/reconciliation/alloy-application.ts";
import {
  correctionBody,
  correctionsOf,
  parseCorrection,
} from "../../../lambdas/domain/application/correction.ts";
import { decodeEnvelope } from "../../../lambdas/domain/event/decode-envelope.ts";
import { decisionContentIn } from "../../../lambdas/domain/application/decision-content.ts";
import { parseWebhook } from "../../../lambdas/domain/event/parse-webhook.ts";
import {
  stateOfEvent,
  stateOfHint,
  stateOfSnapshot,
  stateOfSubmission,
} from "../../../lambdas/domain/application/observation.ts";
import { isPlausible } from "../../../lambdas/domain/event/plausible-time.ts";
import {
  publishedEvent,
  publishedUnsupportedWebhook,
} from "../../../lambdas/domain/routing/published-event.ts";
import { parseSubmission } from "../../../lambdas/domain/event/submission.ts";
import { EXTERNAL_INPUT } from "../../../lambdas/settings/limits.ts";
import { aCorrectionContext } from "../../support/correction-context.ts";

/*
 * Whatever comes in at a boundary: what is read of it has no time that cannot be, no token that could be a
 * path, and no id that is empty; and nothing that is done with it afterwards throws.
 */

const AT = 1_760_000_000_000;
const asked = { applicationToken: "JA-1", journeyToken: "J-1" };
const NO_IDS = { group: null, partner: null, application: null };
const receipt = { receiptId: "receipt-1", origin: "webhook", receivedAt: AT } as const;

/** JSON text of what may stand where a text, a token or a time is wanted. */
const oddText = fc.constantFrom(
  `""`,
  `" "`,
  `".."`,
  `"a/b"`,
  `"\\ud800"`,
  `"\\u0000"`,
  `"${"x".repeat(10_000)}"`,
  "null",
  "true",
  "[]",
  "{}",
  "0",
  "-1",
  "1e400",
  "9e15",
  "12345678901234567890",
  "1760000000",
  `"1760000000"`,
  `"2026-11-23T20:00:00Z"`,
  `"yesterday"`,
  `"JA-1"`,
  `"Completed"`,
  `"withdrawn"`,
);
const value = fc.oneof({ weight: 3, arbitrary: oddText }, { weight: 1, arbitrary: fc.json() });

/** An object with some of these fields, each well-formed or odd. */
function objectOf(fields: Readonly<Record<string, fc.Arbitrary<string>>>): fc.Arbitrary<string> {
  return fc.record(fields, { requiredKeys: [] }).map(
    (record) =>
      `{${Object.entries(record)
        .map(([name, text]) => `${JSON.stringify(name)}:${text}`)
        .join(",")}}`,
  );
}

const mostly = (text: string) =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(text) }, { weight: 1, arbitrary: value });

/** Fields of which each may be anything. */
const odd = (...names: readonly string[]) => Object.fromEntries(names.map((name) => [name, value]));
const listOf = (items: fc.Arbitrary<string>) =>
  fc.array(items, { maxLength: 4 }).map((all) => `[${all.join(",")}]`);
/** What may also be no object at all. */
const usually = (object: fc.Arbitrary<string>) =>
  fc.oneof({ weight: 5, arbitrary: object }, { weight: 1, arbitrary: value });

const ids = odd(
  "external_group_id",
  "external_partner_id",
  "external_application_id",
  "external_entity_id",
);
const data = objectOf({
  ...ids,
  ...odd("journey_name", "outcome", "entity_token", "entity_application_token", "is_shadow_app"),
  ...odd("journey_application_event_token", "rerun_journey_application_token"),
  journey_application_token: mostly(`"JA-1"`),
  journey_token: mostly(`"J-1"`),
  type: mostly(`"completed_application"`),
  timestamp: mostly(String(AT)),
  _embedded: usually(objectOf({ node: objectOf(odd("id", "type")) })),
});
const webhook = objectOf({
  type: mostly(`"update:journeyapplications:sandbox"`),
  timestamp: value,
  data: usually(data),
});
const answer = objectOf({
  ...ids,
  ...odd("status", "sandbox", "created_at", "updated_at", "complete_outcome"),
  ...odd("is_shadow_application"),
  journey_application_token: fc.constant(`"JA-1"`),
  _embedded: usually(
    objectOf({
      events: listOf(usually(data)),
      journey: objectOf(odd("journey_token", "journey_name")),
      rerun: objectOf(odd("previous_journey_application_token", "root_journey_application_token")),
      reruns: listOf(objectOf(odd("next_journey_application_token", "created_at"))),
    }),
  ),
});
const submission = objectOf({
  ...ids,
  ...odd("journey_token", "created_at"),
  journey_application_token: mostly(`"JA-1"`),
  _embedded: usually(objectOf({ journey: objectOf(odd("journey_token")) })),
});

const envelope = objectOf({
  v: mostly("1"),
  kind: mostly(`"webhook"`),
  receiptId: mostly(`"r"`),
  receivedAt: value,
  body: mostly(`"{}"`),
  bodyEncoding: value,
  payloadKey: mostly("null"),
  sourceIp: mostly("null"),
  siblings: value,
});
const correction = objectOf({
  snapshot: objectOf({
    applicationToken: mostly(`"JA-1"`),
    journeyToken: mostly("null"),
    status: mostly(`"completed"`),
    outcome: fc.constant("null"),
    at: mostly(String(AT)),
    environment: fc.constant("null"),
    externalIds: fc.constant(JSON.stringify(NO_IDS)),
    chain: fc.constant(`{"previous":null,"root":null,"next":null}`),
    isShadow: fc.constant("false"),
  }),
  news: fc.constant(`"status"`),
  reruns: listOf(
    objectOf({
      applicationToken: mostly(`"JA-2"`),
      createdAt: fc.constantFrom("null", "9e15", String(AT)),
    }),
  ),
});

const TIME = /^(at|sentAt|submittedAt|createdAt|receivedAt)$/;
const TOKEN = /[tT]oken$|^(previous|root|next)$/;
const OTHERS = /^(id|outcome|journeyName|group|entity|partner|application|unrecognisedStatus)$/;

/** The fields, by their names, that break their promise. */
function faultsOf(read: unknown): readonly string[] {
  if (typeof read !== "object" || read === null) return [];
  return Object.entries(read).flatMap(([name, inner]) => [
    ...(isFaulty(name, inner) ? [`${name}: ${JSON.stringify(inner)}`] : []),
    ...faultsOf(inner),
  ]);
}

function isFaulty(name: string, value: unknown): boolean {
  if (typeof value === "number") return TIME.test(name) && !isPlausible(value);
  if (typeof value !== "string") return false;
  if (TOKEN.test(name)) return !EXTERNAL_INPUT.token.test(value);
  if (!OTHERS.test(name)) return false;
  return value.trim() === "" || Buffer.byteLength(value) > EXTERNAL_INPUT.idBytes;
}

/** A time, a token or an id that is not checked is found within 200, whichever the seed. */
const RUNS = 1_000;
/** Hardly any is odd in one place alone, so that it is read at all. */
const RUNS_OF_OURS = 3_000;

/** What becomes of a webhook's body: the event's state, and what is published of it. */
function usedWebhook(text: string): unknown {
  const read = parseWebhook(text);
  switch (read.kind) {
    case "invalid":
      return read;
    case "journey-event": {
      const { event } = read;
      const state = stateOfEvent(event);
      const how = {
        sequence: 1,
        route: "approved",
        late: false,
        receipt,
        environment: "live",
      } as const;
      return { read, state, published: publishedEvent({ event, state, ...how }) };
    }
    case "other":
    case "unrecognised": {
      const { kind: route, webhook: unsupported } = read;
      const noted = unsupported.hint === null ? null : stateOfHint(unsupported.hint);
      const how = { receipt, environment: "live" } as const;
      return {
        read,
        noted,
        published: publishedUnsupportedWebhook({ webhook: unsupported, route, ...how }),
      };
    }
  }
}

/** An answer of Alloy's, and what is queued of it as it is read again. */
function usedAnswer(text: string): unknown {
  const read = parseAlloyApplication(text, asked);
  if ("reason" in read) return read;
  const { snapshot, events } = read.application;
  const known = stateOfSubmission({ ...asked, submittedAt: AT, externalIds: NO_IDS });
  const options = aCorrectionContext(AT * 2, AT);
  const corrections = correctionsOf(read.application, known, options);
  const readEvents = events.map((one) => parseWebhook(JSON.stringify(one.webhook)));
  // The webhook of an event is what Alloy's list says, as it stands: whoever receives it reads it.
  const said = events.map(({ event }) => event);
  const readAgain = [
    ...readEvents.map((one) => (one.kind === "journey-event" ? one.event : null)),
    ...corrections
      .map((one) => parseCorrection(correctionBody(one)))
      .map((one) => (one !== null && "correction" in one ? one.correction : null)),
  ];
  expect(readAgain).toEqual([...said, ...corrections]);
  const { ended, ...application } = read.application;
  // Output attributes are published as Alloy writes them.
  const asks = { outcomeReasons: true, tags: true, outputAttributes: [] };
  return {
    read: { ...application, events: said },
    decision: ended === null ? null : decisionContentIn(ended, asks),
    state: snapshot === null ? null : stateOfSnapshot(snapshot, AT, null, null),
    readAgain,
  };
}

function usedSubmission(text: string, receivedAt: string): unknown {
  const message = `{"v":1,"kind":"submission","receiptId":"r","receivedAt":${receivedAt},"submission":${text}}`;
  const decoded = decodeEnvelope(message, AT);
  if ("reason" in decoded || decoded.envelope.kind !== "submission") throw new Error("no envelope");
  const { submission: detail, receivedAt: at } = decoded.envelope;
  const read = parseSubmission(detail, at);
  return { at, read, state: "submission" in read ? stateOfSubmission(read.submission) : null };
}

function usedEnvelope(text: string): unknown {
  const decoded = decodeEnvelope(text, AT);
  expect("reason" in decoded || decoded.envelope.receiptId !== "").toBe(true);
  return decoded;
}

test.each([
  [
    "a webhook's body, and published",
    fc.oneof({ weight: 6, arbitrary: webhook }, { weight: 2, arbitrary: data }, fc.string()),
    usedWebhook,
    RUNS,
  ],
  ["an answer of Alloy's, and read again as it is queued", answer, usedAnswer, RUNS],
  [
    "an envelope, or refused with a reason",
    fc.oneof(envelope, fc.string()),
    usedEnvelope,
    RUNS_OF_OURS,
  ],
  ["a correction, or refused with a reason", correction, parseCorrection, RUNS_OF_OURS],
])("is read cleanly: %s", (_, texts, used, numRuns) => {
  fc.assert(
    fc.property(fc.oneof({ weight: 6, arbitrary: texts }, fc.json()), (text) => {
      expect(faultsOf(used(text))).toEqual([]);
    }),
    { numRuns },
  );
});

test("a submission is read cleanly, out of its envelope", () => {
  const text = fc.oneof({ weight: 6, arbitrary: submission }, fc.json());
  fc.assert(
    fc.property(text, value, (detail, receivedAt) => {
      expect(faultsOf(usedSubmission(detail, receivedAt))).toEqual([]);
    }),
    { numRuns: RUNS },
  );
});
