import { setTimeout } from "node:timers/promises";

import { afterAll, beforeEach, describe, expect, it } from "vitest";

import type { IngestSettings } from "../../lambdas/settings/ingest-settings.ts";
import { TIMEOUTS_MS } from "../../lambdas/settings/limits.ts";
import { deployedIngest, restoreProcess } from "../support/deployed-ingest.ts";
import { startFaultyAws } from "../support/faulty-aws.ts";
import type { Fault } from "../support/faulty-aws.ts";
import { aRequest, countedIn } from "../support/ingest.ts";
import { randomOf } from "../../tools/cloud-in-memory/random.ts";
import { freePorts } from "../../tools/local/emulator/ports.ts";

/** Requests per fault: each stands for one sandbox, and meets what the others meet. */
const REQUESTS = 20;

/** Where a fault is an answer: a machine that is busy has the time of one webhook for a few of them, not for all. */
const AT_ONCE = 4;

/** Requests of which each call may meet another fault. */
const MIXED_REQUESTS = 100;

const SECRET = { basic: [{ username: "alloy", password: "correct horse battery" }] };

/** A label may have 63 letters: no resolver asks anybody about this one. */
const UNRESOLVABLE = `http://${"x".repeat(64)}.invalid`;

/** More than one message holds. */
const LARGE = "x".repeat(1_100_000);

let queue: Awaited<ReturnType<typeof startFaultyAws>>;
let rest: Awaited<ReturnType<typeof startFaultyAws>>;

beforeEach(async () => {
  queue = await startFaultyAws(SECRET);
  rest = await startFaultyAws(SECRET);
  return async () => {
    restoreProcess();
    await Promise.all([queue.close(), rest.close()]);
  };
});

/** Ingest over both endpoints. */
const ingestHere = (
  environment: Readonly<Record<string, string>> = {},
  settings: Partial<IngestSettings> = {},
) =>
  deployedIngest(
    { AWS_ENDPOINT_URL: rest.url, AWS_ENDPOINT_URL_SQS: queue.url, ...environment },
    settings,
  );

/** Posts webhooks. @param atOnce - @default - those that wait for a hanging endpoint wait together */
async function post(
  environment: Readonly<Record<string, string>> = {},
  { body = "{}", count = REQUESTS, atOnce = REQUESTS } = {},
) {
  const ingest = await ingestHere(environment);
  const postOne = async (index: number) => {
    const requestId = `R-${index}`;
    const { answer, ms } = await ingest.handle(aRequest({ body, requestId }));
    return { requestId, answer, isInTime: ms < TIMEOUTS_MS.ingest };
  };
  const posted: Awaited<ReturnType<typeof postOne>>[] = [];
  // The first large one comes alone: on a busy machine the time of some others ends before they have begun.
  if (body === LARGE) posted.push(await postOne(0));
  while (posted.length < count) {
    const few = Array.from({ length: Math.min(atOnce, count - posted.length) }, (_, index) =>
      postOne(posted.length + index),
    );
    posted.push(...(await Promise.all(few)));
  }
  restoreProcess();
  return { posted, lines: ingest.lines };
}

/** A fault that counts as a timeout is waited for. */
const atOnceFor = (cause: string) => (cause === "timeout" ? REQUESTS : AT_ONCE);

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

const ALL_REFUSED = {
  answered503InTime: REQUESTS,
  stored: 0,
  countedByCause: REQUESTS,
  countedAsReceived: 0,
};

