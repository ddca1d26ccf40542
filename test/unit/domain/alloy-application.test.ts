import { describe, expect, test } from "vitest";

import { parseAlloyApplication } from "../../../lambdas/domain/reconciliation/alloy-application.ts";
import { parseWebhook } from "../../../lambdas/domain/event/parse-webhook.ts";
import { asJourneyEvent, fixtureOf } from "../../support/parsed-webhook.ts";

const ASKED = { applicationToken: "JA-1", journeyToken: "J-1" };
const NEWEST_EVENT_AT = 1_760_000_061_453;

const fixture = (name: string) => JSON.parse(fixtureOf(`alloy-api/${name}.json`));
const ANSWER = fixture("get-application");
const RERUN = fixture("get-application-rerun");
const ORIGINAL = fixture("get-application-rerun-original");

function read(body: string, asked: typeof ASKED) {
  const result = parseAlloyApplication(body, asked);
  if ("reason" in result) throw new Error(result.reason);
  return result.application;
}

/** An answer of Alloy's, but for what is changed in it. */
function parsed(changes: object = {}, answer: typeof ANSWER = ANSWER) {
  return read(JSON.stringify({ ...answer, ...changes }), {
    applicationToken: answer.journey_application_token,
    journeyToken: answer._embedded.journey.journey_token,
  });
}

