import { spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";

import { describe, expect, it, onTestFinished } from "vitest";

import { startAlloySimulator } from "../../tools/alloy-simulator/server.ts";
import type { AlloySimulator, AlloySimulatorOptions } from "../../tools/alloy-simulator/server.ts";
import { aServer } from "../support/local-server.ts";

interface Request {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly body: string;
}

/** An endpoint for webhooks that answers with this status; 0 leaves the request hanging. */
async function anEndpoint(statusOf: (received: readonly Request[]) => number = () => 200) {
  const received: Request[] = [];
  const take = async (incoming: IncomingMessage, response: ServerResponse) => {
    const { headers, method, url } = incoming;
    received.push({ headers, method, url, body: await text(incoming) });
    const status = statusOf(received);
    if (status !== 0) response.writeHead(status, { location: "/elsewhere" }).end("{}");
  };
  const baseUrl = await aServer((incoming, response) => void take(incoming, response));
  return { received, url: `${new URL(baseUrl).origin}/webhooks/alloy` };
}

const KEY = { token: "key", secrets: ["secret"] };
const AUTHORIZATION = `Basic ${Buffer.from("key:secret").toString("base64")}`;

async function aSimulator(options: Partial<AlloySimulatorOptions> = {}): Promise<AlloySimulator> {
  const simulator = await startAlloySimulator({ apiKey: KEY, timeScale: 600, ...options });
  onTestFinished(simulator.stop);
  return simulator;
}

async function ask(url: string, init: RequestInit = {}) {
  const response = await fetch(url, { headers: { authorization: AUTHORIZATION }, ...init });
  return { status: response.status, json: JSON.parse(await response.text()) };
}

describe("the Alloy simulator over HTTP", () => {
  it("plays every scenario to the end that it says, side by side, in a few seconds", async () => {
    const endpoint = await anEndpoint();
    const simulator = await aSimulator({
      webhookUrl: endpoint.url,
      credential: { kind: "hmac", secret: "shared" },
    });
    const submitted: string[] = [];
    const begun = Date.now();

    const applications = await simulator.play([], {
      onSubmitted: (created) => {
        submitted.push(created.journey_application_token);
      },
    });

    expect(Date.now() - begun).toBeLessThan(15_000);
    expect(applications).toHaveLength(11);
    expect(submitted).toHaveLength(10);
    for (const application of applications) {
      const { status, outcome } = application.expected;
      const path = `/journeys/${application.journeyToken}/applications/${application.applicationToken}`;
      const { json } = await ask(`${simulator.baseUrl}${path}`);
      expect(json).toMatchObject({ status, complete_outcome: outcome });
    }
    expect(endpoint.received).toHaveLength(
      simulator.deliveries().filter(({ state }) => state === "delivered").length,
    );
    for (const { method, url, headers, body } of endpoint.received) {
      expect([method, url]).toEqual(["POST", "/webhooks/alloy"]);
      expect(headers["content-type"]).toBe("application/json");
      expect(headers["authorization"]).toBe(
        createHmac("sha256", "shared").update(body).digest("base64"),
      );
    }
  });

  it("tries again until it is answered 200, in other bytes", async () => {
    const endpoint = await anEndpoint((received) => (received.length <= 4 ? 503 : 200));
    const simulator = await aSimulator({
      webhookUrl: endpoint.url,
      credential: { kind: "basic", username: "alloy", password: "pass" },
    });

    await simulator.play(["approved-at-once"]);

    const deliveries = simulator.deliveries();
    expect(deliveries.every(({ state }) => state === "delivered")).toBe(true);
    expect(endpoint.received).toHaveLength(8);
    expect(endpoint.received[0]?.headers["authorization"]).toBe("Basic YWxsb3k6cGFzcw==");
    const [first] = deliveries;
    expect(first?.attempts.map(({ answer }) => answer)).toContainEqual({ status: 503 });
    expect(new Set(first?.attempts.map(({ body }) => body)).size).toBe(first?.attempts.length);
  });

  it("follows no redirect", async () => {
    const endpoint = await anEndpoint((received) => (received.length <= 4 ? 307 : 200));
    const simulator = await aSimulator({ webhookUrl: endpoint.url });

    await simulator.play(["approved-at-once"]);

    expect(new Set(endpoint.received.map(({ url }) => url))).toEqual(new Set(["/webhooks/alloy"]));
    expect(simulator.deliveries()[0]?.attempts[0]?.answer).toEqual({ status: 307 });
  });

  it("gives a request up at its limit", async () => {
    const endpoint = await anEndpoint((received) => (received.length <= 4 ? 0 : 200));
    const simulator = await aSimulator({ webhookUrl: endpoint.url, attemptLimitMs: 200 });

    await simulator.play(["approved-at-once"]);

    expect(simulator.deliveries()[0]?.attempts[0]?.answer).toEqual({
      failure: "no answer within 200 ms",
    });
  });

  it("sends the Host that it is told to, where a name does not resolve", async () => {
    const endpoint = await anEndpoint();
    const simulator = await aSimulator({
      webhookUrl: endpoint.url,
      webhookHost: "abc.execute-api.localhost",
    });

    await simulator.play(["approved-at-once"]);

    expect(endpoint.received[0]?.headers["host"]).toBe("abc.execute-api.localhost");
  });

  it("is switched off by a hundred failures, and on again by hand", async () => {
    const endpoint = await anEndpoint((received) => (received.length <= 100 ? 500 : 200));
    const simulator = await aSimulator({ webhookUrl: endpoint.url, timeScale: 100_000 });

    while (simulator.isWebhookActive()) await simulator.play(["approved-at-once"]);
    const sent = endpoint.received.length;
    await simulator.play(["denied"]);
    expect(endpoint.received).toHaveLength(sent);
    await ask(`${simulator.adminUrl}/webhook`, { method: "PUT", body: `{"active":true}` });
    await simulator.play(["denied"]);

    expect(sent).toBeGreaterThanOrEqual(100);
    expect(endpoint.received).toHaveLength(sent + 5);
  });

  it("answers nothing while its API hangs, and stops all the same", async () => {
    const simulator = await startAlloySimulator({ apiKey: KEY });
    simulator.setApiFault({ kind: "hang" });

    const asking = ask(`${simulator.baseUrl}/journeys/J-x/applications/JA-x`, {
      signal: AbortSignal.timeout(200),
    });

    await expect(asking).rejects.toThrow(/timeout/);
    await simulator.stop();
  });

  it("says which port is taken and what to do", async () => {
    const simulator = await aSimulator();
    const port = Number(new URL(simulator.baseUrl).port);

    await expect(startAlloySimulator({ apiKey: KEY, port })).rejects.toThrow(
      /cannot listen on 127\.0\.0\.1:\d+ .*EADDRINUSE.*another --port/,
    );
  });

  it("refuses a webhook URL that is none", async () => {
    await expect(startAlloySimulator({ apiKey: KEY, webhookUrl: "localhost:1" })).rejects.toThrow(
      /"localhost:1" is none/,
    );
  });
});

describe("the admin API", () => {
  it("plays, tells what was sent, and lets more happen", async () => {
    const endpoint = await anEndpoint();
    const simulator = await aSimulator({ webhookUrl: endpoint.url });
    const admin = (path: string, init?: RequestInit) => ask(`${simulator.adminUrl}${path}`, init);

    const played = await admin("/play", {
      method: "POST",
      body: JSON.stringify({ scenarios: ["approved-at-once"] }),
    });
    const [{ applicationToken }] = played.json.applications;
    await expect.poll(() => endpoint.received.length, { timeout: 5_000 }).toBe(4);
    const raised = await admin(`/applications/${applicationToken}/events`, {
      method: "POST",
      body: JSON.stringify({ event: "application_archived" }),
    });
    await expect.poll(() => endpoint.received.length, { timeout: 5_000 }).toBe(5);

    expect(played.status).toBe(202);
    expect(raised.json._embedded.events.at(-1).type).toBe("application_archived");
    const { json } = await admin(`/deliveries?application=${applicationToken}`);
    expect(json.deliveries).toHaveLength(5);
    expect(json.deliveries[0]).toMatchObject({
      applicationToken,
      eventType: "started_application",
      state: "delivered",
      attempts: [{ number: 1, answer: { status: 200 } }],
    });
    expect((await admin("/applications")).json.applications).toMatchObject([
      { scenario: "approved-at-once", status: "completed", outcome: "Approved" },
    ]);
    expect((await admin("/deliveries?application=JA-none")).json.deliveries).toEqual([]);
  });

  it("withholds webhooks until it is told not to", async () => {
    const endpoint = await anEndpoint();
    const simulator = await aSimulator({ webhookUrl: endpoint.url });
    const withhold = (withheld: boolean) =>
      ask(`${simulator.adminUrl}/faults/webhooks`, {
        method: "PUT",
        body: JSON.stringify({ withhold: withheld }),
      });

    await withhold(true);
    await simulator.play(["denied"]);
    expect(endpoint.received).toEqual([]);
    const { json } = await withhold(false);
    await simulator.play(["denied"]);

    expect(json.webhook).toMatchObject({ active: true, withheld: false });
    expect(endpoint.received).toHaveLength(5);
  });

  it("spoils the API, expires bearer tokens, and keeps count of the calls", async () => {
    const simulator = await aSimulator();
    const get = (headers: Record<string, string>) =>
      ask(`${simulator.baseUrl}/journeys/J-x/applications/JA-x`, { headers });
    const put = (path: string, json: unknown) =>
      ask(`${simulator.adminUrl}${path}`, { method: "PUT", body: JSON.stringify(json) });
    const { json: granted } = await ask(`${simulator.baseUrl}/oauth/bearer`, {
      method: "POST",
      body: JSON.stringify({ grant_type: "client_credentials" }),
      headers: { authorization: AUTHORIZATION },
    });
    const bearer = { authorization: `Bearer ${granted.access_token}` };

    await put("/faults/api", { kind: "unavailable", calls: 1 });
    const spoilt = await get(bearer);
    const unspoilt = await get(bearer);
    await ask(`${simulator.adminUrl}/oauth/expire`, { method: "POST" });
    const expired = await get(bearer);

    expect([spoilt.status, unspoilt.status]).toEqual([503, 404]);
    expect(expired.json.error.minor_code).toBe(4012);
    const { json } = await ask(`${simulator.adminUrl}/calls`);
    expect(json.calls.map((call: { status: number }) => call.status)).toEqual([200, 503, 404, 401]);
  });

  it("presses the Test Webhook button", async () => {
    const endpoint = await anEndpoint();
    const simulator = await aSimulator({ webhookUrl: endpoint.url });

    const { json } = await ask(`${simulator.adminUrl}/webhook/test`, { method: "POST" });

    expect(json).toEqual({ answer: { status: 200 } });
    expect(JSON.parse(endpoint.received[0]?.body ?? "{}")).not.toHaveProperty("data");
  });

  it.each([
    ["GET", "/nothing", "", 404, /No GET \/nothing; there are GET \/, GET \/state/],
    ["PUT", "/faults/api", `{"kind":"bogus"}`, 400, /kind/],
    ["PUT", "/faults/webhooks", "not json", 400, /JSON/],
    ["POST", "/play", `{"scenarios":["nope"]}`, 400, /No scenario is called "nope"/],
    ["POST", "/applications/JA-x/events", `{"event":"error"}`, 400, /no application JA-x/],
  ])("refuses %s %s %s with its reason", async (method, path, body, status, reason) => {
    const simulator = await aSimulator();

    const answer = await ask(`${simulator.adminUrl}${path}`, {
      method,
      ...(body === "" ? {} : { body }),
    });

    expect(answer.status).toBe(status);
    expect(answer.json.error).toMatch(reason);
  });
});

describe("the command line", () => {
  async function run(args: string) {
    const child = spawn(process.execPath, ["tools/alloy-simulator/main.ts", ...args.split(" ")]);
    const [out, err, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, "exit"),
    ]);
    return { out, err, code };
  }

  it("plays a scenario against an endpoint and exits 0", async () => {
    const endpoint = await anEndpoint();

    const { out, code } = await run(
      `--webhook-url ${endpoint.url} --basic alloy:pass --event-token --scenario two-entities --once`,
    );

    expect(code).toBe(0);
    expect(out).toMatch(/ok {3}JA-\w+ two-entities: completed, Approved; 13 events, 13 of 13/);
    expect(endpoint.received).toHaveLength(13);
    expect(endpoint.received[0]?.body).toContain("journey_application_event_token");
  });

  it("ends at once and quietly when it is interrupted in the middle of a scenario", async () => {
    const args = "tools/alloy-simulator/main.ts --time-scale 1 --scenario all --once".split(" ");
    const child = spawn(process.execPath, args);
    const err = text(child.stderr);
    await once(child.stdout, "data");

    child.kill("SIGINT");
    const [code, signal] = await once(child, "exit");

    expect([code, signal, await err]).toEqual([130, null, ""]);
  });

  it("lists the scenarios and helps", async () => {
    const [list, help] = await Promise.all([run("--list"), run("--help")]);

    expect(list.out).toMatch(/^all-webhooks-lost$/m);
    expect(help.out).toMatch(/--webhook-url <url>/);
    expect([list.code, help.code]).toEqual([0, 0]);
  });
});
