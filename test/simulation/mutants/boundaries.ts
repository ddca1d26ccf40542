import type { SQSRecord } from "aws-lambda";
import * as v from "valibot";

import { mergeState } from "../../../lambdas/domain/application/application-state.ts";
import type { ApplicationState } from "../../../lambdas/domain/application/application-state.ts";
import { timeToDecision } from "../../../lambdas/domain/routing/counted-outcome.ts";
import { parseWebhook } from "../../../lambdas/domain/event/parse-webhook.ts";
import {
  stateOfEvent,
  stateOfSubmission,
} from "../../../lambdas/domain/application/observation.ts";
import type { Submission } from "../../../lambdas/domain/application/observation.ts";
import type {
  CheckRequest,
  EventRecord,
  Merged,
  Recording,
} from "../../../lambdas/domain/ports.ts";
import { parseSubmission } from "../../../lambdas/domain/event/submission.ts";
import { MemoryApplicationTable } from "../../../tools/cloud-in-memory/application-table.ts";
import { aConsumer } from "../../support/consumer.ts";
import { batchOf } from "../../../tools/cloud-in-memory/builders.ts";
import { aJourneyEvent } from "../../support/journey-event.ts";
import type { FaultPoints } from "../faults/fault-points.ts";
import type { Mutant } from "./mutant.ts";

const AT = Date.UTC(2026, 10, 23, 20);
const HOUR = 3_600_000;
const SUBMITTED = { journey_application_token: "JA-1", journey_token: "J-1" };

function submissionOf(changes: object): Submission {
  const parsed = parseSubmission({ ...SUBMITTED, ...changes }, AT);
  if ("reason" in parsed) throw new Error(parsed.reason);
  return parsed.submission;
}

/** What can be lost, rounded or taken for something else where a text of others is read. */
export const BOUNDARY_MUTANTS: readonly Mutant[] = [
  {
    id: "number-rounded",
    what: "JSON.parse rounds an id of twenty digits: two reviews have one content id",
    async hunt(isPlanted) {
      const idOf = (number: string) => {
        const body = `{"type":"create:reviews:is_entity","data":{"review_token":${number}}}`;
        const parsed = parseWebhook(isPlanted ? JSON.stringify(JSON.parse(body)) : body);
        return parsed.kind === "other" ? parsed.webhook.eventId : parsed.kind;
      };
      return idOf("12345678901234567891") === idOf("12345678901234567892")
        ? "two reviews are one event"
        : null;
    },
  },
  {
    id: "seconds-as-milliseconds",
    what: "a time in seconds is read as milliseconds: a decision of an hour takes 56 years",
    async hunt(isPlanted) {
      const seconds = (AT - HOUR) / 1_000;
      const read = submissionOf({ created_at: seconds });
      const before = stateOfSubmission(isPlanted ? { ...read, submittedAt: seconds } : read);
      const end = aJourneyEvent({ type: "completed_application", at: AT, outcome: "Approved" });
      const took = timeToDecision({ before, after: mergeState(before, stateOfEvent(end)) });
      return took === HOUR ? null : `a decision of an hour took ${took} ms`;
    },
  },
  {
    id: "whitespace-id",
    what: "an external id of white space is taken for one, and hides the submission's",
    async hunt(isPlanted) {
      const blank = "   ";
      const parsed = parseWebhook(
        JSON.stringify({
          type: "update:journeyapplications",
          data: { ...SUBMITTED, type: "pending_review", timestamp: AT, external_group_id: blank },
        }),
      );
      if (parsed.kind !== "journey-event") return `a Journey event is ${parsed.kind}`;
      const { externalIds } = parsed.event;
      const event = isPlanted
        ? { ...parsed.event, externalIds: { ...externalIds, group: blank } }
        : parsed.event;
      const submitted = stateOfSubmission(submissionOf({ external_group_id: "acct-1" }));
      const { group } = mergeState(submitted, stateOfEvent(event)).externalIds;
      return group === "acct-1" ? null : `the account is ${JSON.stringify(group)}`;
    },
  },
  {
    id: "hint-forgotten",
    what: "a webhook of which only the application can be read leaves nothing for the poller to ask",
    async hunt(isPlanted) {
      const body = JSON.stringify({
        type: "update:journeyapplications",
        data: { ...SUBMITTED, type: "completed_application", timestamp: "yesterday" },
      });
      const { store, process } = aConsumer({
        store: isPlanted ? new HintlessTable() : new MemoryApplicationTable(),
      });
      await process(batchOf([body]));
      const due = await store.countDue(Infinity);
      return due === 1 ? null : `${due} applications are to be checked`;
    },
  },
  {
    id: "body-reserialised",
    what: "what is recorded of a webhook is JSON that was read and written again, not its bytes",
    async hunt(isPlanted) {
      const body = `{ "type" : "update:journeyapplications", "data": {"journey_application_token":"JA-1",
        "journey_token":"J-1","type":"pending_review","timestamp":${AT},"amount":1.50,"amount":1.50} }`;
      const { store, process } = aConsumer({
        store: isPlanted ? new RewritingTable() : new MemoryApplicationTable(),
      });
      await process(batchOf([body]));
      const [recorded] = store.events.values();
      return textOf(recorded) === body ? null : "the record is not what came";
    },
  },
  {
    id: "family-by-its-spelling",
    what: "a Journey event whose envelope spells its family otherwise is another family's",
    needs: "odd-family",
    plant: () =>
      rewritten("webhook", (webhook) => {
        const isKnown = String(webhook["type"]).startsWith("update:journeyapplications:");
        return isKnown ? webhook : { ...webhook, data: { other: webhook["data"] } };
      }),
  },
  {
    id: "optional-field-dead-letters",
    what: "a submission whose optional fields are of another type goes to the dead-letter queue",
    needs: "odd-submission",
    plant: () => rewritten("submission", (said) => (v.is(StrictSchema, said) ? said : null)),
  },
  {
    id: "time-as-text-unread",
    what: "a time in ISO 8601 or in text is none: the event has no effect until Alloy is asked",
    needs: "odd-times",
    plant: () =>
      rewritten("webhook", (webhook) => {
        const data = Object(webhook["data"]);
        const isRead = typeof data["timestamp"] === "number" && data["timestamp"] > 1e12;
        return isRead ? webhook : { ...webhook, data: { ...data, timestamp: null } };
      }),
  },
];

