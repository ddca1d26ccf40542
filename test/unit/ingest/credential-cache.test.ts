import { describe, expect, it } from "vitest";

import { makeCredentialCache } from "../../../lambdas/ingest/credential-cache.ts";
import type { Known } from "../../../lambdas/ingest/credential-cache.ts";
import type { MetricName } from "../../../lambdas/settings/metrics.ts";
import { makeLineLogger } from "../../../lambdas/telemetry/line-logger.ts";
import { simulatedSecretsManager } from "../../support/secrets-manager.ts";
import { SECOND, MINUTE } from "../../../tools/cloud-in-memory/clock.ts";

const KEY = "the key of HMAC webhooks";

/** A cache that has read nothing yet, over this secret. */
function aCache(secret: unknown = { hmac: [KEY] }) {
  const secrets = simulatedSecretsManager(secret);
  const clock = { now: 1_000_000 };
  const lines: string[] = [];
  const counts = new Map<MetricName, number>();
  const cache = makeCredentialCache({
    source: secrets,
    lifetimeMs: 5 * MINUTE,
    refreshMs: 10 * SECOND,
    pauseMs: 1 * SECOND,
    readMs: 1 * SECOND,
    now: () => clock.now,
    metrics: {
      count: (name, ...[value = 1]) => void counts.set(name, (counts.get(name) ?? 0) + value),
    },
    logger: makeLineLogger((line) => void lines.push(line)),
  });
  return {
    secrets,
    lines,
    counted: (name: MetricName) => counts.get(name) ?? 0,
    pass: (ms: number) => void (clock.now += ms),
    prepare: () => cache.prepare(clock.now + 2_500),
    current: () => cache.current(clock.now + 2_500),
    refreshed: () => cache.refreshed(clock.now + 2_500),
    now: () => clock.now,
  };
}

/** A cache that has read the secret. */
async function aWarmCache(secret?: unknown) {
  const cache = aCache(secret);
  await cache.current();
  return cache;
}

function keysOf(known: Known | undefined): readonly string[] | undefined {
  return known !== undefined && "credentials" in known ? known.credentials.hmac : undefined;
}

