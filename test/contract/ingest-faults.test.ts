import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { setTimeout } from "node:timers/promises";

import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";

import { TIMEOUTS_MS } from "../../lambdas/settings/limits.ts";
import { deployedIngest, restoreProcess } from "../support/deployed-ingest.ts";
import { startFaultyAws } from "../support/faulty-aws.ts";
import type { Fault } from "../support/faulty-aws.ts";
import { aRequest, basicOf, countedIn } from "../support/ingest.ts";
import { randomOf } from "../../tools/cloud-in-memory/random.ts";

/** Requests per fault, all at once: each stands for one sandbox. */
const REQUESTS = 100;
const SECRET = { basic: [{ username: "alloy", password: "correct horse battery" }] };
const authorization = basicOf("alloy", "correct horse battery");

/** A label may have 63 letters: no resolver asks anybody about this one. */
const UNRESOLVABLE = `http://${"x".repeat(64)}.invalid`;

/** More than one message holds. */
const LARGE = "x".repeat(1_100_000);

let queue: Awaited<ReturnType<typeof startFaultyAws>>;
let rest: Awaited<ReturnType<typeof startFaultyAws>>;

beforeEach(async () => {
  queue = await startFaultyAws(SECRET);
  rest = await startFaultyAws(SECRET);
});

afterEach(async () => {
  restoreProcess();
  await Promise.all([queue.close(), rest.close()]);
});

/**
 * Posts a hundred webhooks, twenty at a time, a new twenty every tenth of a second: all of them wait for a hanging
 * endpoint together, and a slow machine does not have to begin a hundred at once.
 */
async function post(environment: Readonly<Record<string, string>> = {}, body = "{}") {
  const ingest = await deployedIngest({
    AWS_ENDPOINT_URL: rest.url,
    AWS_ENDPOINT_URL_SQS: queue.url,
    ...environment,
  });
  const posted = await Promise.all(
    Array.from({ length: REQUESTS }, async (_, index) => {
      await setTimeout(Math.floor(index / 20) * 100);
      const requestId = `R-${index}`;
      const { answer, ms } = await ingest.handle(aRequest({ authorization, body, requestId }));
      return { requestId, answer, isInTime: ms < TIMEOUTS_MS.ingest };
    }),
  );
  restoreProcess();
  return { posted, lines: ingest.lines };
}

/** On a slow machine the time for an answer can end before the fault is seen: that one counts as `timeout`. */
function countedByCause(lines: readonly string[], cause: string): number {
  const countOf = (Cause: string) => countedIn(lines, "StoresFailed", { Cause });
  const own = countOf(cause);
  return own === 0 || cause === "timeout" ? own : own + countOf("timeout");
}

/** What became of the webhooks posted: answers by kind, what is in the queue, what was counted. */
function summaryOf({ posted, lines }: Awaited<ReturnType<typeof post>>, Cause: string) {
  const refused = posted.filter(
    ({ answer, isInTime }) =>
      answer.statusCode === 503 && answer.headers?.["retry-after"] === "1" && isInTime,
  );
  return {
    answered503InTime: refused.length,
    stored: queue.messages.length,
    countedByCause: countedByCause(lines, Cause),
    countedAsReceived: countedIn(lines, "WebhooksReceived"),
  };
}

const outcomes: string[] = [];

afterAll(() => console.log(outcomes.join("\n")));

/** The summary, which is also printed in the end. */
function outcomeOf(fault: string, posted: Awaited<ReturnType<typeof post>>, cause: string) {
  const summary = summaryOf(posted, cause);
  const { answered503InTime: answered, stored } = summary;
  outcomes.push(`${fault}: ${answered} of ${REQUESTS} answered 503 within 3 s, ${stored} stored`);
  return summary;
}

const ALL_REFUSED = {
  answered503InTime: REQUESTS,
  stored: 0,
  countedByCause: REQUESTS,
  countedAsReceived: 0,
};

