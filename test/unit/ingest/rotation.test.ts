import { afterAll, describe, expect, it } from "vitest";

import { aRequest, anIngest, basicOf, signatureOf } from "../../support/ingest.ts";
import { randomOf } from "../../../tools/cloud-in-memory/random.ts";
import { simulatedSecretsManager } from "../../support/secrets-manager.ts";
import { SECOND, MINUTE } from "../../../tools/cloud-in-memory/clock.ts";

const START = Date.UTC(2026, 10, 23, 20);
const SANDBOXES = 50;
const SEEDS = [1, 2];

const OLD = { username: "alloy", password: "the old password" };
const NEW = { username: "alloy", password: "the new password" };
const byOld = () => basicOf(OLD.username, OLD.password);
const byNew = () => basicOf(NEW.username, NEW.password);

const OLD_KEY = "the old key of HMAC";
const NEW_KEY = "the new key of HMAC";

/**
 * Fifty sandboxes over one Secrets Manager, on a clock of their own. Each caches for itself; a request goes to any of them.
 */
function aFleet(seed: number, secret: unknown) {
  const clock = { now: START };
  const secrets = simulatedSecretsManager(secret);
  const random = randomOf(seed);
  const sandboxes = Array.from({ length: SANDBOXES }, () =>
    anIngest({ secretSource: secrets, now: () => clock.now }),
  );
  const answers = { 200: 0, 401: 0 };
  return {
    clock,
    secrets,
    answers,
    async receive(authorization: string, body = "{}") {
      const sandbox = sandboxes[Math.floor(random() * SANDBOXES)];
      const answer = await sandbox?.handle(aRequest({ authorization, body }));
      if (answer?.statusCode === 200) answers[200] += 1;
      if (answer?.statusCode === 401) answers[401] += 1;
      return answer?.statusCode;
    },
  };
}

/** A script on the fleet's clock: what is done at the beginning of which second. */
type Script = Readonly<Record<number, () => void>>;

/** Twenty webhooks a second, as in the promise. */
const PER_SECOND = 20;

async function play(
  fleet: ReturnType<typeof aFleet>,
  seconds: number,
  script: Script,
  webhook: () => string,
) {
  for (let second = 0; second < seconds; second += 1) {
    script[second]?.();
    for (let sent = 0; sent < PER_SECOND; sent += 1) {
      await fleet.receive(webhook());
      fleet.clock.now += SECOND / PER_SECOND;
    }
  }
}

describe(`a rotation by "add, switch, remove" over ${SANDBOXES} sandboxes`, () => {
  const total = { webhooks: 0, rejected: 0 };

  afterAll(() => console.log(`rotation: ${total.webhooks} webhooks, ${total.rejected} rejected`));

  /** The answers, which are also summed up and printed in the end. */
  function answersOf({ answers }: ReturnType<typeof aFleet>) {
    total.webhooks += answers[200] + answers[401];
    total.rejected += answers[401];
    return answers;
  }

  it.each(SEEDS)(
    "rejects no webhook, without any wait between the steps (seed %i)",
    async (seed) => {
      const fleet = aFleet(seed, { basic: [OLD] });
      let live = byOld;
      const script: Script = {
        // Every cache is warm by now, and holds the old secret for minutes to come.
        60: () => {
          fleet.secrets.put({ basic: [OLD, NEW] });
          live = byNew;
        },
        61: () => fleet.secrets.put({ basic: [NEW] }),
      };

      await play(fleet, 480, script, () => live());

      expect(answersOf(fleet)).toEqual({ 200: 480 * PER_SECOND, 401: 0 });
    },
  );

  it("rejects no webhook that Alloy repeats with the old secret before it is removed", async () => {
    const fleet = aFleet(6, { hmac: [OLD_KEY] });
    let keys = [OLD_KEY];
    const random = randomOf(7);
    const script: Script = {
      60: () => {
        fleet.secrets.put({ hmac: [OLD_KEY, NEW_KEY] });
        keys = [OLD_KEY, NEW_KEY];
      },
      240: () => (keys = [NEW_KEY]),
      241: () => fleet.secrets.put({ hmac: [NEW_KEY] }),
    };

    await play(fleet, 480, script, () =>
      signatureOf(keys[Math.floor(random() * keys.length)] ?? "", "{}"),
    );

    expect(answersOf(fleet)).toEqual({ 200: 480 * PER_SECOND, 401: 0 });
  });

  it("rejects the removed secret five minutes later at the latest", async () => {
    const fleet = aFleet(8, { basic: [OLD] });
    await play(fleet, 30, {}, byOld);
    fleet.secrets.put({ basic: [NEW] });
    fleet.clock.now += 5 * MINUTE;
    const before = fleet.answers[200];

    await play(fleet, 30, {}, byOld);

    expect(fleet.answers).toEqual({ 200: before, 401: 30 * PER_SECOND });
  });

  it("reads the secret once per sandbox for it, besides the reading every five minutes", async () => {
    const fleet = aFleet(9, { basic: [OLD] });
    await play(fleet, 60, {}, byOld);
    const before = fleet.secrets.reads();
    fleet.secrets.put({ basic: [OLD, NEW] });

    await play(fleet, 60, {}, byNew);

    expect(before).toBe(SANDBOXES);
    expect(fleet.secrets.reads() - before).toBe(SANDBOXES);
  });
});

