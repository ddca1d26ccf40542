import { unmarshall } from "@aws-sdk/util-dynamodb";

import { beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";

import type { PublishedEvent } from "../../lambdas/domain/routing/published-event.ts";
import {
  attributesOf,
  mergeState,
  parseWebhook,
  stateOfEvent,
} from "../fixtures/stored/0.1.0.writer.mjs";
import * as codeOfLastRelease from "../fixtures/stored/0.2.0.code.mjs";
import { capture } from "../fixtures/stored/capture.mjs";
import { startDynamoDb } from "../support/dynalite.ts";
import { CODE_AS_IT_IS, readReleased, Redeployed, releasedOf } from "../support/released.ts";
import type { Halfway, Released, ReleaseCode } from "../support/released.ts";

const ENDS: readonly string[] = ["approved", "denied", "completed", "errored", "expired"];

/** What a release left behind, and the code that then takes it over. */
interface Takeover {
  readonly left: string;
  readonly by: string;
  readonly code: ReleaseCode;
  readonly read: () => Released;
  /** What the poller brings of the ends that the bus had refused. The others are in the dead-letter queue alone. */
  readonly broughtEnds: readonly string[];
}

const stored = (version: string) => () =>
  readReleased(new URL(`../fixtures/stored/${version}.json`, import.meta.url));

/** What the code as it is leaves behind. */
const leftNow = releasedOf(await capture(process.cwd()));

const TAKEOVERS: readonly Takeover[] = [
  {
    left: "0.1.0",
    by: "the code as it is",
    code: CODE_AS_IT_IS,
    read: stored("0.1.0"),
    broughtEnds: [
      "day-old-bus-refused completed_application approved",
      "day-old-error-refused error errored",
      "hour-old-error-refused error errored",
    ],
  },
  {
    left: "0.2.0",
    by: "the code as it is",
    code: CODE_AS_IT_IS,
    read: stored("0.2.0"),
    // It publishes an error by a correction, of which it kept no record that it failed.
    broughtEnds: ["day-old-bus-refused completed_application approved"],
  },
  // A deployment that goes back.
  {
    left: "the code as it is",
    by: "0.2.0",
    code: codeOfLastRelease,
    read: () => leftNow,
    // It takes an answer of Alloy's that was merged for one that was published.
    broughtEnds: [],
  },
];

describe.each(TAKEOVERS)("what $left left behind, taken over by $by", (takeover) => {
  const { code, read, broughtEnds } = takeover;
  const released = read();
  const kindOf = (token: string | null) =>
    released.applications.find((one) => one.token === token)?.kind ?? "another webhook";
  const effects = (events: readonly PublishedEvent[]) =>
    events.map(({ applicationToken, eventType, route }) =>
      [kindOf(applicationToken), eventType, route].join(" "),
    );
  /** The queue is consumed; and then the poller has run for 30 hours. Each test goes on with a copy. */
  let takenOver: Halfway;
  let polled: Halfway;

  async function redeploy(from?: Halfway) {
    const dynamo = await startDynamoDb({ contents: from?.contents });
    const redeployed = new Redeployed(released, dynamo, code, from);
    // Powertools' records end by the clock of the machine.
    const clock = vi.spyOn(Date, "now").mockImplementation(() => redeployed.now);
    const leave = async (): Promise<void> => {
      clock.mockRestore();
      await dynamo.close();
    };
    return { redeployed, leave };
  }

  async function goOnFrom(halfway: Halfway): Promise<Redeployed> {
    const { redeployed, leave } = await redeploy(halfway);
    onTestFinished(leave);
    return redeployed;
  }

  beforeAll(async () => {
    const { redeployed, leave } = await redeploy();
    await redeployed.load();
    await redeployed.takeOver();
    takenOver = await redeployed.halfway();
    await redeployed.poll(30);
    polled = await redeployed.halfway();
    await leave();
  });

  test("every application stands as it stood", () => {
    const states = released.applicationItems
      .map((item) => unmarshall(item))
      .filter(({ sk }) => sk === "STATE");

    const read = states.map((item) => ({
      kind: kindOf(String(item["applicationToken"])),
      status: code.statusOf(code.applicationStateOf(item)),
      outcome: code.outcomeOf(code.applicationStateOf(item)),
    }));

    expect(read).toEqual(
      states.map(({ applicationToken, status = null, outcome = null }) => {
        const isCompleted = status === "completed";
        return { kind: kindOf(applicationToken), status, outcome: isCompleted ? outcome : null };
      }),
    );
  });

  test("what was in the queue has its effect once", async () => {
    const redeployed = await goOnFrom(takenOver);
    await redeployed.takeOver();

    expect(effects(redeployed.published).toSorted()).toEqual([
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
    expect(redeployed.deadLettered.map(({ reason }) => reason)).toEqual([
      "the body is not JSON (4 characters)",
      "the body is not JSON (4 characters)",
    ]);
  });

  test("a webhook that comes again has no second effect", async () => {
    const redeployed = await goOnFrom(takenOver);
    const told = redeployed.published.length;
    const recorded = await redeployed.items("EVENT");

    await redeployed.deliver(released.applications.flatMap(({ delivered }) => delivered));

    // What the bus had refused, it takes now.
    expect(effects(redeployed.published.slice(told))).toEqual(
      broughtEnds.filter((end) => end.includes("bus-refused")),
    );
    expect(await redeployed.items("EVENT")).toHaveLength(recorded.length);
  });

  test.each([
    ["as Alloy's list has it", 0, {}],
    ["a millisecond later", 1, {}],
    ["without its node", 0, { _embedded: { node: { id: null, type: null } } }],
    ["without its applicant", 0, { entity_application_token: null }],
  ])(
    "the webhook of what the poller brought has no second effect: %s",
    async (_, offMs, change) => {
      const redeployed = await goOnFrom(takenOver);
      const told = redeployed.published.length;
      const recorded = await redeployed.items("EVENT");

      const late = released.applications.flatMap(({ withheld }) => withheld);
      await redeployed.deliver(late.map((body) => changed(body, offMs, change)));

      expect(effects(redeployed.published.slice(told))).toEqual([]);
      expect(await redeployed.items("EVENT")).toHaveLength(recorded.length);
    },
  );

  test("the poller follows what is open, and tells what nobody has heard", async () => {
    const redeployed = await goOnFrom(polled);
    const told = takenOver.published.length;

    expect(effects(redeployed.published.slice(told)).toSorted()).toEqual(
      ["fresh-submitted snapshot progressed", ...broughtEnds].toSorted(),
    );
    expect(redeployed.notices.filter(({ change }) => change === "opened")).toEqual([]);
    const states = await redeployed.items("STATE");
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
    const all = [...released.published, ...redeployed.published];
    const ids = all.map(({ eventId }) => eventId);
    expect(ids.filter((id, index) => ids.indexOf(id) < index)).toEqual([]);
    const ends = effects(all.filter(({ route }) => ENDS.includes(route))).map(endOf);
    expect(ends.filter((end, index) => ends.indexOf(end) < index)).toEqual([]);
  });

  test("an end that the bus had refused has its effect once: by the poller, or by a redrive", async () => {
    const redeployed = await goOnFrom(polled);

    await redeployed.redrive();
    await redeployed.redrive();

    const all = effects([...released.published, ...redeployed.published]);
    const refused = all.filter((effect) => /-refused .+ (approved|errored)$/.test(effect));
    expect(refused.map((effect) => effect.replace(/ .+ /, " ")).toSorted()).toEqual([
      "day-old-bus-refused approved",
      "day-old-error-refused errored",
      "hour-old-bus-refused approved",
      "hour-old-error-refused errored",
    ]);
  });

  test("an application that was open or reopened ends", async () => {
    const redeployed = await goOnFrom(takenOver);
    const told = redeployed.published.length;
    const open = released.applications.filter(
      ({ kind, answer }) => answer.status !== "completed" && /-(open|retriggered)$/.test(kind),
    );
    const ends = open.flatMap(({ delivered }) => {
      const end = { type: "completed_application", outcome: "Denied", timestamp: redeployed.now };
      return changed(delivered[0] ?? "", 0, end);
    });

    await redeployed.deliver(ends);
    await redeployed.deliver(ends);

    expect(effects(redeployed.published.slice(told)).toSorted()).toEqual([
      "day-old-open completed_application denied",
      "day-old-retriggered completed_application denied",
      "hour-old-retriggered completed_application denied",
    ]);
  });
});

test("the simulation writes items as the release 0.1.0 did", () => {
  const released = stored("0.1.0")();
  // Of these no answer, no submission and no rerun said more than their webhooks.
  const byWebhooks = released.applications.filter(({ kind }) =>
    /^day-old-(open|approved|errored|expired|in-review|retriggered|decided-twice)$/.test(kind),
  );
  const items = released.applicationItems.map((item) => unmarshall(item));
  expect(byWebhooks).toHaveLength(7);

  for (const { token, delivered } of byWebhooks) {
    const said = delivered
      .map((body) => parseWebhook(body))
      .flatMap((read) => (read.kind === "journey-event" ? [stateOfEvent(read.event)] : []));

    expect(
      items.find(({ applicationToken, sk }) => sk === "STATE" && applicationToken === token),
    ).toMatchObject(attributesOf(said.reduce(mergeState)));
  }
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