/** A port of this machine where nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => {
    server.on("listening", resolve);
  });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a TCP server has no other address
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return port;
}

describe(`${REQUESTS} of ${REQUESTS} webhooks are answered 503 within 3 s, and none is stored, when`, () => {
  it.each<readonly [Fault, string]>([
    ["hang", "timeout"],
    ["hang-within-answer", "timeout"],
    ["drip", "timeout"],
    ["close", "reset"],
    ["cut-short", "rejected"],
    ["reset", "reset"],
    ["reset-within-answer", "reset"],
    ["throttle", "throttled"],
    ["expire", "credentials"],
    ["deny", "denied"],
    ["break", "unavailable"],
    ["page", "rejected"],
    ["empty", "rejected"],
    ["redirect", "rejected"],
    ["error-as-200", "rejected"],
    ["other-answer", "rejected"],
    ["wrong-digest", "rejected"],
  ])("the queue's fault is: %s", async (fault, cause) => {
    queue.failWith(fault);

    expect(outcomeOf(`the queue's fault is ${fault}`, await post(), cause)).toEqual(ALL_REFUSED);
  });

  it("the queue refuses the connection", async () => {
    const endpoint = `http://127.0.0.1:${await closedPort()}`;

    const posted = await post({ AWS_ENDPOINT_URL_SQS: endpoint });

    expect(outcomeOf("the queue refuses the connection", posted, "refused")).toEqual(ALL_REFUSED);
  });

  it("the queue's name does not resolve", async () => {
    const posted = await post({ AWS_ENDPOINT_URL_SQS: UNRESOLVABLE });

    expect(outcomeOf("the queue's name does not resolve", posted, "unresolved")).toEqual(
      ALL_REFUSED,
    );
  });

  it("the function has no credentials", async () => {
    const posted = await post({ AWS_ACCESS_KEY_ID: "" });

    expect(outcomeOf("the function has no credentials", posted, "credentials")).toEqual(
      ALL_REFUSED,
    );
  });

  it.each<readonly [Fault, string]>([
    ["hang", "timeout"],
    ["drip", "timeout"],
    ["reset", "reset"],
    ["throttle", "throttled"],
    ["deny", "denied"],
    ["page", "rejected"],
  ])("the secret cannot be read, and its fault is: %s", async (fault, cause) => {
    rest.failWith(fault);

    expect(outcomeOf(`the secret's fault is ${fault}`, await post(), cause)).toEqual(ALL_REFUSED);
  });

  it("the bucket hangs, for a body that needs it", async () => {
    const bucket = await startFaultyAws(SECRET);
    bucket.failWith("hang");

    const posted = await post({ AWS_ENDPOINT_URL_S3: bucket.url }, LARGE);
    await bucket.close();

    expect(outcomeOf("the bucket hangs", posted, "timeout")).toEqual(ALL_REFUSED);
  });

  it("the queue hangs after the bucket has taken the body", async () => {
    queue.failWith("hang");

    expect(outcomeOf("the queue hangs after the bucket", await post({}, LARGE), "timeout")).toEqual(
      ALL_REFUSED,
    );
    expect(rest.payloads.size).toBe(REQUESTS);
  });
});

describe("a webhook survives", () => {
  it.each<Fault>(["hang", "reset", "reset-within-answer", "throttle", "break"])(
    "one attempt whose fault is: %s",
    async (fault) => {
      const faults: Fault[] = [fault];
      queue.failWith(() => faults.shift() ?? "none");
      const ingest = await deployedIngest({
        AWS_ENDPOINT_URL: rest.url,
        AWS_ENDPOINT_URL_SQS: queue.url,
      });

      const { answer, ms } = await ingest.handle(aRequest({ authorization }));

      expect(answer.statusCode).toBe(200);
      expect(ms).toBeLessThan(TIMEOUTS_MS.ingest);
      expect(queue.messages).toHaveLength(1);
    },
  );

  it("a reading of the secret, ahead of it, that hangs: as in a sandbox that was frozen meanwhile", async () => {
    const faults: Fault[] = ["hang"];
    rest.failWith(() => faults.shift() ?? "none");
    const ingest = await deployedIngest({
      AWS_ENDPOINT_URL: rest.url,
      AWS_ENDPOINT_URL_SQS: queue.url,
    });
    // The entry file has begun to read it once a turn of the event loop is over.
    await setTimeout(10);

    const { answer } = await ingest.handle(aRequest({ authorization }));

    expect(answer.statusCode).toBe(200);
    expect(rest.requests()).toBe(2);
  });
});

describe("no 200 is given without a message in the queue", () => {
  it("whatever each single call meets", async () => {
    const random = randomOf(20_261_123);
    const faults: readonly Fault[] = [
      "none",
      "none",
      "hang",
      "hang-within-answer",
      "reset",
      "reset-within-answer",
      "reset-after-storing",
      "throttle",
      "expire",
      "break",
      "page",
      "wrong-digest",
    ];
    queue.failWith(() => faults[Math.floor(random() * faults.length)] ?? "none");

    const { posted } = await post();

    const stored = new Set(
      queue.messages.map((message) => {
        const { receiptId }: { receiptId: string } = JSON.parse(message);
        return receiptId;
      }),
    );
    const acknowledged = posted.filter(({ answer }) => answer.statusCode === 200);
    const refused = posted.filter(({ answer }) => answer.statusCode === 503);
    expect(acknowledged.filter(({ requestId }) => !stored.has(requestId))).toEqual([]);
    expect(acknowledged.length + refused.length).toBe(REQUESTS);
    expect(acknowledged.length).toBeGreaterThan(REQUESTS / 4);
    expect(refused.length).toBeGreaterThan(0);
    expect(posted.filter(({ isInTime }) => !isInTime)).toEqual([]);
  });
});