/** As a schema that knows what the documentation shows, and nothing else. */
const StrictSchema = v.object({
  journey_application_token: v.string(),
  external_application_id: v.optional(v.string()),
  _embedded: v.optional(v.object({})),
  created_at: v.optional(v.number()),
});

/** The bug: a hint is not merged. */
class HintlessTable extends MemoryApplicationTable {
  override async mergeState(observation: ApplicationState, check: CheckRequest): Promise<Merged> {
    const isHint = observation.lastEventAt === null && observation.submittedAt === null;
    if (isHint) return { before: null, after: observation };
    return super.mergeState(observation, check);
  }
}

/** The bug: a body is read, and written again. */
class RewritingTable extends MemoryApplicationTable {
  override async recordEvent(event: EventRecord): Promise<Recording> {
    const body = new TextEncoder().encode(JSON.stringify(JSON.parse(textOf(event))));
    return super.recordEvent({ ...event, body });
  }
}

function textOf(event: EventRecord | undefined): string {
  return new TextDecoder().decode(event?.body);
}

/** The bug: what comes of this kind is read as another thing. */
function rewritten(kind: "webhook" | "submission", read: (json: Json) => Json | null): FaultPoints {
  const rewrite = (record: SQSRecord): SQSRecord => {
    const message: Json = JSON.parse(record.body);
    const { kind: own, body, submission } = message;
    if (own !== kind) return record;
    if (kind === "submission")
      return {
        ...record,
        body: JSON.stringify({ ...message, submission: read(Object(submission)) }),
      };
    const webhook = typeof body === "string" ? jsonIn(body) : null;
    if (webhook === null) return record;
    return { ...record, body: JSON.stringify({ ...message, body: JSON.stringify(read(webhook)) }) };
  };
  return {
    consumer: (handle) => (event, context) =>
      handle({ Records: event.Records.map(rewrite) }, context),
  };
}

type Json = Readonly<Record<string, unknown>>;

/** Null: no JSON object, or one without `data` of an event. */
function jsonIn(body: string): Json | null {
  if (!body.includes("journey_application_token")) return null;
  const json: Json = JSON.parse(body);
  return json;
}
