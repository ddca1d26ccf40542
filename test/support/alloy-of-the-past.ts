import type { IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";

import { makeAlloy } from "../../tools/alloy-simulator/alloy.ts";
import { makeAlloyApi } from "../../tools/alloy-simulator/api.ts";
import type { ApiRequest } from "../../tools/alloy-simulator/api-reply.ts";
import { makeApiFaults } from "../../tools/alloy-simulator/api-faults.ts";
import type { ApplicationResponse } from "../../tools/alloy-simulator/application-response.ts";
import type { WebhookRequest } from "../../tools/alloy-simulator/deliveries.ts";
import { readScenarios } from "../../tools/alloy-simulator/scenario.ts";
import { theScenario } from "./alloy-simulator.ts";
import { startLocalServer } from "./local-server.ts";
import { Clock } from "../../tools/cloud-in-memory/clock.ts";

const HOUR_MS = 3_600_000;

/**
 * An Alloy whose scenarios have happened some hours ago, so that whatever falls due after them is due now. Its API
 * answers on 127.0.0.1.
 *
 * @param options.hmac - the key that signs its webhooks.
 */
export async function startAlloyOfThePast(options: {
  readonly hmac: string;
  readonly apiKey: { readonly token: string; readonly secret: string };
}) {
  const time = new Clock(Date.now() - 8 * HOUR_MS);
  const sent: WebhookRequest[] = [];
  const world = { now: time.now, random: Math.random, schedule: time.schedule };
  const alloy = makeAlloy(
    {
      ...world,
      deliver: (request) => {
        sent.push(request);
        return Promise.resolve({ status: 200 });
      },
    },
    { credential: { kind: "hmac", secret: options.hmac }, environment: "sandbox" },
  );
  const { token, secret } = options.apiKey;
  const api = makeAlloyApi({
    ...world,
    now: Date.now,
    alloy,
    faults: makeApiFaults(Date.now),
    key: { token, secrets: [secret] },
    scenarios: readScenarios(),
  });
  const unlisted = new Map<string, string>();
  const server = await startLocalServer((incoming, response) => {
    const reply = async () => {
      const answer = await api.answer(await readRequest(incoming));
      response.writeHead(answer?.status ?? 500, answer?.headers);
      response.end(withoutEvents(answer?.body ?? "", unlisted));
    };
    reply().catch(() => response.destroy());
  });
  return {
    baseUrl: server.baseUrl,
    /**
     * Plays a scenario to its end. @returns Alloy's answer to Create, the webhooks that left Alloy in order, the
     * application and, where there is one, its rerun.
     */
    async play(name: string) {
      const before = sent.length;
      const created = Promise.withResolvers<ApplicationResponse>();
      const played = alloy.play(theScenario(name), created.resolve);
      await time.runAll();
      return { created: await created.promise, webhooks: sent.slice(before), held: await played };
    },
    /** Leaves events of a type out of what the API lists of an application from now on. */
    unlist: (applicationToken: string, type: string) => unlisted.set(applicationToken, type),
    close: () => server.close(),
  };
}

function withoutEvents(body: string, unlisted: ReadonlyMap<string, string>): string {
  const answer: {
    readonly journey_application_token?: string;
    readonly _embedded?: { readonly events?: readonly { readonly type?: string }[] };
  } = JSON.parse(body);
  const { journey_application_token: token = "", _embedded: embedded } = answer;
  if (embedded?.events === undefined) return body;
  const events = embedded.events.filter(({ type = "" }) => type !== unlisted.get(token));
  return JSON.stringify({ ...answer, _embedded: { ...embedded, events } });
}

async function readRequest(incoming: IncomingMessage): Promise<ApiRequest> {
  const { pathname, searchParams } = new URL(incoming.url ?? "/", "http://alloy");
  return {
    method: incoming.method ?? "GET",
    path: pathname,
    query: searchParams,
    headers: Object.fromEntries(
      Object.entries(incoming.headers).map(([name, value]) => [name, value?.toString()]),
    ),
    body: await text(incoming),
  };
}