/** The summary, which is also printed in the end. */
function outcomeOf(fault: string, posted: Awaited<ReturnType<typeof post>>, cause: string) {
  const summary = summaryOf(posted, cause);
  const { answered503InTime: answered, stored } = summary;
  outcomes.push(`${fault}: ${answered} of ${REQUESTS} answered 503 within 3 s, ${stored} stored`);
  return summary;
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

    const posted = await post({}, { atOnce: atOnceFor(cause) });

    expect(outcomeOf(`the queue's fault is ${fault}`, posted, cause)).toEqual(ALL_REFUSED);
  });

  it.each<readonly [string, () => Promise<Readonly<Record<string, string>>>, string]>([
    [
      "the queue refuses the connection",
      // Nobody listens there.
      async () => ({ AWS_ENDPOINT_URL_SQS: `http://127.0.0.1:${(await freePorts(1))[0]}` }),
      "refused",
    ],
    [
      "the queue's name does not resolve",
      async () => ({ AWS_ENDPOINT_URL_SQS: UNRESOLVABLE }),
      "unresolved",
    ],
    ["the function has no credentials", async () => ({ AWS_ACCESS_KEY_ID: "" }), "credentials"],
  ])("%s", async (fault, environment, cause) => {
    const posted = await post(await environment(), { atOnce: atOnceFor(cause) });

    expect(outcomeOf(fault, posted, cause)).toEqual(ALL_REFUSED);
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

    const posted = await post({}, { atOnce: atOnceFor(cause) });

    expect(outcomeOf(`the secret's fault is ${fault}`, posted, cause)).toEqual(ALL_REFUSED);
  });

  it("the bucket hangs, for a body that needs it", async () => {
    const bucket = await startFaultyAws(SECRET);
    bucket.failWith("hang");

    const posted = await post({ AWS_ENDPOINT_URL_S3: bucket.url }, { body: LARGE });
    await bucket.close();

    expect(outcomeOf("the bucket hangs", posted, "timeout")).toEqual(ALL_REFUSED);
  });

  it("the queue hangs after the bucket has taken the body", async () => {
    queue.failWith("hang");

    const posted = await post({}, { body: LARGE });

    expect(outcomeOf("the queue hangs after the bucket", posted, "timeout")).toEqual(ALL_REFUSED);
    // On a slow machine the time for some answers ends before the bucket has their bodies.
    expect(rest.payloads.size).toBeGreaterThan(0);
  });
});

describe("a webhook survives", () => {
  it.each<Fault>(["hang", "reset", "reset-within-answer", "throttle", "break"])(
    "one attempt whose fault is: %s",
    async (fault) => {
      const faults: Fault[] = [fault];
      queue.failWith(() => faults.shift() ?? "none");
      const ingest = await ingestHere();

      const { answer, ms } = await ingest.handle(aRequest({}));

      expect(answer.statusCode).toBe(200);
      expect(ms).toBeLessThan(TIMEOUTS_MS.ingest);
      expect(queue.messages).toHaveLength(1);
    },
  );

  it("a reading of the secret, ahead of it, that hangs: as in a sandbox that was frozen meanwhile", async () => {
    const faults: Fault[] = ["hang"];
    rest.failWith(() => faults.shift() ?? "none");
    const ingest = await ingestHere();
    // The entry file has begun to read it once a turn of the event loop is over.
    await setTimeout(10);

    const { answer } = await ingest.handle(aRequest({}));

    expect(answer.statusCode).toBe(200);
    expect(rest.requests()).toBe(2);
  });
});

it("no 200 is given without a message in the queue, whatever each single call meets", async () => {
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

  const { posted } = await post({}, { count: MIXED_REQUESTS });

  const stored = new Set(
    queue.messages.map((message) => {
      const { receiptId }: { receiptId: string } = JSON.parse(message);
      return receiptId;
    }),
  );
  const acknowledged = posted.filter(({ answer }) => answer.statusCode === 200);
  const refused = posted.filter(({ answer }) => answer.statusCode === 503);
  expect(acknowledged.filter(({ requestId }) => !stored.has(requestId))).toEqual([]);
  expect(acknowledged.length + refused.length).toBe(MIXED_REQUESTS);
  expect(acknowledged.length).toBeGreaterThan(MIXED_REQUESTS / 4);
  expect(refused.length).toBeGreaterThan(0);
  expect(posted.filter(({ isInTime }) => !isInTime)).toEqual([]);
});

describe("a webhook in a warm function", () => {
  const WEBHOOKS = 20;

  async function postWarm(
    settings: Partial<IngestSettings> = {},
    request: Parameters<typeof aRequest>[0] = {},
  ) {
    const ingest = await ingestHere({}, settings);
    const statuses = new Set<number | undefined>();
    for (let posted = 0; posted < WEBHOOKS; posted += 1) {
      statuses.add((await ingest.handle(aRequest(request))).answer.statusCode);
    }
    const [calls, connections] = [queue.requests(), queue.connections()];
    return { statuses: [...statuses], calls, connections, secretsRead: rest.requests() };
  }

  it("is one call to the queue, over the connection of the one before", async () => {
    const posted = await postWarm();

    expect(posted).toEqual({
      statuses: [200],
      calls: WEBHOOKS,
      connections: 1,
      secretsRead: 1,
    });
  });

  it("reads no secret when API Gateway checks the token", async () => {
    rest.failWith("deny");
    const jwt = { issuer: "https://login.example.com", audience: ["alloy"], scopes: ["send"] };
    const claims = { iss: jwt.issuer, aud: "alloy", scope: "send" };

    const posted = await postWarm(
      { auth: { jwt } },
      { authorizer: { jwt: { claims, scopes: ["send"] } } },
    );

    expect(posted).toEqual({ statuses: [200], calls: WEBHOOKS, connections: 1, secretsRead: 0 });
  });
});
