import {
  ALLOY_ATTEMPTS_MS,
  ALLOY_SWITCH_OFF_FAILURES,
  TIMEOUTS_MS,
} from "../../lambdas/settings/limits.ts";
import type { JourneyEvent } from "./application.ts";
import type { Tokens } from "./tokens.ts";
import { authorizationFor, writeWebhook } from "./webhook.ts";
import type { AlloyEnvironment, WebhookBody, WebhookCredential } from "./webhook.ts";

/** The failures in a row must lie within this to switch the webhook off (docs: retry-logic-and-webhook-logs). */
const SWITCH_OFF_WINDOW_MS = 72 * 3_600_000;

/** Requests under way at once. Alloy's number is not known; this one keeps the scenarios from queueing. */
const DEFAULT_CONCURRENCY = 20;

/** One POST to the endpoint. */
export interface WebhookRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Aborted when Alloy gives up; whoever sends must let go of the connection then. */
  readonly signal: AbortSignal;
}

/** What came of a POST: the endpoint's status, or why there is none. */
export type WebhookAnswer = { readonly status: number } | { readonly failure: string };

/** What the simulator needs of the world; a test or a simulation brings its own. */
export interface AlloyDependencies {
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Uniform over [0, 1). */
  readonly random: () => number;
  /** Runs the task once, `delayMs` from now; the returned function cancels it. */
  readonly schedule: (delayMs: number, task: () => void) => () => void;
  readonly deliver: (request: WebhookRequest) => Promise<WebhookAnswer>;
}

export interface WebhookOptions {
  readonly credential: WebhookCredential;
  readonly environment: AlloyEnvironment;
  /** Divides the waits between attempts, and the 72 hours of the switch-off. @default 1 */
  readonly timeScale?: number;
  /** Alloy's limit for the whole request, in real milliseconds. @default 10000 */
  readonly attemptLimitMs?: number;
  /** Not documented, so the worst is assumed. @default "attempt" */
  readonly requestTokenPer?: "attempt" | "event";
  /** Not documented either; Alloy's only example has none. @default false */
  readonly sendsEventToken?: boolean;
  /** Requests under way at once. @default 20 */
  readonly concurrency?: number;
}

interface Attempt {
  /** 1 to 10. */
  readonly number: number;
  readonly requestToken: string;
  readonly sentAt: number;
  readonly body: string;
  endedAt: number | null;
  answer: WebhookAnswer | null;
}

/**
 * Where a delivery stands: `pending` attempts are to come or under way; `delivered`; `exhausted` after
 * the tenth failure; `withheld` because a scenario or a fault loses it; `dropped` because the
 * webhook was switched off.
 */
type DeliveryState = "pending" | "delivered" | "exhausted" | "withheld" | "dropped";

/** One webhook of one event, with all its attempts: a line of Alloy's webhook logs. */
export interface Delivery {
  readonly applicationToken: string;
  readonly eventToken: string;
  readonly eventType: string;
  readonly raisedAt: number;
  /** 1, or more when Alloy delivers an event more than once without need. */
  readonly copy: number;
  state: DeliveryState;
  readonly attempts: Attempt[];
}

/** What to send, and who wants to know of it. */
interface Sending {
  readonly event: JourneyEvent;
  readonly copy?: number;
  readonly withheld?: boolean;
  /** Writes an attempt of what is no Journey webhook. @default writeWebhook */
  readonly write?: (webhook: WebhookBody) => string;
  /** Called once, when the first attempt has been answered or there will be none. */
  readonly onFirstAnswer?: () => void;
  /** Called once, when there is nothing more to do. */
  readonly onEnd?: () => void;
}

export type Deliveries = Readonly<ReturnType<typeof makeDeliveries>>;

interface Task {
  readonly delivery: Delivery;
  readonly sending: Sending;
}

/**
 * Alloy's side of delivery (docs: retry-logic-and-webhook-logs, best-practices):
 *
 * 1. A new event is sent at once; while requests are queueing, new events go before retries.
 * 2. 2xx within the limit is a success. Everything else, 4xx included, is tried again on the schedule
 *    of ten attempts over 24 hours.
 * 3. Each attempt stamps the envelope anew; from the second on the keys stand in another order.
 * 4. One hundred failures in a row within 72 hours switch the webhook off. What is raised, or falls
 *    due, from then on is dropped until somebody switches it on again. Whether Alloy counts attempts or
 *    events, and drops or keeps, is not documented: this is the worse of each.
 */
