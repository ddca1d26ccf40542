import { describe, expect, it } from "vitest";

import { makeCredentialCache } from "../../../lambdas/ingest/credential-cache.ts";
import type { Known, WebhookSecretSource } from "../../../lambdas/ingest/credential-cache.ts";
import { makeLineLogger } from "../../../lambdas/telemetry/line-logger.ts";
import { simulatedSecretsManager } from "../../support/secrets-manager.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

function aCache(source: WebhookSecretSource) {
  const clock = { now: 1_000_000 };
  const lines: string[] = [];
  const cache = makeCredentialCache({
    source,
    lifetimeMs: 5 * MINUTE,
    refreshMs: 10 * SECOND,
    pauseMs: 1 * SECOND,
    readMs: 1 * SECOND,
    now: () => clock.now,
    logger: makeLineLogger((line) => void lines.push(line)),
  });
  return {
    lines,
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
    const secrets = simulatedSecretsManager({ hmac: ["k"] });
    const cache = aCache(secrets);
    await cache.current();
    cache.pass(5 * MINUTE - 1);

    const known = await cache.current();

    expect(keysOf(known)).toEqual(["k"]);
    expect(secrets.reads()).toBe(1);
  });

  it("has no credentials that are older than five minutes", async () => {
    const secrets = simulatedSecretsManager({ hmac: ["old"] });
    const cache = aCache(secrets);
    await cache.current();
    secrets.put({ hmac: ["new"] });
    cache.pass(5 * MINUTE);

    expect(keysOf(await cache.current())).toEqual(["new"]);
  });

  it("reads once for requests that come while it reads", async () => {
    const secrets = simulatedSecretsManager({ hmac: ["k"] });
    const cache = aCache(secrets);

    const all = await Promise.all([cache.current(), cache.current(), cache.refreshed()]);

    expect(all.map(keysOf)).toEqual([["k"], ["k"], ["k"]]);
    expect(secrets.reads()).toBe(1);
  });

  it("is refreshed at once, and, having found nothing new, not again for ten seconds", async () => {
    const secrets = simulatedSecretsManager({ hmac: ["k"] });
    const cache = aCache(secrets);
    await cache.current();

    expect(keysOf(await cache.refreshed())).toEqual(["k"]);
    expect(await cache.refreshed()).toBeUndefined();
    cache.pass(10 * SECOND - 1);
    expect(await cache.refreshed()).toBeUndefined();
    cache.pass(1);
    expect(keysOf(await cache.refreshed())).toEqual(["k"]);
    expect(secrets.reads()).toBe(3);
  });

  it("is refreshed for each of two rotations within ten seconds", async () => {
    const secrets = simulatedSecretsManager({ hmac: ["first"] });
    const cache = aCache(secrets);
    await cache.current();
    secrets.put({ hmac: ["first", "second"] });
    await cache.refreshed();
    secrets.put({ hmac: ["second", "third"] });

    expect(keysOf(await cache.refreshed())).toEqual(["second", "third"]);
  });

  it("keeps what it has when Secrets Manager fails, and asks again after ten seconds", async () => {
    const secrets = simulatedSecretsManager({ hmac: ["k"] });
    const cache = aCache(secrets);
    await cache.current();
    secrets.fail("unavailable");
    cache.pass(5 * MINUTE);

    expect(keysOf(await cache.current())).toEqual(["k"]);
    expect(keysOf(await cache.current())).toEqual(["k"]);
    expect(secrets.reads()).toBe(2);
    expect(cache.lines.join()).toContain(`"cause":"unavailable"`);

    secrets.fail(undefined);
    secrets.put({ hmac: ["new"] });
    cache.pass(10 * SECOND);
    expect(keysOf(await cache.current())).toEqual(["new"]);
  });

  it("says that it cannot find out about new ones when Secrets Manager fails", async () => {
    const secrets = simulatedSecretsManager({ hmac: ["k"] });
    const cache = aCache(secrets);
    await cache.current();
    secrets.fail("timeout");

    expect(await cache.refreshed()).toEqual({ failure: "timeout" });
    expect(await cache.refreshed()).toEqual({ failure: "timeout" });
    expect(secrets.reads()).toBe(2);

    secrets.fail(undefined);
    cache.pass(10 * SECOND);
    expect(keysOf(await cache.refreshed())).toEqual(["k"]);
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
    const secrets = simulatedSecretsManager({ hmac: ["k"] });
    const cache = aCache(secrets);
    await cache.current();
    secrets.put(malformed);

    expect(keysOf(await cache.refreshed())).toEqual(["k"]);
    expect(cache.lines.join()).toContain("ingest.secret.malformed");
  });

  it("has nothing but the failure when the first read fails, and asks again after a second", async () => {
    const secrets = simulatedSecretsManager({ hmac: ["k"] });
    const cache = aCache(secrets);
    secrets.fail("denied");

    expect(await cache.current()).toEqual({ failure: "denied" });
    expect(await cache.current()).toEqual({ failure: "denied" });
    expect(secrets.reads()).toBe(1);

    secrets.fail(undefined);
    cache.pass(1 * SECOND);
    expect(keysOf(await cache.current())).toEqual(["k"]);
  });

  it("is prepared by one read, also for a request that comes during it", async () => {
    const secrets = simulatedSecretsManager({ hmac: ["k"] });
    const cache = aCache(secrets);

    const [, known] = await Promise.all([cache.prepare(), cache.current()]);

    expect([keysOf(known), keysOf(await cache.current())]).toEqual([["k"], ["k"]]);
    expect(secrets.reads()).toBe(1);
  });

  it.each(["during", "after"])(
    "does not hold a preparation that failed against a request that comes %s it",
    async (when) => {
      const secrets = simulatedSecretsManager({ hmac: ["k"] });
      const cache = aCache(secrets);
      secrets.fail("timeout");
      const preparation = cache.prepare();
      secrets.fail(undefined);
      if (when === "after") await preparation;

      expect(keysOf(await cache.current())).toEqual(["k"]);
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
});