describe("the credential cache", () => {
  it("reads the secret once for requests within five minutes", async () => {
    const cache = await aWarmCache();
    cache.pass(5 * MINUTE - 1);

    const known = await cache.current();

    expect(keysOf(known)).toEqual([KEY]);
    expect(cache.secrets.reads()).toBe(1);
  });

  it("has no credentials that are older than five minutes", async () => {
    const cache = await aWarmCache({ hmac: ["the old key of HMAC"] });
    cache.secrets.put({ hmac: ["the new key of HMAC"] });
    cache.pass(5 * MINUTE);

    expect(keysOf(await cache.current())).toEqual(["the new key of HMAC"]);
  });

  it("reads once for requests that come while it reads", async () => {
    const cache = aCache();

    const all = await Promise.all([cache.current(), cache.current(), cache.refreshed()]);

    expect(all.map(keysOf)).toEqual([[KEY], [KEY], [KEY]]);
    expect(cache.secrets.reads()).toBe(1);
  });

  it("is refreshed at once, and, having found nothing new, not again for ten seconds", async () => {
    const cache = await aWarmCache();

    expect(keysOf(await cache.refreshed())).toEqual([KEY]);
    expect(await cache.refreshed()).toBeUndefined();
    cache.pass(10 * SECOND - 1);
    expect(await cache.refreshed()).toBeUndefined();
    cache.pass(1);
    expect(keysOf(await cache.refreshed())).toEqual([KEY]);
    expect(cache.secrets.reads()).toBe(3);
  });

  it("is refreshed for each of two rotations within ten seconds", async () => {
    const cache = await aWarmCache({ hmac: ["the first key of HMAC"] });
    cache.secrets.put({ hmac: ["the first key of HMAC", "the second key of HMAC"] });
    await cache.refreshed();
    cache.secrets.put({ hmac: ["the second key of HMAC", "the third key of HMAC"] });

    expect(keysOf(await cache.refreshed())).toEqual([
      "the second key of HMAC",
      "the third key of HMAC",
    ]);
  });

  it("keeps what it has when Secrets Manager fails, and asks again after ten seconds", async () => {
    const cache = await aWarmCache();
    cache.secrets.fail("unavailable");
    cache.pass(5 * MINUTE);

    expect(keysOf(await cache.current())).toEqual([KEY]);
    expect(keysOf(await cache.current())).toEqual([KEY]);
    expect(cache.secrets.reads()).toBe(2);
    expect(cache.lines.join()).toContain(`"cause":"unavailable"`);

    cache.secrets.fail(undefined);
    cache.secrets.put({ hmac: ["the new key of HMAC"] });
    cache.pass(10 * SECOND);
    expect(keysOf(await cache.current())).toEqual(["the new key of HMAC"]);
  });

  it("says that it cannot find out about new ones when Secrets Manager fails", async () => {
    const cache = await aWarmCache();
    cache.secrets.fail("timeout");

    expect(await cache.refreshed()).toEqual({ failure: "timeout" });
    expect(await cache.refreshed()).toEqual({ failure: "timeout" });
    expect(cache.secrets.reads()).toBe(2);

    cache.secrets.fail(undefined);
    cache.pass(10 * SECOND);
    expect(keysOf(await cache.refreshed())).toEqual([KEY]);
    expect(await cache.refreshed()).toBeUndefined();
  });

  it.each([
    "{",
    "null",
    `"k"`,
    "[]",
    `["k"]`,
    `{"hmac":"k"}`,
    `{"basic":{"username":"u","password":"p"}}`,
    `{"basic":[{"username":"u"}],"hmac":"k"}`,
  ])("keeps what it has when the secret has become malformed: %s", async (malformed) => {
    const cache = await aWarmCache();
    cache.secrets.put(malformed);

    expect(keysOf(await cache.refreshed())).toEqual([KEY]);
    expect(cache.lines.join()).toContain("ingest.secret.malformed");
  });

  it("has nothing but the failure when the first read fails, and asks again after a second", async () => {
    const cache = aCache();
    cache.secrets.fail("denied");

    expect(await cache.current()).toEqual({ failure: "denied" });
    expect(await cache.current()).toEqual({ failure: "denied" });
    expect(cache.secrets.reads()).toBe(1);

    cache.secrets.fail(undefined);
    cache.pass(1 * SECOND);
    expect(keysOf(await cache.current())).toEqual([KEY]);
  });

  it("is prepared by one read, also for a request that comes during it", async () => {
    const cache = aCache();

    const [, known] = await Promise.all([cache.prepare(), cache.current()]);

    expect([keysOf(known), keysOf(await cache.current())]).toEqual([[KEY], [KEY]]);
    expect(cache.secrets.reads()).toBe(1);
  });

  it.each(["during", "after"])(
    "does not hold a preparation that failed against a request that comes %s it",
    async (when) => {
      const cache = aCache();
      cache.secrets.fail("timeout");
      const preparation = cache.prepare();
      cache.secrets.fail(undefined);
      if (when === "after") await preparation;

      expect(keysOf(await cache.current())).toEqual([KEY]);
      expect(cache.secrets.reads()).toBe(2);
    },
  );

  it("leaves most of a request's time to the queue", async () => {
    const cache = await aWarmCache({});

    expect(cache.secrets.deadlines).toEqual([cache.now() + 1 * SECOND]);
  });

  it("logs neither a secret that is malformed nor an entry that it refuses", async () => {
    const cache = await aWarmCache("MARKED-SECRET");
    cache.secrets.put({ basic: [{ username: "MARKED:USER", password: "MARKED" }], hmac: [] });
    await cache.refreshed();

    expect(cache.lines).toHaveLength(2);
    expect(cache.lines.join()).not.toContain("MARKED");
  });

  it("says of each entry that it refuses which one it is and why, and counts them", async () => {
    const cache = await aWarmCache({
      basic: [
        { username: "alloy", password: "a long random text" },
        { username: "alloy", password: "mR4q!vX9zL2#cWpT" },
        { username: "alloy-webhooks-user", password: "Alloy-Webhooks-User" },
      ],
      hmac: ["", "short", KEY, "aaaaaaaaaaaaaaaaaaaaaaaa"],
    });

    expect(cache.lines.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({
        code: "ingest.secret.entries-refused",
        refused: 5,
        entries:
          "basic 1: placeholder, basic 3: same-as-username, hmac 1: unusable, hmac 2: too-short, hmac 4: predictable",
      }),
    ]);
    expect(cache.counted("CredentialsUnusable")).toBe(5);
  });

  it("says it of the first ten only", async () => {
    const cache = await aWarmCache({ hmac: Array.from({ length: 4_000 }, () => "k") });

    expect(cache.lines.join()).toContain("hmac 10: too-short, …");
    expect(cache.lines.join().length).toBeLessThan(1_000);
    expect(cache.counted("CredentialsUnusable")).toBe(4_000);
  });

  it("counts nothing for a secret that is whole", async () => {
    const cache = await aWarmCache({ hmac: [KEY] });

    expect(cache.lines).toEqual([]);
    expect(cache.counted("CredentialsUnusable")).toBe(0);
  });
});
