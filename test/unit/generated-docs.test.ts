import { readdirSync, readFileSync } from "node:fs";

import * as v from "valibot";
import { expect, test } from "vitest";

import { GapNoticeSchema } from "../../events/gap-notice.ts";
import { RoutedEventSchema } from "../../events/published-event.ts";
import { EVENT_TYPES } from "../../lambdas/domain/event/event-types.ts";
import { noticeOf } from "../../lambdas/domain/routing/gap-notice.ts";
import { gapOf } from "../../lambdas/domain/reconciliation/gap.ts";
import { parseWebhook } from "../../lambdas/domain/event/parse-webhook.ts";
import { stateOfEvent, stateOfSubmission } from "../../lambdas/domain/application/observation.ts";
import {
  publishedEvent,
  publishedUnsupportedWebhook,
} from "../../lambdas/domain/routing/published-event.ts";
import { routeFor } from "../../lambdas/domain/routing/route.ts";
import { aSubmission } from "../support/snapshots.ts";

const root = new URL("../../", import.meta.url);
const receipt = {
  receiptId: "receipt-1",
  origin: "webhook",
  receivedAt: 1_760_000_000_500,
} as const;

function published(folder: string, file: string): unknown {
  const parsed = parseWebhook(
    readFileSync(new URL(`test/fixtures/${folder}/${file}`, root), "utf8"),
  );
  const { kind } = parsed;
  switch (kind) {
    case "invalid":
      throw new Error(`${file}: ${parsed.reason}`);
    case "journey-event": {
      const { event } = parsed;
      const [route, state] = [routeFor(event, {}), stateOfEvent(event)];
      const how = { sequence: 1, late: false, receipt, environment: "sandbox" } as const;
      return publishedEvent({ event, route, state, ...how });
    }
    case "other":
    case "unrecognised": {
      const { webhook } = parsed;
      return publishedUnsupportedWebhook({ webhook, route: kind, receipt, environment: "sandbox" });
    }
  }
}

// Nobody can ever read these: they are dead-lettered, and nothing is published.
const invalid = ["not-json.txt", "timestamp-in-seconds.json"];
const fixtures = ["events", "other"].flatMap((folder) =>
  readdirSync(new URL(`test/fixtures/${folder}`, root))
    .filter((file) => !invalid.includes(file))
    .map((file) => [folder, file] as const),
);

test.each(fixtures)(
  "the schema of docs/events.md fits what is published of %s/%s",
  (folder, file) => {
    const detail = published(folder, file);

    // A field that the schema does not name would be missing in its output.
    expect(v.parse(RoutedEventSchema, detail)).toEqual(detail);
  },
);

const [since, now] = [1_760_000_000_000, 1_760_000_600_000];
const application = { applicationToken: "JA-1", before: null };
const event = { eventId: "event-1", type: "completed_application", at: since };
const gap = gapOf(
  [{ event: { ...event, stage: "rejected" }, evidence: "a 401" }],
  application,
  now,
);

test.each([
  ["opened", null, gap],
  ["closed", gap, null],
] as const)(
  "the schema of a delivery gap fits the notice of one that %s",
  (change, before, after) => {
    const state = stateOfSubmission(aSubmission({ submittedAt: since }));

    const notice = noticeOf({
      state,
      before,
      after,
      isGivenUp: false,
      now,
      environment: "sandbox",
    });

    expect(notice?.change).toBe(change);
    expect(v.parse(GapNoticeSchema, notice)).toEqual(notice);
  },
);

test("Alloy's event types are the 37 of the specification, and two names that only its pages use", () => {
  const ofPages = ["waiting_evaluation", "data_request"];

  expect(Object.keys(EVENT_TYPES).filter((type) => !ofPages.includes(type))).toHaveLength(37);
});
