import { describe, expect, it } from "vitest";

import { makeCredentialCache } from "../../../lambdas/ingest/credential-cache.ts";
import type { Known, WebhookSecretSource } from "../../../lambdas/ingest/credential-cache.ts";
import type { MetricName } from "../../../lambdas/settings/metrics.ts";
import { makeLineLogger } from "../../../lambdas/telemetry/line-logger.ts";
import { simulatedSecretsManager } from "../../support/secrets-manager.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

const KEY = "the key of HMAC webhooks";

function aCache(source: WebhookSecretSource) {
  const clock = { now: 1_000_000 };
  const lines: string[] = [];
  const counts = new Map<MetricName, number>();
  const cache = makeCredentialCache({
    source,
    lifetimeMs: 5 * MINUTE,
    refreshMs: 10 * SECOND,
    pauseMs: 1 * SECOND,
    readMs: 1 * SECOND,
    now: () => clock.now,
    metrics: {
      count: (name, value = 1) => void counts.set(name, (counts.get(name) ?? 0) + value),
    },
    logger: makeLineLogger((line) => void lines.push(line)),
  });
  return {
    lines,
    counted: (name: MetricName) => counts.get(name) ?? 0,
    pass: (ms: number) => void (clock.now += ms),
    prepare: () => cache.prepare(clock.now + 2_500),
    current: () => cache.current(clock.now + 2_500),
    refreshed: () => cache.refreshed(clock.now + 2_500),
    now: () => clock.now,
  };
}

function keysOf(known: Known | undefined): readonly string[] | undefined {
  return known !== undefined && "credentials" in known ? known.credentials.hmac : undefined;
}

