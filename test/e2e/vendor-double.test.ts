import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, expect, test } from "vitest";
import type {
  PublishedMessage,
  ReceivedApplication,
} from "../../tools/local/scenarios/receiver.ts";
import { randomOf } from "../../tools/cloud-in-memory/random.ts";
import type { Driver } from "./driver.ts";
import { eventually } from "./driver.ts";
import { openInProcessDriver } from "./in-process-driver.ts";
import { STORY_NAMES, tell } from "./vendor-stories.ts";
import { DoubleApplication, VendorDouble } from "./vendor-double.ts";
import type { Side, TimeFormat } from "./vendor-double.ts";

const SEED = 20_261_126;
const LOSS = 0.25;
/** Generous: nothing hangs on how fast it goes. */
const LIMIT_MS = 110_000;
const SIDES: readonly Side[] = ["both", "list", "webhook"];
const DECISIONS: readonly string[] = ["approved", "denied", "completed", "errored", "expired"];

let driver: Driver;
beforeAll(async () => {
  driver = await openInProcessDriver();
  return () => driver.close();
});

test("applications of which Alloy's two sides say different things end as Alloy answers, each effect once", async () => {
  const { basic, webhookUrl, alloy, receiver } = driver;
  const authorization = `Basic ${Buffer.from(`${basic.username}:${basic.password}`).toString("base64")}`;
  const double = new VendorDouble({ webhookUrl, authorization }, alloy);
  const stop = await double.listen(alloy.port);
  try {
    const draw = randomOf(SEED);
    const applications = [0, 1].flatMap((round) =>
      STORY_NAMES.map((name) => anApplication(name, `${name}-${round}`, draw)),
    );
    await Promise.all(
      applications.map(async (application, index) => {
        await sleep((index % 10) * 100);
        await receiver.announceSubmission({
          journey_application_token: application.token,
          journey_token: "J-double",
          created_at: Date.now(),
          external_application_id: application.views.externalId,
        });
        await double.live(application);
      }),
    );

    const disagreements: string[] = [];
    for (const application of applications) {
      const held = await eventually(async () => {
        const now = await receiver.application(application.token);
        return now !== null && isSettled(application, now) ? now : null;
      }, LIMIT_MS);
      disagreements.push(...inRecords(application, held));
    }
    await eventually(async () => (await receiver.waiting()) === 0 || null);
    const published = await receiver.published();
    for (const application of applications) {
      disagreements.push(...inEffects(application, published));
    }

    expect(disagreements).toEqual([]);
    expect(await receiver.deadLettered()).toBe(0);
  } finally {
    await stop();
  }
});

/** Whether it stands as the double answers, and holds as many events. */
function isSettled(
  { status, outcome, events }: DoubleApplication,
  held: ReceivedApplication,
): boolean {
  return (
    held.status === status &&
    held.outcome?.toLowerCase() === outcome?.toLowerCase() &&
    held.events.length >= events.length
  );
}

/** Which types of event are not held as often as they happened. */
function inRecords({ token, events }: DoubleApplication, held: ReceivedApplication): string[] {
  const [happened, recorded] = [countByType(events), countByType(held.events)];
  return [...new Set([...happened.keys(), ...recorded.keys()])]
    .filter((type) => happened.get(type) !== recorded.get(type))
    .map((type) => `${token}: ${type} is held ${recorded.get(type)} times`);
}

function countByType(events: readonly { readonly type: string | null }[]) {
  const types = Map.groupBy(events, ({ type }) => type);
  return new Map([...types].map(([type, of]) => [type, of.length]));
}

/** What was published twice, what too often, and what not at all. */
function inEffects(
  { token, story }: DoubleApplication,
  published: readonly PublishedMessage[],
): string[] {
  const messages = published.filter(({ applicationToken }) => applicationToken === token);
  const twice = messages.length - new Set(messages.map(({ eventId }) => eventId)).size;
  const decisions = messages.map(({ route }) => route).filter((it) => DECISIONS.includes(it));
  const last = story.decisions.at(-1);
  // Of two ends the second is the first to be heard of, when the webhook of the first is lost.
  const mayBeOvertaken = story.name === "secondEndIsNone";
  const tooOften = ["approved", "denied"].filter(
    (route) => !mayBeOvertaken && timesIn(decisions, route) > timesIn(story.decisions, route),
  );
  const missing = last === undefined || decisions.some((route) => route === last) ? [] : [last];
  const unasked = last === undefined ? decisions : [];
  return [
    ...(twice === 0 ? [] : [`${token}: ${twice} messages under an id of another`]),
    ...tooOften.map((route) => `${token}: ${route} too often`),
    ...missing.map((route) => `${token}: no ${route}`),
    ...unasked.map((route) => `${token}: ${route} of an open application`),
  ];
}

function timesIn(routes: readonly string[], wanted: string): number {
  return routes.filter((route) => route === wanted).length;
}

function anApplication(name: string, token: string, draw: () => number): DoubleApplication {
  function pick<One>(choices: readonly [One, ...One[]] | readonly One[]): One {
    const one = choices[Math.floor(draw() * choices.length)];
    if (one === undefined) throw new Error("There is nothing to choose from.");
    return one;
  }
  // Two steps of one type within a second would be one event to whoever reads seconds.
  const isSparse = ["denied", "withoutOutcome", "errored", "expired"].includes(name);
  const times: readonly TimeFormat[] = [
    "ms",
    "text",
    "iso",
    ...(isSparse ? ["seconds" as const] : []),
  ];
  const spellings: readonly ((status: string) => string)[] = [
    (status) => status,
    (status) => status.toUpperCase(),
    (status) => status.replaceAll("_", " "),
  ];
  const views = {
    applicant: pick(SIDES),
    entity: pick(SIDES),
    node: pick(SIDES),
    outcome: pick(SIDES),
    eventToken: pick(SIDES),
    webhookLag: pick([0, 3, -3, 400, -400, 900]),
    webhookTime: pick(times),
    listTime: pick(times),
    externalId: pick([null, "", 1001, "acct"]),
    spell: pick(spellings),
    updates: draw() < 0.7,
  };
  return new DoubleApplication(tell(name, draw, LOSS), views, token);
}
