import { unmarshall } from "@aws-sdk/util-dynamodb";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { applicationStateOf } from "../../lambdas/adapters/dynamo/application-item.ts";
import { outcomeOf, statusOf } from "../../lambdas/domain/application/application-state.ts";
import type { PublishedEvent } from "../../lambdas/domain/routing/published-event.ts";
import {
  attributesOf,
  mergeState,
  parseWebhook,
  stateOfEvent,
} from "../fixtures/stored/0.1.0.writer.mjs";
import { startDynamoDb } from "../support/dynalite.ts";
import type { LocalDynamoDb } from "../../tools/cloud-in-memory/dynalite.ts";
import { readReleased, Upgraded } from "../support/released.ts";

/** A thousand calls of a database in this process. */
const LONG_MS = 120_000;
const ENDS: readonly string[] = ["approved", "denied", "completed", "errored", "expired"];

describe.each(["0.1.0"])("over what the release %s left behind", (version) => {
  const released = readReleased(version);
  const kindOf = (token: string | null) =>
    released.applications.find((one) => one.token === token)?.kind ?? "another webhook";
  const effects = (events: readonly PublishedEvent[]) =>
    events.map(({ applicationToken, eventType, route }) =>
      [kindOf(applicationToken), eventType, route].join(" "),
    );
  let dynamo: LocalDynamoDb;
  let upgraded: Upgraded;

  beforeEach(async () => {
    dynamo = await startDynamoDb();
    upgraded = new Upgraded(released, dynamo);
    await upgraded.load();
    // Powertools' records end by the clock of the machine.
    vi.spyOn(Date, "now").mockImplementation(() => upgraded.now);
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await dynamo.close();
  });

  test("every application stands as it stood", () => {
    const states = released.applicationItems
      .map((item) => unmarshall(item))
      .filter(({ sk }) => sk === "STATE");

    const read = states.map((item) => ({
      kind: kindOf(String(item["applicationToken"])),
      status: statusOf(applicationStateOf(item)),
      outcome: outcomeOf(applicationStateOf(item)),
    }));

    expect(read).toEqual(
      states.map(({ applicationToken, status = null, outcome = null }) => {
        const isCompleted = status === "completed";
        return { kind: kindOf(applicationToken), status, outcome: isCompleted ? outcome : null };
      }),
    );
  });

  test("the simulation writes items as that release did", () => {
    // Of these no answer, no submission and no rerun said more than their webhooks.
    const byWebhooks = released.applications.filter(({ kind }) =>
      /^day-old-(open|approved|errored|expired|in-review|retriggered|decided-twice)$/.test(kind),
    );
    const stored = released.applicationItems.map((item) => unmarshall(item));
    expect(byWebhooks).toHaveLength(7);

    for (const { token, delivered } of byWebhooks) {
      const said = delivered
        .map((body) => parseWebhook(body))
        .flatMap((read) => (read.kind === "journey-event" ? [stateOfEvent(read.event)] : []));

      expect(
        stored.find(({ applicationToken, sk }) => sk === "STATE" && applicationToken === token),
      ).toMatchObject(attributesOf(said.reduce(mergeState)));
    }
  });

  test("what was in the queue has its effect once", { timeout: LONG_MS }, async () => {
    await upgraded.takeOver();
    await upgraded.takeOver();

    expect(effects(upgraded.published).toSorted()).toEqual([
      "fresh-closed-silently snapshot denied",
      "fresh-cut-off completed_application approved",
      "fresh-end-missed completed_application approved",
      "fresh-large-body started_application progressed",
      "hour-old-bus-refused completed_application approved",
      "hour-old-in-review completed_review progressed",
      "hour-old-many-applicants completed_application approved",
      "hour-old-open completed_application approved",
      "hour-old-submitted started_application progressed",
      "hour-old-unarchived completed_review progressed",
    ]);
    expect(upgraded.deadLettered.map(({ reason }) => reason)).toEqual([
      "the body is not JSON (4 characters)",
      "the body is not JSON (4 characters)",
    ]);
  });

  test("a webhook that comes again has no second effect", { timeout: LONG_MS }, async () => {
    await upgraded.takeOver();
    const told = upgraded.published.length;
    const recorded = await upgraded.items("EVENT");

    await upgraded.deliver(released.applications.flatMap(({ delivered }) => delivered));

    // The bus had refused it, and takes it now.
    expect(effects(upgraded.published.slice(told))).toEqual([
      "day-old-bus-refused completed_application approved",
    ]);
    expect(await upgraded.items("EVENT")).toHaveLength(recorded.length);
  });

  test.each([
    ["as Alloy's list has it", 0, {}],
    ["a millisecond later", 1, {}],
    ["without its node", 0, { _embedded: { node: { id: null, type: null } } }],
    ["without its applicant", 0, { entity_application_token: null }],
  ])(
    "the webhook of what the poller brought has no second effect: %s",
    { timeout: LONG_MS },
    async (_, offMs, change) => {
      await upgraded.takeOver();
      const told = upgraded.published.length;
      const recorded = await upgraded.items("EVENT");

      const late = released.applications.flatMap(({ withheld }) => withheld);
      await upgraded.deliver(late.map((body) => changed(body, offMs, change)));

      expect(effects(upgraded.published.slice(told))).toEqual([]);
      expect(await upgraded.items("EVENT")).toHaveLength(recorded.length);
    },
  );

  test(
    "the poller follows what is open, and tells what nobody has heard",
    { timeout: LONG_MS },
    async () => {
      await upgraded.takeOver();
      const told = upgraded.published.length;
      await upgraded.poll(30);

      expect(effects(upgraded.published.slice(told)).toSorted()).toEqual([
        "day-old-bus-refused completed_application approved",
        "day-old-error-refused error errored",
        "fresh-submitted snapshot progressed",
        "hour-old-error-refused error errored",
      ]);
      expect(upgraded.notices.filter(({ change }) => change === "opened")).toEqual([]);
      const states = await upgraded.items("STATE");
      const standing = released.applications.map(({ kind, token, answer }) => {
        const { status, outcome = null } =
          states.find((item) => item["applicationToken"] === token) ?? {};
        return { kind, status, outcome: answer.status === "completed" ? outcome : null };
      });
      expect(standing).toEqual(
        released.applications.map(({ kind, answer: { status, complete_outcome } }) => ({
          kind,
          status,
          outcome: status === "completed" ? complete_outcome : null,
        })),
      );
      expect(states.filter(({ gapPk }) => gapPk !== undefined)).toEqual([]);
      // Over both releases no effect was had twice, and no end told twice.
      const all = [...released.published, ...upgraded.published];
      const ids = all.map(({ eventId }) => eventId);
      expect(ids.filter((id, index) => ids.indexOf(id) < index)).toEqual([]);
      const ends = effects(all.filter(({ route }) => ENDS.includes(route))).map(endOf);
      expect(ends.filter((end, index) => ends.indexOf(end) < index)).toEqual([]);
    },
  );

  test("an application that was open or reopened ends", { timeout: LONG_MS }, async () => {
    await upgraded.takeOver();
    const told = upgraded.published.length;
    const open = released.applications.filter(
      ({ kind, answer }) => answer.status !== "completed" && /-(open|retriggered)$/.test(kind),
    );
    const ends = open.flatMap(({ delivered }) => {
      const end = { type: "completed_application", outcome: "Denied", timestamp: upgraded.now };
      return changed(delivered[0] ?? "", 0, end);
    });

    await upgraded.deliver(ends);
    await upgraded.deliver(ends);

    expect(effects(upgraded.published.slice(told)).toSorted()).toEqual([
      "day-old-open completed_application denied",
      "day-old-retriggered completed_application denied",
      "hour-old-retriggered completed_application denied",
    ]);
  });
});

/** A webhook with other fields in its `data`. */
function changed(body: string, offMs: number, change: Readonly<Record<string, unknown>>): string {
  const webhook: { readonly data: { readonly timestamp: number } } = JSON.parse(body);
  const { data } = webhook;
  const timestamp = data.timestamp + offMs;
  return JSON.stringify({ ...webhook, data: { ...data, timestamp, ...change } });
}

/** Of which application, and by which route. */
function endOf(effect: string): string {
  const [kind, , route] = effect.split(" ");
  return `${kind} ${route}`;
}