describe("the credential cache", () => {
  it("reads the secret once for requests within five minutes", async () => {
    const secrets = simulatedSecretsManager({ hmac: [KEY] });
    const cache = aCache(secrets);
    await cache.current();
    cache.pass(5 * MINUTE - 1);

    const known = await cache.current();

    expect(keysOf(known)).toEqual([KEY]);
    expect(secrets.reads()).toBe(1);
  });

  it("has no credentials that are older than five minutes", async () => {
    const secrets = simulatedSecretsManager({ hmac: ["the old key of HMAC"] });
    const cache = aCache(secrets);
    await cache.current();
    secrets.put({ hmac: ["the new key of HMAC"] });
    cache.pass(5 * MINUTE);

    expect(keysOf(await cache.current())).toEqual(["the new key of HMAC"]);
  });

  it("reads once for requests that come while it reads", async () => {
    const secrets = simulatedSecretsManager({ hmac: [KEY] });
    const cache = aCache(secrets);

    const all = await Promise.all([cache.current(), cache.current(), cache.refreshed()]);

    expect(all.map(keysOf)).toEqual([[KEY], [KEY], [KEY]]);
    expect(secrets.reads()).toBe(1);
  });

  it("is refreshed at once, and, having found nothing new, not again for ten seconds", async () => {
    const secrets = simulatedSecretsManager({ hmac: [KEY] });
    const cache = aCache(secrets);
    await cache.current();

    expect(keysOf(await cache.refreshed())).toEqual([KEY]);
    expect(await cache.refreshed()).toBeUndefined();
    cache.pass(10 * SECOND - 1);
    expect(await cache.refreshed()).toBeUndefined();
    cache.pass(1);
    expect(keysOf(await cache.refreshed())).toEqual([KEY]);
    expect(secrets.reads()).toBe(3);
  });

  it("is refreshed for each of two rotations within ten seconds", async () => {
    const secrets = simulatedSecretsManager({ hmac: ["the first key of HMAC"] });
    const cache = aCache(secrets);
    await cache.current();
    secrets.put({ hmac: ["the first key of HMAC", "the second key of HMAC"] });
    await cache.refreshed();
    secrets.put({ hmac: ["the second key of HMAC", "the third key of HMAC"] });

    expect(keysOf(await cache.refreshed())).toEqual([
      "the second key of HMAC",
      "the third key of HMAC",
    ]);
  });

  it("keeps what it has when Secrets Manager fails, and asks again after ten seconds", async () => {
    const secrets = simulatedSecretsManager({ hmac: [KEY] });
    const cache = aCache(secrets);
    await cache.current();
    secrets.fail("unavailable");
    cache.pass(5 * MINUTE);

    expect(keysOf(await cache.current())).toEqual([KEY]);
    expect(keysOf(await cache.current())).toEqual([KEY]);
    expect(secrets.reads()).toBe(2);
    expect(cache.lines.join()).toContain(`"cause":"unavailable"`);

    secrets.fail(undefined);
    secrets.put({ hmac: ["the new key of HMAC"] });
    cache.pass(10 * SECOND);
    expect(keysOf(await cache.current())).toEqual(["the new key of HMAC"]);
  });

  it("says that it cannot find out about new ones when Secrets Manager fails", async () => {
    const secrets = simulatedSecretsManager({ hmac: [KEY] });
    const cache = aCache(secrets);
    await cache.current();
    secrets.fail("timeout");

    expect(await cache.refreshed()).toEqual({ failure: "timeout" });
    expect(await cache.refreshed()).toEqual({ failure: "timeout" });
    expect(secrets.reads()).toBe(2);

    secrets.fail(undefined);
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
    const secrets = simulatedSecretsManager({ hmac: [KEY] });
    const cache = aCache(secrets);
    await cache.current();
    secrets.put(malformed);

    expect(keysOf(await cache.refreshed())).toEqual([KEY]);
    expect(cache.lines.join()).toContain("ingest.secret.malformed");
  });

  it("has nothing but the failure when the first read fails, and asks again after a second", async () => {
    const secrets = simulatedSecretsManager({ hmac: [KEY] });
    const cache = aCache(secrets);
    secrets.fail("denied");

    expect(await cache.current()).toEqual({ failure: "denied" });
    expect(await cache.current()).toEqual({ failure: "denied" });
    expect(secrets.reads()).toBe(1);

    secrets.fail(undefined);
    cache.pass(1 * SECOND);
    expect(keysOf(await cache.current())).toEqual([KEY]);
  });

  it("is prepared by one read, also for a request that comes during it", async () => {
    const secrets = simulatedSecretsManager({ hmac: [KEY] });
    const cache = aCache(secrets);

    const [, known] = await Promise.all([cache.prepare(), cache.current()]);

    expect([keysOf(known), keysOf(await cache.current())]).toEqual([[KEY], [KEY]]);
    expect(secrets.reads()).toBe(1);
  });

  it.each(["during", "after"])(
    "does not hold a preparation that failed against a request that comes %s it",
    async (when) => {
      const secrets = simulatedSecretsManager({ hmac: [KEY] });
      const cache = aCache(secrets);
      secrets.fail("timeout");
      const preparation = cache.prepare();
      secrets.fail(undefined);
      if (when === "after") await preparation;

      expect(keysOf(await cache.current())).toEqual([KEY]);
      expect(secrets.reads()).toBe(2);
    },
  );

  it("leaves most of a request's time to the queue", async () => {
    const secrets = simulatedSecretsManager({});
    const cache = aCache(secrets);

    await cache.current();

    expect(secrets.deadlines).toEqual([cache.now() + 1 * SECOND]);
  });

  it("logs neither a secret that is malformed nor an entry that it refuses", async () => {
    const secrets = simulatedSecretsManager("MARKED-SECRET");
    const cache = aCache(secrets);
    await cache.current();
    secrets.put({ basic: [{ username: "MARKED:USER", password: "MARKED" }], hmac: [] });
    await cache.refreshed();

    expect(cache.lines).toHaveLength(2);
    expect(cache.lines.join()).not.toContain("MARKED");
  });

  it("says of each entry that it refuses which one it is and why, and counts them", async () => {
    const secrets = simulatedSecretsManager({
      basic: [
        { username: "alloy", password: "a long random text" },
        { username: "alloy", password: "mR4q!vX9zL2#cWpT" },
        { username: "alloy-webhooks-user", password: "Alloy-Webhooks-User" },
      ],
      hmac: ["", "short", KEY, "aaaaaaaaaaaaaaaaaaaaaaaa"],
    });
    const cache = aCache(secrets);

    await cache.current();

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
    const cache = aCache(
      simulatedSecretsManager({ hmac: Array.from({ length: 4_000 }, () => "k") }),
    );

    await cache.current();

    expect(cache.lines.join()).toContain("hmac 10: too-short, …");
    expect(cache.lines.join().length).toBeLessThan(1_000);
    expect(cache.counted("CredentialsUnusable")).toBe(4_000);
  });

  it("counts nothing for a secret that is whole", async () => {
    const cache = aCache(simulatedSecretsManager({ hmac: [KEY] }));

    await cache.current();

    expect(cache.lines).toEqual([]);
    expect(cache.counted("CredentialsUnusable")).toBe(0);
  });
});
