import * as v from "valibot";

import { mergeState } from "../../../lambdas/domain/application/application-state.ts";
import { timeToDecision } from "../../../lambdas/domain/routing/counted-outcome.ts";
import { parseWebhook } from "../../../lambdas/domain/event/parse-webhook.ts";
import {
  stateOfEvent,
  stateOfSubmission,
} from "../../../lambdas/domain/application/observation.ts";
import type { Submission } from "../../../lambdas/domain/application/observation.ts";
import type { EventRecord } from "../../../lambdas/domain/ports.ts";
import { parseSubmission } from "../../../lambdas/domain/event/submission.ts";
import { aConsumer } from "../../support/consumer.ts";
import { batchOf } from "../../../tools/cloud-in-memory/builders.ts";
import { aJourneyEvent } from "../../support/journey-event.ts";
import type { FaultPoints } from "../faults/fault-points.ts";
import type { Mutants } from "./mutant.ts";
import { aTable, readingMessages } from "./plant.ts";
import { HOUR } from "../../../tools/cloud-in-memory/clock.ts";

const AT = Date.UTC(2026, 10, 23, 20);
const SUBMITTED = { journey_application_token: "JA-1", journey_token: "J-1" };

function submissionOf(changes: object): Submission {
  const parsed = parseSubmission({ ...SUBMITTED, ...changes }, AT);
  if ("reason" in parsed) throw new Error(parsed.reason);
  return parsed.submission;
}

/** What can be lost, rounded or taken for something else where a text of others is read. */
export const BOUNDARY_MUTANTS: Mutants = {
  "number-rounded": {
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
  "seconds-as-milliseconds": {
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
  "whitespace-id": {
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
  "hint-forgotten": {
    what: "a webhook of which only the application can be read leaves nothing for the poller to ask",
    async hunt(isPlanted) {
      const body = JSON.stringify({
        type: "update:journeyapplications",
        data: { ...SUBMITTED, type: "completed_application", timestamp: "yesterday" },
      });
      // A hint is not merged.
      const table = aTable(isPlanted, (right) => ({
        async mergeState(observation, check) {
          const isHint = observation.lastEventAt === null && observation.submittedAt === null;
          if (isHint) return { before: null, after: observation };
          return right.mergeState(observation, check);
        },
      }));
      const { store, process } = aConsumer({ store: table });
      await process(batchOf([body]));
      const due = await store.countDue(Infinity);
      return due === 1 ? null : `${due} applications are to be checked`;
    },
  },
  "body-reserialised": {
    what: "what is recorded of a webhook is JSON that was read and written again, not its bytes",
    async hunt(isPlanted) {
      const body = `{ "type" : "update:journeyapplications", "data": {"journey_application_token":"JA-1",
        "journey_token":"J-1","type":"pending_review","timestamp":${AT},"amount":1.50,"amount":1.50} }`;
      const table = aTable(isPlanted, (right) => ({
        recordEvent: (event) =>
          right.recordEvent({
            ...event,
            body: Buffer.from(JSON.stringify(JSON.parse(textOf(event)))),
          }),
      }));
      const { store, process } = aConsumer({ store: table });
      await process(batchOf([body]));
      const [recorded] = store.events.values();
      return textOf(recorded) === body ? null : "the record is not what came";
    },
  },
  "family-by-its-spelling": {
    what: "a Journey event whose envelope spells its family otherwise is another family's",
    needs: "odd-family",
    plant: () =>
      readingWebhooks((webhook) => {
        const isKnown = String(webhook["type"]).startsWith("update:journeyapplications:");
        return isKnown ? webhook : { ...webhook, data: { other: webhook["data"] } };
      }),
  },
  "optional-field-dead-letters": {
    what: "a submission whose optional fields are of another type goes to the dead-letter queue",
    needs: "odd-submission",
    plant: () =>
      readingMessages("submission", (message) =>
        v.is(StrictSchema, message["submission"]) ? message : { ...message, submission: null },
      ),
  },
  "time-as-text-unread": {
    what: "a time in ISO 8601 or in text is none: the event has no effect until Alloy is asked",
    needs: "odd-times",
    plant: () =>
      readingWebhooks((webhook) => {
        const data = Object(webhook["data"]);
        const isRead = typeof data["timestamp"] === "number" && data["timestamp"] > 1e12;
        return isRead ? webhook : { ...webhook, data: { ...data, timestamp: null } };
      }),
  },
};

/** As a schema that knows what the documentation shows, and nothing else. */
const StrictSchema = v.object({
  journey_application_token: v.string(),
  external_application_id: v.optional(v.string()),
  _embedded: v.optional(v.object({})),
  created_at: v.optional(v.number()),
});

function textOf(event: EventRecord | undefined): string {
  return new TextDecoder().decode(event?.body);
}

type Json = Readonly<Record<string, unknown>>;

/** A consumer that reads something else in each event's webhook. */
function readingWebhooks(wrong: (webhook: Json) => Json): FaultPoints {
  return readingMessages("webhook", (message) => {
    const { body } = message;
    if (typeof body !== "string" || !body.includes("journey_application_token")) return message;
    return { ...message, body: JSON.stringify(wrong(JSON.parse(body))) };
  });
}
