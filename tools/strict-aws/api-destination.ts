/** EventBridge ends a request of an API destination after so long ("API destinations as targets", "Important"). */
const CLIENT_TIMEOUT_MS = 5_000;

/** What EventBridge sends with each request, and nobody can override (the same page, "Headers included in requests"). */
const HEADERS = {
  "user-agent": "Amazon/EventBridge/ApiDestinations",
  "content-type": "application/json; charset=utf-8",
  range: "bytes=0-1048575",
} as const;

/** A retry waits a second at first and ten minutes at last: AWS names an exponential backoff, and no figures. */
const [FIRST_RETRY_MS, LONGEST_RETRY_MS] = [1_000, 600_000];

/** What a rule says of a target, in the words of the template. */
export interface HttpDelivery {
  readonly endpoint: string;
  readonly method: string;
  /** What the connection adds to authenticate. */
  readonly headers: Readonly<Record<string, string>>;
  readonly retry: { readonly maximumEventAgeMs: number; readonly maximumAttempts: number };
}

/** How time passes: in a test a day takes no time, but the five seconds of a request are a part of them. */
export interface DeliveryClock {
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<unknown>;
  /** Divides the five seconds that EventBridge waits for an answer. @default 1 */
  readonly timeScale?: number;
}

/** The end of a delivery, with what EventBridge writes beside a dead letter and counts of the rule. */
export interface DeliveryEnd {
  readonly end: "delivered" | "dead-lettered";
  /** `RETRY_ATTEMPTS` of the dead letter, and `RetryInvocationAttempts` of the rule. */
  readonly retries: number;
  readonly attributes: Readonly<Record<string, string>>;
}

/**
 * Delivers an event as EventBridge delivers it to an API destination.
 *
 * 1. It posts the event, and waits five seconds for the answer.
 * 2. 2xx ends the delivery.
 * 3. 401, 407, 409, 429, 5xx, a time-out and a refused connection are retried, until the event is too old or the attempts are over.
 * 4. It waits for the longer of its own backoff and `Retry-After`; a negative `Retry-After` ends the delivery.
 * 5. Another answer is not retried. What ends without a 2xx goes to the dead-letter queue.
 *
 * Source: EventBridge's guide, "API destinations as targets", "API destination error codes", and "Using dead-letter queues to
 * process undelivered events" for the attributes.
 */
export async function deliverOverHttp(
  event: string,
  { endpoint, method, headers, retry }: HttpDelivery,
  clock: DeliveryClock,
): Promise<DeliveryEnd> {
  const since = clock.now();
  const timeoutMs = CLIENT_TIMEOUT_MS / (clock.timeScale ?? 1);
  for (let retries = 0; ; retries += 1) {
    const answer = await answerOf(
      endpoint,
      { method, body: event, headers: { ...HEADERS, ...headers } },
      timeoutMs,
    );
    if (answer.isDone) return { end: "delivered", retries, attributes: {} };
    const given = (condition?: string): DeliveryEnd => ({
      end: "dead-lettered",
      retries,
      attributes: {
        ERROR_CODE: "SDK_CLIENT_ERROR",
        ERROR_MESSAGE: answer.message,
        RETRY_ATTEMPTS: String(retries),
        ...(condition !== undefined && { EXHAUSTED_RETRY_CONDITION: condition }),
      },
    });
    if (!answer.isRetried) return given();
    if (retries === retry.maximumAttempts) return given("MaximumRetryAttempts");
    const backoffMs = Math.min(FIRST_RETRY_MS * 2 ** retries, LONGEST_RETRY_MS);
    const waitMs = Math.max(backoffMs, answer.retryAfterMs);
    if (clock.now() + waitMs - since > retry.maximumEventAgeMs)
      return given("MaximumEventAgeInSeconds");
    await clock.sleep(waitMs);
  }
}

interface Answer {
  readonly isDone: boolean;
  readonly isRetried: boolean;
  readonly retryAfterMs: number;
  readonly message: string;
}

async function answerOf(
  endpoint: string,
  request: RequestInit,
  timeoutMs: number,
): Promise<Answer> {
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    // EventBridge follows no redirection: 3xx is an error that it does not retry.
    const response = await fetch(endpoint, { ...request, redirect: "manual", signal });
    await response.arrayBuffer();
    const { status } = response;
    const seconds = Number(response.headers.get("retry-after") ?? "0");
    const retryAfterMs = Number.isFinite(seconds) ? seconds * 1_000 : 0;
    return {
      isDone: response.ok,
      isRetried: ([401, 407, 409, 429].includes(status) || status >= 500) && retryAfterMs >= 0,
      retryAfterMs,
      message: `Invocation failed with HTTP status code ${status}.`,
    };
  } catch {
    return {
      isDone: false,
      isRetried: true,
      retryAfterMs: 0,
      message: "The request timed out, or no connection was made.",
    };
  }
}
