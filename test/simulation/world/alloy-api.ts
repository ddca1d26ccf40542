import {
  BasicAuthorization,
  BearerAuthorization,
} from "../../../lambdas/adapters/alloy/alloy-authorization.ts";
import { HttpAlloyApi } from "../../../lambdas/adapters/alloy/alloy-api.ts";
import { parseInvestigationPage } from "../../../lambdas/domain/reconciliation/investigation-list.ts";
import type {
  AlloyAnswer,
  AlloyApi,
  AlloyListAnswer,
} from "../../../lambdas/domain/polling/polling-ports.ts";
import { parsedOf, textOf, versionAt } from "../scenario/answered.ts";
import type { FaultKind } from "../faults/faults.ts";
import { errorPage } from "../scenario/api.ts";
import type { Page } from "../scenario/api.ts";
import { listPage } from "../scenario/investigations.ts";
import type { Scenario } from "../scenario/scenario-type.ts";
import type { CallFault, Sandbox } from "../faults/sandbox.ts";
import type { World } from "./world.ts";

const CALL: readonly CallFault[] = ["crash-before", "crash-after", "timed-out", "slow", "stalled"];
const ANSWER: readonly FaultKind[] = ["alloy-failed", "alloy-rate-limited", "alloy-unauthorized"];

/** Alloy's API, as one sandbox calls it: as the port has it, or over HTTP where the world's knobs want that. */
export function alloyApiIn(sandbox: Sandbox, world: World): AlloyApi {
  return world.scenario.api.overHttp === null
    ? plainApiIn(sandbox, world)
    : httpApiIn(sandbox, world);
}

function plainApiIn(sandbox: Sandbox, world: World): AlloyApi {
  const { clock, nameOf, scenario, observer } = world;
  return {
    getApplication: ({ applicationToken }, timeoutMs) =>
      sandbox.call(
        "alloy.get",
        applicationToken,
        async (): Promise<AlloyAnswer> => {
          observer.asked(applicationToken);
          const refusal = refusalOf(nameOf(applicationToken), world);
          if (refusal !== null) return refusal;
          const known = scenario.applicationOf(applicationToken);
          if (known?.isFailing === true) return FAILED;
          const version = known === null ? null : versionAt(known, clock.now());
          if (known === null || version === null || known.isUnknownToUs) {
            return { kind: "unknown", status: 404, minorCode: 4041 };
          }
          observer.answered(known, version);
          const application = parsedOf(known, version);
          if (application !== null) return { kind: "application", application };
          return { kind: "failed", cause: "not-an-application", retryAfterMs: null };
        },
        { ...CALL_LIMITS, timeoutMs },
      ),
    listInvestigations: (page, timeoutMs) =>
      sandbox.call(
        "alloy.list",
        "",
        async (): Promise<AlloyListAnswer> => {
          const refusal = refusalOf("list", world);
          if (refusal !== null) return refusal;
          const listed = parseInvestigationPage(listOf(scenario, page, clock.now()), page);
          return listed === null ? FAILED : { kind: "investigations", page: listed };
        },
        { ...CALL_LIMITS, timeoutMs },
      ),
    renewCredentials() {},
  };
}

const FAILED = { kind: "failed", cause: "server-error", retryAfterMs: null } as const;

/** Few to a page, so that there are several. */
function listOf({ investigations }: Scenario, page: number, now: number): string {
  return listPage(investigations, { now, page, perPage: 2 });
}

const CALL_LIMITS = {
  service: "alloy",
  kinds: CALL,
  refuse: () => ({ kind: "failed", cause: "timeout", retryAfterMs: null }) as const,
} as const;

/** What goes wrong with an answer about this; null: nothing. */
function refusalOf(subject: string, { clock, faults, story, scenario }: World) {
  const fault = faults.draw("alloy.answer", ANSWER, subject);
  if (fault === null) {
    return clock.now() >= scenario.api.revokedAt ? ({ kind: "unauthorized" } as const) : null;
  }
  const { kind, amount, occurrence } = fault;
  story.tell("Alloy", `FAULT ${kind} #${occurrence}`);
  if (kind === "alloy-unauthorized") return { kind: "unauthorized" } as const;
  const retryAfterMs = amount < 0.5 ? null : Math.round(amount * 4_000);
  if (kind === "alloy-rate-limited") return { kind: "rate-limited", retryAfterMs } as const;
  const cause = amount < 0.3 ? "not-an-application" : "server-error";
  return { kind: "failed", cause, retryAfterMs } as const;
}

const BASE_URL = "https://alloy.invalid/v1";

