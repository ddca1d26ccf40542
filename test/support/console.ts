import { request } from "node:http";
import type { IncomingMessage, OutgoingHttpHeaders } from "node:http";
import { text } from "node:stream/consumers";

import { startConsole } from "../../tools/console/server.ts";
import type { ConsoleParts } from "../../tools/console/routes.ts";
import type { ConsoleSource } from "../../tools/console/source.ts";
import type { Needs } from "../../tools/console/view.ts";
import { OperatorError } from "../../tools/ops/operator-error.ts";
import type { StoredApplication } from "../../tools/ops/application.ts";

export const AT = Date.parse("2026-11-23T20:00:00.000Z");

/** An application as the table holds it, without a body. */
export function aStoredApplication(
  token: string,
  changes: Partial<StoredApplication> = {},
): StoredApplication {
  return {
    token,
    state: {
      journeyName: "Onboarding",
      journeyToken: "J-1",
      environment: "live",
      status: "waiting_review",
      lastEventAt: AT,
      dueAt: AT + 60_000,
    },
    events: [
      {
        eventId: `${token}-e1`,
        type: "pending_review",
        eventAt: AT - 2_000,
        receivedAt: AT - 1_900,
        origin: "webhook",
        route: "manual-review",
      },
    ],
    failures: [],
    unreadable: [],
    ...changes,
  };
}

export const NO_NEEDS: Needs = {
  isHealthy: true,
  why: "no gap, no dead letter",
  items: [],
  gaps: [],
  gapCount: 0,
  deadLetters: [],
  unread: [],
};

/** A source that holds these applications, the first one at the top of the list. */
export function aSource(
  applications: readonly StoredApplication[],
  needs: Needs = NO_NEEDS,
): ConsoleSource {
  const byToken = new Map(applications.map((one) => [one.token, one]));
  return {
    stage: "test",
    paceMs: 1_000,
    needs: async () => needs,
    list: async () => applications.map(({ token }, index) => ({ token, rank: -index })),
    async read(token) {
      const found = byToken.get(token);
      if (found === undefined) throw new OperatorError(`The application ${token} is unknown here.`);
      return found;
    },
    async find(wanted) {
      if (byToken.has(wanted)) return [wanted];
      throw new OperatorError(`No application has the id "${wanted}".`);
    },
  };
}

/** A console over such a source, and a client that sends exactly what it is given. */
export async function aConsole(
  options: {
    readonly parts?: Partial<ConsoleParts>;
    readonly canWrite?: boolean;
  } = {},
) {
  const started = await startConsole({
    canWrite: options.canWrite ?? false,
    parts: {
      source: aSource([aStoredApplication("JA-1")]),
      alloy: null,
      laptop: null,
      verbs: null,
      now: () => AT,
      ...options.parts,
    },
  });
  return { ...started, send: senderTo(started), [Symbol.asyncDispose]: started.stop };
}

interface Sent {
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string;
}

/** With the token in its header, unless `headers` names another one. */
function senderTo({ port, token }: { readonly port: number; readonly token: string }) {
  return async (path: string, { method = "GET", headers = {}, body = "" }: Sent = {}) => {
    const answered = await new Promise<IncomingMessage>((resolve, reject) => {
      const sent = request(
        {
          host: "127.0.0.1",
          port,
          path,
          method,
          setHost: headers["host"] === undefined,
          headers: { "x-console-token": token, ...headers },
        },
        resolve,
      );
      sent.on("error", reject);
      sent.end(body);
    });
    return {
      status: answered.statusCode ?? 0,
      headers: answered.headers,
      body: await text(answered),
    };
  };
}