it("a rotation while Secrets Manager fails asks Alloy to try the new secret again, and goes on taking the old one", async () => {
  const secrets = simulatedSecretsManager({ basic: [OLD] });
  const clock = { now: START };
  const ingest = anIngest({ secretSource: secrets, now: () => clock.now });
  const post = async (authorization: string) =>
    (await ingest.handle(aRequest({ authorization }))).statusCode;
  const before = await post(byOld());
  secrets.put({ basic: [OLD, NEW] });
  secrets.fail("unavailable");

  const during = [await post(byNew()), await post(byNew()), await post(byOld())];
  secrets.fail(undefined);
  clock.now += 10 * SECOND;
  const after = await post(byNew());

  expect({ before, during, after }).toEqual({ before: 200, during: [503, 503, 200], after: 200 });
});

describe(`a flood of forged requests over ${SANDBOXES} sandboxes`, () => {
  /** Ten thousand wrong passwords in a minute. @returns when a webhook alongside was rejected. */
  async function flood(
    fleet: ReturnType<typeof aFleet>,
    seconds: number,
    alongside?: () => string,
  ) {
    const rejectedAt: number[] = [];
    for (let tick = 0; tick < seconds * 10; tick += 1) {
      for (let sent = 0; sent < 17; sent += 1)
        await fleet.receive(basicOf("alloy", `guess ${sent}`));
      if (alongside !== undefined && (await fleet.receive(alongside())) !== 200) {
        rejectedAt.push(fleet.clock.now);
      }
      fleet.clock.now += 100;
    }
    return rejectedAt;
  }

  it("has the secret read at most once per ten seconds and sandbox", async () => {
    const fleet = aFleet(10, { basic: [OLD] });

    await flood(fleet, 60);

    expect(fleet.answers).toEqual({ 200: 0, 401: 10_200 });
    // Each sandbox: its first read, and a forced one in each ten seconds.
    expect(fleet.secrets.reads()).toBeLessThanOrEqual(SANDBOXES * (1 + 6));
  });

  it("has the secret not read at all by what cannot be a credential", async () => {
    const fleet = aFleet(11, { basic: [OLD] });

    for (let sent = 0; sent < 5_000; sent += 1) await fleet.receive(sent % 2 ? "Bearer x" : "");

    expect(fleet.secrets.reads()).toBe(SANDBOXES);
  });

  it("does not become a flood of calls when there is no secret to compare with", async () => {
    const fleet = aFleet(12, { basic: [OLD] });
    fleet.secrets.fail("unavailable");

    await flood(fleet, 10);

    expect(fleet.secrets.reads()).toBeLessThanOrEqual(SANDBOXES * 10);
  });

  it("costs a rotation no webhook when there are ten seconds between adding and switching", async () => {
    const fleet = aFleet(13, { basic: [OLD] });
    await flood(fleet, 30, byOld);
    fleet.secrets.put({ basic: [OLD, NEW] });
    fleet.clock.now += 10 * SECOND;

    await flood(fleet, 30, byNew);

    expect(fleet.answers[200]).toBe(600);
  });

  it("keeps a new secret out for no longer than ten seconds, when nobody waits", async () => {
    const fleet = aFleet(14, { basic: [OLD] });
    await flood(fleet, 30, byOld);
    fleet.secrets.put({ basic: [OLD, NEW] });
    const addedAt = fleet.clock.now;
    const before = fleet.secrets.reads();

    const rejectedAt = await flood(fleet, 30, byNew);

    expect(Math.max(0, ...rejectedAt.map((at) => at - addedAt))).toBeLessThan(10 * SECOND);
    // One reading in ten seconds and sandbox, and the one that found the new secret.
    expect(fleet.secrets.reads() - before).toBeLessThanOrEqual(SANDBOXES * (1 + 3));
  });
});