/** The real adapter, its authorization included, over a network of the world's. */
function httpApiIn(sandbox: Sandbox, world: World): AlloyApi {
  const options = {
    readKey: async () => ({ token: "simulated-token", secret: "simulated-secret" }),
    fetch: fetchIn(sandbox, world),
    now: sandbox.now,
    baseUrl: BASE_URL,
  };
  const isBearer = world.scenario.api.overHttp === "bearer";
  const authorization = isBearer
    ? new BearerAuthorization(options)
    : new BasicAuthorization(options.readKey);
  return new HttpAlloyApi({ ...options, authorization });
}

function fetchIn(sandbox: Sandbox, world: World): typeof fetch {
  return async (input, init) => {
    const url = input instanceof Request ? input.url : input.toString();
    const page = await sandbox.call(
      siteOf(url),
      tokenIn(url),
      async () => pageOf(url, new Headers(init?.headers).get("authorization") ?? "", world),
      {
        ...CALL_LIMITS,
        timeoutMs: 5_000,
        refuse: (): Page => {
          throw new DOMException("the world's clock says so", "TimeoutError");
        },
      },
    );
    return responseOf(world.faultPoints.alloyPage?.(url, page) ?? page);
  };
}

const LIST = /\/investigations\?(?:.*&)?pageNum=(\d+)/;

function siteOf(url: string): string {
  if (url.endsWith("/oauth/bearer")) return "alloy.bearer";
  return LIST.test(url) ? "alloy.list" : "alloy.get";
}

function tokenIn(url: string): string {
  return decodeURIComponent(/\/applications\/([^/]+)$/.exec(url)?.[1] ?? "");
}

/** A response that is read in microtasks: a stream of Node's own would wait for the real event loop. */
function responseOf({ status, body }: Page): Response {
  const response = new Response(null, { status });
  const bytes = new TextEncoder().encode(body);
  const stream = {
    async *[Symbol.asyncIterator]() {
      yield bytes;
    },
    async cancel() {},
  };
  return new Proxy(response, {
    get: (target, name) => (name === "body" ? stream : Reflect.get(target, name, target)),
  });
}

function pageOf(url: string, authorization: string, world: World): Page {
  const { clock, faults, story, nameOf, scenario, observer } = world;
  const now = clock.now();
  const { refusal } = scenario.api;
  if (url.endsWith("/oauth/bearer")) {
    observer.tallies.bearers += 1;
    return bearerPage(scenario, now);
  }
  const page = LIST.exec(url)?.[1];
  const applicationToken = tokenIn(url);
  if (page === undefined) observer.asked(applicationToken);
  const fault = faults.draw("alloy.answer", ANSWER, nameOf(applicationToken));
  if (fault !== null) {
    story.tell("Alloy", `FAULT ${fault.kind} #${fault.occurrence}`);
    const statuses: Partial<Record<FaultKind, number>> = {
      "alloy-unauthorized": 401,
      "alloy-rate-limited": 429,
    };
    return { status: statuses[fault.kind] ?? (fault.amount < 0.3 ? 200 : 500), body: "<html>" };
  }
  if (refusal !== null && now >= refusal.from && now < refusal.until) {
    story.tell("Alloy", `answers ${refusal.page.status} to everything`);
    return refusal.page;
  }
  if (now >= scenario.api.revokedAt) return errorPage(401, 4011);
  if (!isLive(authorization, scenario, now)) return errorPage(401, 4012);
  if (page !== undefined) return { status: 200, body: listOf(scenario, Number(page), now) };
  const known = scenario.applicationOf(applicationToken);
  if (known?.isFailing === true) return errorPage(500, 5_000);
  const version = known === null ? null : versionAt(known, now);
  if (known === null || version === null) return errorPage(404, 4041);
  if (known.isUnknownToUs) return scenario.api.pageOfUnknown;
  observer.answered(known, version);
  return { status: 200, body: textOf(known, version) };
}

/** How long a bearer of this world lives: Alloy says an hour (docs/alloy.md#hosts-and-credentials). */
const BEARER_MS = 3_600_000;

function bearerPage({ api }: Scenario, now: number): Page {
  const bearer = `bearer-${now}`;
  return { status: 200, body: JSON.stringify(api.bearerAnswer(bearer, now + BEARER_MS)) };
}

function isLive(authorization: string, { api }: Scenario, now: number): boolean {
  if (api.overHttp === "basic") return authorization.startsWith("Basic ");
  const issuedAt = Number(/^Bearer bearer-(\d+)$/.exec(authorization)?.[1] ?? Number.NaN);
  return now < issuedAt + BEARER_MS;
}