export function makeDeliveries(
  dependencies: AlloyDependencies,
  tokens: Tokens,
  options: WebhookOptions,
) {
  const { now, schedule } = dependencies;
  const timeScale = options.timeScale ?? 1;
  const attemptLimitMs = options.attemptLimitMs ?? TIMEOUTS_MS.alloyWebhook;
  const concurrency = options.concurrency ?? DEFAULT_CONCURRENCY;

  const log: Delivery[] = [];
  const fresh: Task[] = [];
  const retries: Task[] = [];
  const timers = new Set<() => void>();
  const underWay = new Set<AbortController>();
  let failureTimes: number[] = [];
  let active = true;
  let stopped = false;

  function after(delayMs: number, task: () => void): () => void {
    const cancel = schedule(delayMs, () => {
      timers.delete(cancel);
      task();
    });
    timers.add(cancel);
    return () => {
      timers.delete(cancel);
      cancel();
    };
  }

  function end({ delivery, sending }: Task, state: DeliveryState): void {
    delivery.state = state;
    if (delivery.attempts.length === 0) sending.onFirstAnswer?.();
    sending.onEnd?.();
  }

  function pump(): void {
    if (stopped) return;
    while (underWay.size < concurrency) {
      const task = fresh.shift() ?? retries.shift();
      if (task === undefined) return;
      if (active) void attempt(task);
      else end(task, "dropped");
    }
  }

  async function attempt(task: Task): Promise<void> {
    const { delivery, sending } = task;
    const made = makeAttempt(delivery, sending);
    delivery.attempts.push(made);
    const controller = new AbortController();
    underWay.add(controller);
    const answer = await answerWithin(made.body, controller);
    underWay.delete(controller);
    if (stopped) return;
    made.answer = answer;
    made.endedAt = now();
    settle(task, "status" in answer && answer.status >= 200 && answer.status < 300);
    if (made.number === 1) sending.onFirstAnswer?.();
    pump();
  }

  function makeAttempt(delivery: Delivery, { event, write = writeWebhook }: Sending): Attempt {
    const number = delivery.attempts.length + 1;
    const [first] = delivery.attempts;
    const requestToken =
      first && options.requestTokenPer === "event" ? first.requestToken : tokens.uuid();
    const sentAt = now();
    const body = write({
      environment: options.environment,
      requestToken,
      sentAt,
      event: options.sendsEventToken
        ? { journey_application_event_token: event.token, ...event.body }
        : event.body,
      // A copy that nobody asked for is read back from storage as a retry is.
      reread: number > 1 || delivery.copy > 1,
    });
    return { number, requestToken, sentAt, body, endedAt: null, answer: null };
  }

  async function answerWithin(body: string, controller: AbortController): Promise<WebhookAnswer> {
    const authorization = authorizationFor(options.credential, body);
    const headers = {
      "content-type": "application/json",
      ...(authorization === null ? {} : { authorization }),
    };
    const limit = Promise.withResolvers<WebhookAnswer>();
    const cancel = after(attemptLimitMs, () => {
      const failure = `no answer within ${attemptLimitMs} ms`;
      limit.resolve({ failure });
      // With a reason, Node makes no error of its own, which nobody would read.
      controller.abort(failure);
    });
    try {
      const answer = dependencies.deliver({ headers, body, signal: controller.signal });
      return await Promise.race([answer, limit.promise]);
    } catch (error) {
      // Whatever went wrong, it is Alloy's "network failure"; the log says what it was.
      return { failure: error instanceof Error ? error.message : String(error) };
    } finally {
      cancel();
    }
  }

  function settle(task: Task, succeeded: boolean): void {
    const { delivery } = task;
    if (succeeded) {
      failureTimes = [];
      end(task, "delivered");
      return;
    }
    failureTimes = [...failureTimes, now()].slice(-ALLOY_SWITCH_OFF_FAILURES);
    const [earliest = 0] = failureTimes;
    if (
      failureTimes.length === ALLOY_SWITCH_OFF_FAILURES &&
      now() - earliest <= SWITCH_OFF_WINDOW_MS / timeScale
    ) {
      active = false;
    }
    const next = ALLOY_ATTEMPTS_MS[delivery.attempts.length];
    const [first] = delivery.attempts;
    if (next === undefined || first === undefined) {
      end(task, "exhausted");
      return;
    }
    // The schedule counts from the first attempt; an attempt that hung past its successor's time is
    // followed at once.
    after(Math.max(0, Math.round(first.sentAt + next / timeScale - now())), () => {
      retries.push(task);
      pump();
    });
  }

  return {
    log,
    send: (sending: Sending) => {
      const { event } = sending;
      const delivery: Delivery = {
        applicationToken: event.body.journey_application_token,
        eventToken: event.token,
        eventType: event.body.type,
        raisedAt: event.body.timestamp,
        copy: sending.copy ?? 1,
        state: "pending",
        attempts: [],
      };
      log.push(delivery);
      const task = { delivery, sending };
      if (sending.withheld) end(task, "withheld");
      else if (!active) end(task, "dropped");
      else {
        fresh.push(task);
        pump();
      }
    },
    /**
     * The Test Webhook button: one attempt, outside the log and the count of failures. What Alloy sends
     * then is not documented; this is an envelope without `data`.
     */
    sendTest: async () => {
      const controller = new AbortController();
      underWay.add(controller);
      const body = writeWebhook({
        environment: options.environment,
        requestToken: tokens.uuid(),
        sentAt: now(),
        event: undefined,
        reread: false,
      });
      const answer = await answerWithin(body, controller);
      underWay.delete(controller);
      pump();
      return answer;
    },
    isActive: () => active,
    failuresInARow: () => failureTimes.length,
    /** The switch in Alloy's webhook settings, which somebody has to turn on again by hand. */
    setActive: (wanted: boolean) => {
      if (wanted && !active) failureTimes = [];
      active = wanted;
    },
    /** Cancels everything that is to come. Requests under way are aborted. */
    stop: () => {
      stopped = true;
      for (const cancel of timers) cancel();
      for (const controller of underWay) controller.abort();
    },
  };
}
