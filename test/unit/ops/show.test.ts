import { brotliCompressSync } from "node:zlib";
import { expect, it } from "vitest";
import type { StoredApplication } from "../../../tools/ops/application.ts";
import { marshall } from "@aws-sdk/util-dynamodb";
import { idempotencyKeyOf } from "../../../lambdas/adapters/idempotency-key.ts";
import { IDEMPOTENCY } from "../../../lambdas/settings/limits.ts";
import { describe as describeApplication, readTimeline } from "../../../tools/ops/show.ts";
import { anAnsweringStack } from "../../support/operator.ts";

const AT = Date.parse("2026-11-23T20:00:00.000Z");
const PERSONAL = "Ada Lovelace";

const application: StoredApplication = {
  token: "JA-1",
  state: {
    journeyName: "Onboarding",
    journeyToken: "J-1",
    environment: "live",
    externalId: PERSONAL,
    status: "waiting_review",
    effects: ["e1"],
    lastEventAt: AT,
    dueAt: AT + 60_000,
    gap: {
      stage: "dead-lettered",
      since: AT,
      evidence: "its failure is recorded",
      events: [{ eventId: "e2", type: "completed_application", at: AT + 1_000 }],
    },
  },
  events: [
    {
      eventId: "e1",
      type: "pending_review",
      eventAt: AT,
      receivedAt: AT + 2_000,
      origin: "webhook",
      route: "manual-review",
      body: brotliCompressSync(JSON.stringify({ name: PERSONAL })),
    },
  ],
  failures: [
    {
      eventId: "e2",
      eventType: "completed_application",
      reason: "Publishing failed: Throttled",
      failedAt: AT + 3_000,
      deadLettered: true,
    },
  ],
  unreadable: [],
};

it("tells an application, where its truth stopped, and why", () => {
  expect(describeApplication(application, false).join("\n")).toBe(`Application  JA-1
Journey      Onboarding (J-1), live
External id  hidden; --bodies shows it
Status       waiting_review
Outcome      -
Submitted    -
Last event   2026-11-23T20:00:00.000Z
Next check   2026-11-23T20:01:00.000Z
Gap          dead-lettered since 2026-11-23T20:00:00.000Z: its failure is recorded
             2026-11-23T20:00:01.000Z  completed_application; e2

Events (1), in Alloy's order:
  2026-11-23T20:00:00.000Z  pending_review; by webhook, attempt 2, 2 s later; e1
    published → manual-review as number 1
  2026-11-23T20:00:01.000Z  completed_application: MISSING here; e2

Failures (1):
  2026-11-23T20:00:03.000Z  completed_application, dead-lettered: Publishing failed: Throttled; e2`);
});

it("shows what is personal when asked", () => {
  const text = describeApplication(application, true).join("\n");

  expect(text).toContain(`External id  ${PERSONAL}\n`);
  expect(text).toContain(`{"name":"${PERSONAL}"}`);
});

it("hides nothing behind an item or a body that cannot be read", () => {
  const [event] = application.events;
  const events =
    event === undefined ? [] : [{ ...event, eventId: "e0", body: Buffer.from("no brotli") }, event];
  const damaged = { ...application, events, unreadable: ["EVENT#1#e0"] };

  const lines = describeApplication(damaged, true);

  expect(lines.filter((line) => line.startsWith("    (cannot be read: "))).toHaveLength(1);
  expect(lines.join("\n")).toContain(`{"name":"${PERSONAL}"}`);
  expect(lines.slice(-2)).toEqual(["Unreadable items (1):", "  EVENT#1#e0"]);
});

it("reads from the idempotency record of an event when the bus had it", async () => {
  const [event] = application.events;
  const state = { pk: "APPLICATION#JA-1", sk: "STATE", effects: ["e1"] };
  const Items = [state, { pk: "APPLICATION#JA-1", sk: "EVENT#1", ...event }].map((item) =>
    marshall(item),
  );
  const expiration = (AT + 5_000 + IDEMPOTENCY.windowMs) / 1_000;
  const record = marshall({ id: idempotencyKeyOf("e1"), status: "COMPLETED", expiration });
  const answers = { Query: { Items }, BatchGetItem: { Responses: { records: [record] } } };

  const { events } = await readTimeline(anAnsweringStack(answers), "JA-1");

  expect(events).toMatchObject([
    { publication: { state: "published", acknowledgedAt: "2026-11-23T20:00:05.000Z" } },
  ]);
});
