import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { IngestSettings } from "../../lambdas/settings/ingest-settings.ts";
import { deployedIngest, restoreProcess } from "../support/deployed-ingest.ts";
import { startFaultyAws } from "../support/faulty-aws.ts";
import { aRequest, basicOf } from "../support/ingest.ts";

const authorization = basicOf("alloy", "correct horse battery");

let queue: Awaited<ReturnType<typeof startFaultyAws>>;
let rest: Awaited<ReturnType<typeof startFaultyAws>>;

beforeEach(async () => {
  const secret = { basic: [{ username: "alloy", password: "correct horse battery" }] };
  queue = await startFaultyAws(secret);
  rest = await startFaultyAws(secret);
});

afterEach(async () => {
  restoreProcess();
  await Promise.all([queue.close(), rest.close()]);
});

describe("a webhook in a warm function", () => {
  const WEBHOOKS = 20;

  async function postWarm(
    settings: Partial<IngestSettings> = {},
    request: Parameters<typeof aRequest>[0] = {},
  ) {
    const endpoints = { AWS_ENDPOINT_URL: rest.url, AWS_ENDPOINT_URL_SQS: queue.url };
    const ingest = await deployedIngest(endpoints, settings);
    const statuses = new Set<number | undefined>();
    for (let posted = 0; posted < WEBHOOKS; posted += 1) {
      const { answer } = await ingest.handle(aRequest({ authorization, ...request }));
      statuses.add(answer.statusCode);
    }
    return {
      statuses: [...statuses],
      calls: queue.requests(),
      connections: queue.connections(),
      secretsRead: rest.requests(),
    };
  }

  it("is one call to the queue, over the connection of the one before", async () => {
    expect(await postWarm()).toEqual({
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

    expect(posted).toEqual({
      statuses: [200],
      calls: WEBHOOKS,
      connections: 1,
      secretsRead: 0,
    });
  });
});