describe("the answer to Get Journey Application", () => {
  test("is read into a snapshot and the events of the application", () => {
    const application = parsed();

    expect(application.snapshot).toEqual({
      applicationToken: "JA-exampleQ7cT2mLxR4vB9sNd",
      journeyToken: "J-exampleOnboardingVXk2",
      status: "completed",
      outcome: "Approved",
      at: NEWEST_EVENT_AT,
      environment: "sandbox",
      externalIds: { group: "acct-1001", partner: null, application: "app-1001" },
      entityIds: { "P-exampleHolderK3w8Zy": "person-1" },
      chain: { previous: null, root: null, next: null, rerunBy: null },
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
    const { events } = parsed();

    const webhooks = ANSWER._embedded.events.map((data: unknown) =>
      parseWebhook(JSON.stringify({ type: "update:journeyapplications:sandbox", data })),
    );
    expect(webhooks).toMatchObject(events.map(({ event }) => ({ kind: "journey-event", event })));
    expect(events.map(({ webhook }) => parseWebhook(JSON.stringify(webhook)))).toMatchObject(
      webhooks,
    );
  });

  test("fills in what the list's elements leave out", () => {
    const events = [{ type: "started_application", timestamp: NEWEST_EVENT_AT }];
    const journey = { journey_token: "J-1", journey_name: "Onboarding" };
    const answer = { journey_application_token: "JA-1", status: "running", sandbox: false };

    expect(
      parsed({}, { ...answer, _embedded: { events, journey } }).events[0]?.event,
    ).toMatchObject({
      ...ASKED,
      journeyName: "Onboarding",
      environment: "live",
    });
  });

  test("says of each event that its application is a shadow one", () => {
    const { events } = parsed({ is_shadow_app: true });

    const again = events.map(({ webhook }) => asJourneyEvent(JSON.stringify(webhook)).event);
    expect([...events.map(({ event }) => event), ...again].every((one) => one.isShadow)).toBe(true);
    expect(again).toHaveLength(8);
  });

  test("names the two ends of a rerun", () => {
    const original = parsed({}, ORIGINAL);

    const applicationToken = RERUN.journey_application_token;
    expect(original.reruns.map((one) => one.applicationToken)).toEqual([applicationToken]);
    expect(original.snapshot?.chain.next).toBe(applicationToken);
    expect(parsed({}, RERUN).snapshot?.chain.previous).toBe(original.applicationToken);
    expect(parsed({}, RERUN).snapshot?.chain.rootGroup).toBe("acct-1001");
  });

  test.each(["Completed", "COMPLETED", " completed ", "completed"])(
    "names its status in any case of letters: %s",
    (status) => {
      expect(parsed({ status })).toMatchObject({
        snapshot: { status: "completed", outcome: "Approved" },
        unrecognisedStatus: null,
      });
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
    const shadow = { ...RERUN, is_shadow_app: true };

    expect(parsed({ status }, shadow)).toEqual({
      ...parsed({}, shadow),
      unrecognisedStatus: unrecognised,
      snapshot: { ...parsed({}, shadow).snapshot, status: null, outcome: null },
    });
    const { reruns, events, snapshot } = parsed({ status }, ORIGINAL);
    expect({ reruns, events }).toMatchObject({
      reruns: parsed({}, ORIGINAL).reruns,
      events: parsed({}, ORIGINAL).events,
    });
    expect(snapshot?.chain.next).toBe(RERUN.journey_application_token);
  });

  test("keeps no more than the beginning of a status that is absurdly long", () => {
    const { unrecognisedStatus } = parsed({ status: "x".repeat(100_000) });

    expect(unrecognisedStatus).toBe(`${"x".repeat(1_021)}…`);
  });

  test("hands an event of the list on with its numbers as they stood", () => {
    const body = `{"journey_application_token":"JA-1","status":"running","external_group_id":12345678901234567890,
      "_embedded":{"events":[{"type":"error","timestamp":1760000000000,"external_group_id":12345678901234567890,
      "score":1e400,"journey_token":"","journey_name":null}]}}`;

    const { snapshot, events } = read(body, ASKED);

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
    ["before its events", ANSWER.created_at],
    ["far too large", 9e15],
    ["negative", -1],
    ["words", "yesterday"],
    ["absent", undefined],
  ])("is no older than its events when its times are %s", (_, time) => {
    expect(parsed({ updated_at: time, created_at: time }).snapshot?.at).toBe(NEWEST_EVENT_AT);
  });

  test.each([
    ["9e15", 9e15, Date.UTC(2015, 0, 1)],
    ["negative", -1, Date.UTC(2015, 0, 1)],
    ["absent", undefined, Date.UTC(2015, 0, 1)],
    ["text", "1760000061", 1_760_000_061_000],
    ["seconds", 1_760_000_061, 1_760_000_061_000],
    ["ISO 8601", "2025-10-09T08:54:21Z", 1_760_000_061_000],
  ])("without events is of the time that it names, or of Alloy's first: %s", (_, time, at) => {
    const { events: __, ...embedded } = ANSWER._embedded;
    const changes = { updated_at: time, created_at: time, _embedded: embedded };

    expect(parsed(changes).snapshot?.at).toBe(at);
  });

  test.each(["is_shadow_app", "is_shadow_application"])("knows a shadow one by %s", (name) => {
    expect(parsed({ is_shadow_app: null, [name]: true }).snapshot?.isShadow).toBe(true);
  });

  test("counts elements that are no events, and leaves out another application's", () => {
    const [first] = ANSWER._embedded.events;
    const other = { ...first, journey_application_token: "JA-other" };
    const listed = [null, "event", {}, { type: "error" }, other, first];

    const { events, unreadableEvents } = parsed({
      _embedded: { ...ANSWER._embedded, events: listed },
    });

    expect(events).toHaveLength(1);
    expect(unreadableEvents).toBe(4);
  });

  test.each([
    ["a page of HTML", "<html>Ada Secret</html>", /not JSON/],
    ["JSON of something else", `{"applicant":"Ada Secret"}`, /wrong at journey_application_token/],
    ["nothing", "", /not JSON/],
    ["deeper than anything of Alloy's", "[".repeat(5_000), /deeper/],
    ["another application", `{"journey_application_token":"Ada-2","status":"running"}`, /another/],
  ])("is refused without quoting it when it is %s", (_, body, reason) => {
    const result = parseAlloyApplication(body, ASKED);

    expect(result).toEqual({ reason: expect.stringMatching(reason) });
    expect(JSON.stringify(result)).not.toContain("Ada");
  });
});
