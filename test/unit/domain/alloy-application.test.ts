import { readFileSync } from "node:fs";

import { describe, expect, test } from "vitest";

import { parseAlloyApplication } from "../../../lambdas/domain/reconciliation/alloy-application.ts";
import { parseWebhook } from "../../../lambdas/domain/event/parse-webhook.ts";

function fixture(name: string): string {
  return readFileSync(new URL(`../../fixtures/alloy-api/${name}`, import.meta.url), "utf8");
}

function tokensOf(body: string) {
  const { journey_application_token, _embedded } = JSON.parse(body);
  return {
    applicationToken: journey_application_token,
    journeyToken: _embedded.journey.journey_token,
  };
}

function parsed(body: string, asked = tokensOf(body)) {
  const result = parseAlloyApplication(body, asked);
  if ("reason" in result) throw new Error(result.reason);
  return result.application;
}

describe("the answer to Get Journey Application", () => {
  test("is read into a snapshot and the events of the application", () => {
    const application = parsed(fixture("get-application.json"));

    expect(application.snapshot).toEqual({
      applicationToken: "JA-exampleQ7cT2mLxR4vB9sNd",
      journeyToken: "J-exampleOnboardingVXk2",
      status: "completed",
      outcome: "Approved",
      at: 1_760_000_061_453,
      environment: "sandbox",
      externalIds: { group: "acct-1001", partner: null, application: "app-1001" },
      chain: { previous: null, root: null, next: null },
      isShadow: false,
    });
    expect(application.events.map(({ event }) => event.type)).toEqual([
      "started_application",
      "visited_node",
      "started_evaluation",
      "completed_evaluation",
      "pending_review",
      "completed_review",
      "completed_branch",
      "completed_application",
    ]);
    expect(application.unreadableEvents).toBe(0);
  });

  test("gives events the ids that their webhooks have", () => {
    const body = fixture("get-application.json");

    const { events } = parsed(body);

    const webhooks = JSON.parse(body)._embedded.events.map((data: unknown) =>
      parseWebhook(JSON.stringify({ type: "update:journeyapplications:sandbox", data })),
    );
    expect(webhooks).toMatchObject(events.map(({ event }) => ({ kind: "journey-event", event })));
    expect(events.map(({ webhook }) => parseWebhook(JSON.stringify(webhook)))).toMatchObject(
      webhooks,
    );
  });

  test("fills in what the list's elements leave out", () => {
    const body = JSON.stringify({
      journey_application_token: "JA-1",
      status: "running",
      sandbox: false,
      _embedded: {
        events: [{ type: "started_application", timestamp: 1_760_000_000_000 }],
        journey: { journey_token: "J-1", journey_name: "Onboarding" },
      },
    });

    const { events } = parsed(body);

    expect(events[0]?.event).toMatchObject({
      applicationToken: "JA-1",
      journeyToken: "J-1",
      journeyName: "Onboarding",
      environment: "live",
    });
  });

  test("says of each event that its application is a shadow one", () => {
    const answer = { ...JSON.parse(fixture("get-application.json")), is_shadow_app: true };

    const { events } = parsed(JSON.stringify(answer));

    expect(events.every(({ event }) => event.isShadow)).toBe(true);
    const told = events.map(({ webhook }) => parseWebhook(JSON.stringify(webhook)));
    expect(told.every((one) => one.kind === "journey-event" && one.event.isShadow)).toBe(true);
  });

  test("names the two ends of a rerun", () => {
    const original = parsed(fixture("get-application-rerun-original.json"));
    const rerun = parsed(fixture("get-application-rerun.json"));

    const { applicationToken } = tokensOf(fixture("get-application-rerun.json"));
    expect(original.reruns.map((one) => one.applicationToken)).toEqual([applicationToken]);
    expect(original.snapshot?.chain.next).toBe(applicationToken);
    expect(rerun.snapshot?.chain.previous).toBe(original.applicationToken);
  });

  test("is never older than the events it is given with", () => {
    const body = JSON.parse(fixture("get-application.json"));
    body.updated_at = body.created_at;

    expect(parsed(JSON.stringify(body)).snapshot?.at).toBe(1_760_000_061_453);
  });

  test.each(["Completed", "COMPLETED", " completed ", "completed"])(
    "names its status in any case of letters: %s",
    (status) => {
      const body = { ...JSON.parse(fixture("get-application.json")), status };

      const { snapshot, unrecognisedStatus } = parsed(JSON.stringify(body));

      expect(snapshot).toMatchObject({ status: "completed", outcome: "Approved" });
      expect(unrecognisedStatus).toBeNull();
    },
  );

  test.each([
    ["withdrawn", "withdrawn"],
    ["Pondering It", "Pondering It"],
    [undefined, "(none)"],
    [null, "(none)"],
    [" ", "(none)"],
    [7, "7"],
  ])("with a status that nobody knows loses nothing else: %j", (status, unrecognised) => {
    const rerun = { ...JSON.parse(fixture("get-application-rerun.json")), is_shadow_app: true };
    const original = JSON.parse(fixture("get-application-rerun-original.json"));

    const application = parsed(JSON.stringify({ ...rerun, status }));
    const { reruns, events, snapshot } = parsed(JSON.stringify({ ...original, status }));

    expect(application).toMatchObject({
      unrecognisedStatus: unrecognised,
      snapshot: {
        status: null,
        isShadow: true,
        chain: { previous: rerun._embedded.rerun.previous_journey_application_token },
        externalIds: { group: rerun.external_group_id },
      },
    });
    expect(reruns).toEqual(parsed(JSON.stringify(original)).reruns);
    expect(reruns).not.toEqual([]);
    expect(snapshot?.chain.next).toBe(reruns[0]?.applicationToken);
    expect(events).toEqual(parsed(JSON.stringify(original)).events);
  });

  test("keeps no more than the beginning of a status that is absurdly long", () => {
    const body = { ...JSON.parse(fixture("get-application.json")), status: "x".repeat(100_000) };

    expect(parsed(JSON.stringify(body)).unrecognisedStatus).toBe(`${"x".repeat(1_021)}…`);
  });

  test("hands an event of the list on with its numbers as they stood", () => {
    const body = `{"journey_application_token":"JA-1","status":"running","external_group_id":12345678901234567890,
      "_embedded":{"events":[{"type":"error","timestamp":1760000000000,"external_group_id":12345678901234567890,
      "score":1e400,"journey_token":"","journey_name":null}]}}`;

    const asked = { applicationToken: "JA-1", journeyToken: "J-1" };
    const { snapshot, events } = parsed(body, asked);

    expect(snapshot?.externalIds.group).toBe("12345678901234567890");
    expect(JSON.stringify(events[0]?.webhook)).toContain(
      `"external_group_id":12345678901234567890,"score":1e400`,
    );
    expect(events[0]?.event).toMatchObject({
      journeyToken: "J-1",
      externalIds: { group: "12345678901234567890" },
    });
  });

  test.each([
    ["far too large", 9e15],
    ["negative", -1],
    ["words", "yesterday"],
    ["absent", undefined],
  ])("with times that cannot be is no younger than its events: %s", (_, time) => {
    const body = {
      ...JSON.parse(fixture("get-application.json")),
      updated_at: time,
      created_at: time,
    };
    const { events, ...embedded } = body._embedded;

    expect(parsed(JSON.stringify(body)).snapshot?.at).toBe(1_760_000_061_453);
    const alone = parsed(JSON.stringify({ ...body, _embedded: embedded }));
    expect(alone.snapshot?.at).toBe(Date.UTC(2015, 0, 1));
    expect(events).toHaveLength(8);
  });

  test.each(["1760000061", 1_760_000_061, "2025-10-09T08:54:21Z"])(
    "may name its time as %s",
    (updated_at) => {
      const body = { ...JSON.parse(fixture("get-application.json")), updated_at, _embedded: null };

      const asked = { applicationToken: body.journey_application_token, journeyToken: "J-1" };
      expect(parsed(JSON.stringify(body), asked).snapshot?.at).toBe(1_760_000_061_000);
    },
  );

  test.each(["is_shadow_app", "is_shadow_application"])("knows a shadow one by %s", (name) => {
    const body = { ...JSON.parse(fixture("get-application.json")), is_shadow_app: null };

    expect(parsed(JSON.stringify({ ...body, [name]: true })).snapshot?.isShadow).toBe(true);
  });

  test("counts elements that are no events, and leaves out another application's", () => {
    const body = JSON.parse(fixture("get-application.json"));
    const [first] = body._embedded.events;
    const other = { ...first, journey_application_token: "JA-other" };
    body._embedded.events = [null, "event", {}, { type: "error" }, other, first];

    const { events, unreadableEvents } = parsed(JSON.stringify(body));

    expect(events).toHaveLength(1);
    expect(unreadableEvents).toBe(4);
  });

  test.each([
    ["a page of HTML", "<html>Bad gateway", /not JSON/],
    ["JSON of something else", `{"hello":"world"}`, /wrong at journey_application_token/],
    ["nothing", "", /not JSON/],
    ["deeper than anything of Alloy's", "[".repeat(5_000), /deeper/],
    ["another application", `{"journey_application_token":"JA-2","status":"running"}`, /another/],
  ])("is refused when it is %s", (_, body, reason) => {
    const result = parseAlloyApplication(body, { applicationToken: "JA-1", journeyToken: "J-1" });

    expect(result).toEqual({ reason: expect.stringMatching(reason) });
  });

  test("is refused without quoting it", () => {
    const body = `{"applicant":"Ada Secret"}`;

    const result = parseAlloyApplication(body, { applicationToken: "JA-1", journeyToken: "J-1" });

    expect(JSON.stringify(result)).not.toContain("Ada");
  });
});
