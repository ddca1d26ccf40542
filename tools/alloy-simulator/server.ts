import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";

import { forPrograms, headersOf, listen } from "../guard/listen.ts";
import { ADMIN_PATH, makeAdminApi } from "./admin-api.ts";
import { makeAlloy } from "./alloy.ts";
import type { Alloy, HeldApplication } from "./alloy.ts";
import { makeAlloyApi } from "./api.ts";
import type { ApiKey } from "./api-credentials.ts";
import { makeApiFaults } from "./api-faults.ts";
import { jsonReply } from "./api-reply.ts";
import type { ApiReply, ApiRequest } from "./api-reply.ts";
import type { ApplicationResponse } from "./application-response.ts";
import type { WebhookOptions } from "./deliveries.ts";
import { chooseScenarios, readScenarios } from "./scenario.ts";
import type { Scenario } from "./scenario.ts";
import { makeWebhookClient } from "./webhook-client.ts";
import { makeWebhookFaults } from "./webhook-faults.ts";

/** A longer request body is refused; Create requests are a few kilobytes. */
const BODY_LIMIT_BYTES = 1_000_000;

export interface AlloySimulatorOptions extends Partial<WebhookOptions> {
  /** @default 0, a free one */
  readonly port?: number;
  /** Where the webhooks go; without it nothing is sent, as if no webhook were configured. */
  readonly webhookUrl?: string;
  /** `Host` header of the webhooks, where `webhookUrl` is an address. */
  readonly webhookHost?: string;
  readonly apiKey: ApiKey;
  /** @default the files of `scenarios/` */
  readonly scenarios?: ReadonlyMap<string, Scenario>;
}

interface PlayOptions {
  /**
   * Gets the answer to Create of each application as soon as it exists, to announce the submission.
   * A rerun's is not among them: it is started from Alloy's dashboard.
   */
  readonly onSubmitted?: (created: ApplicationResponse) => void | Promise<void>;
}

export type AlloySimulator = Readonly<Awaited<ReturnType<typeof startAlloySimulator>>>;

/**
 * Starts an Alloy on 127.0.0.1.
 *
 * @throws Error when the port is taken, a scenario file is wrong, or the webhook's URL is none.
 */
export async function startAlloySimulator(options: AlloySimulatorOptions) {
  const scenarios = options.scenarios ?? readScenarios();
  const { alloy, webhookFaults } = makeRealAlloy(options);
  const faults = makeApiFaults(Date.now);
  const api = makeAlloyApi({
    alloy,
    faults,
    key: options.apiKey,
    scenarios,
    now: Date.now,
    random: Math.random,
  });
  const answerAdmin = makeAdminApi({ alloy, api, faults, webhookFaults, scenarios });

  const { port = 0 } = options;
  const server = createServer(
    forPrograms((request, response) => {
      void answer(request, response, (read) =>
        isAdmin(read.path) ? answerAdmin(read) : api.answer(read),
      );
    }),
  );
  const { url: origin, stop } = await listen(server, port).catch((error: Error) => {
    throw new Error(
      `The Alloy simulator cannot listen on 127.0.0.1:${port} (${error.message}); choose another --port, or 0 for a free one.`,
      { cause: error },
    );
  });

  return {
    /** With the version: `http://127.0.0.1:<port>/v1`. */
    baseUrl: `${origin}/v1`,
    /** Where the admin API is. */
    adminUrl: `${origin}${ADMIN_PATH}`,
    scenarioNames: [...scenarios.keys()],
    /**
     * Plays these scenarios side by side, all when none is named, and resolves with the applications when
     * Alloy has nothing more to do for them: every step raised, every delivery ended.
     */
    play: async (
      names: readonly string[],
      { onSubmitted }: PlayOptions = {},
    ): Promise<readonly HeldApplication[]> => {
      const chosen = chooseScenarios(names, scenarios);
      const played = await Promise.all(chosen.map((each) => alloy.play(each, onSubmitted)));
      return played.flat();
    },
    /** Plays a scenario that stands in no file, as `play` does. */
    playScenario: (scenario: Scenario, { onSubmitted }: PlayOptions = {}) =>
      alloy.play(scenario, onSubmitted),
    /** The scenarios that `play` knows. */
    scenarios: [...scenarios.values()],
    /** The answer to Get; undefined when there is no such application. */
    application: alloy.application,
    /** Lets one Investigation be created, promoted and closed; the webhook of its closing is lost. */
    investigate: alloy.investigations.play,
    /** What Alloy holds, of every application there is. */
    applications: alloy.applications,
    deliveries: () => alloy.deliveries.log,
    setApiFault: faults.set,
    apiFault: faults.current,
    webhookFaults,
    withholdWebhooks: alloy.withhold,
    isWithholding: alloy.isWithholding,
    isWebhookActive: alloy.deliveries.isActive,
    failuresInARow: alloy.deliveries.failuresInARow,
    setWebhookActive: alloy.deliveries.setActive,
    stop: async (): Promise<void> => {
      alloy.stop();
      await stop();
    },
  };
}

function makeRealAlloy(options: AlloySimulatorOptions) {
  const { webhookUrl, webhookHost } = options;
  const schedule = (delayMs: number, task: () => void) => {
    const timer = setTimeout(task, delayMs);
    return () => clearTimeout(timer);
  };
  const webhookFaults = makeWebhookFaults(
    webhookUrl === undefined
      ? () => Promise.resolve({ failure: "no webhook is configured" })
      : makeWebhookClient({
          url: readUrl(webhookUrl),
          ...(webhookHost === undefined ? {} : { host: webhookHost }),
        }),
    schedule,
  );
  const alloy: Alloy = makeAlloy(
    {
      now: Date.now,
      random: Math.random,
      schedule,
      deliver: (webhook) => webhookFaults.deliver(webhook),
    },
    {
      ...options,
      credential: options.credential ?? { kind: "none" },
      environment: options.environment ?? "sandbox",
    },
  );
  if (webhookUrl === undefined) alloy.deliveries.setActive(false);
  return { alloy, webhookFaults };
}

function readUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null || !["http:", "https:"].includes(url.protocol)) {
    throw new Error(`The webhook URL "${text}" is none; it wants http://… or https://….`);
  }
  return url;
}

function isAdmin(path: string): boolean {
  return path === ADMIN_PATH || path.startsWith(`${ADMIN_PATH}/`);
}

async function answer(
  incoming: IncomingMessage,
  response: ServerResponse,
  reply: (request: ApiRequest) => Promise<ApiReply | null>,
): Promise<void> {
  try {
    const request = await readRequest(incoming);
    const replied =
      request === null ? jsonReply(413, { error: "The body is too long." }) : await reply(request);
    if (replied === null) return; // A fault: the caller waits for as long as it likes.
    response.writeHead(replied.status, replied.headers).end(replied.body);
  } catch (error) {
    // A fault of the simulator itself must look like one, not like Alloy.
    response.writeHead(500, { "content-type": "application/json" });
    response.end(JSON.stringify({ simulatorFailed: String(error) }));
  }
}

/** Null: the body is too long. */
async function readRequest(incoming: IncomingMessage): Promise<ApiRequest | null> {
  const url = new URL(incoming.url ?? "/", "http://127.0.0.1");
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of incoming) {
    length += chunk.length;
    if (length > BODY_LIMIT_BYTES) return null;
    chunks.push(chunk);
  }
  return {
    method: incoming.method ?? "GET",
    path: url.pathname,
    query: url.searchParams,
    headers: headersOf(incoming),
    body: Buffer.concat(chunks).toString("utf8"),
  };
}
