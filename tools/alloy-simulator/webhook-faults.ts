import type { AlloyDependencies, WebhookAnswer, WebhookRequest } from "./deliveries.ts";

type Deliver = AlloyDependencies["deliver"];

/**
 * What may happen to webhooks on their way:
 * `outage` nothing reaches the endpoint; `slow` the endpoint has the webhook, and its answer comes after Alloy's limit;
 * `duplicates` each webhook comes three times; `reordering` webhooks are held for a moment and come in reverse;
 * `wrong-secret` they carry another credential.
 */
export const WEBHOOK_FAULTS = [
  "outage",
  "slow",
  "duplicates",
  "reordering",
  "wrong-secret",
] as const;

export type WebhookFault = (typeof WEBHOOK_FAULTS)[number];

/** Webhooks of so long come in reverse; well below Alloy's limit for one request. */
const HELD_MS = 1_500;

/** Alloy waits for ten seconds; nobody at a laptop does. */
const SLOW_MS = 1_000;

const COPIES = 3;

export type WebhookFaults = Readonly<ReturnType<typeof makeWebhookFaults>>;

/** Puts the faults between Alloy and the endpoint. Any of them can be on at once. */
export function makeWebhookFaults(deliver: Deliver, schedule: AlloyDependencies["schedule"]) {
  const on = new Set<WebhookFault>();
  const held: (() => void)[] = [];

  const pause = (ms: number) => new Promise<void>((resolve) => void schedule(ms, resolve));

  /** Resolves when it is this webhook's turn: of those that are held, the last one goes first. */
  function turn(): Promise<void> {
    if (held.length === 0) schedule(HELD_MS, releaseAll);
    return new Promise((resolve) => held.push(resolve));
  }

  function releaseAll(): void {
    for (const release of held.splice(0).toReversed()) release();
  }

  async function send(request: WebhookRequest): Promise<WebhookAnswer> {
    const answer = await deliver(request);
    if (!on.has("slow")) return answer;
    await pause(SLOW_MS);
    return { failure: "the answer came after Alloy's limit" };
  }

  return {
    isOn: (fault: WebhookFault) => on.has(fault),
    set: (fault: WebhookFault, isOn: boolean): void => {
      if (isOn) on.add(fault);
      else on.delete(fault);
    },
    async deliver(request: WebhookRequest): Promise<WebhookAnswer> {
      if (on.has("outage")) return { failure: "connect ECONNREFUSED" };
      if (on.has("reordering")) await turn();
      const sent = on.has("wrong-secret")
        ? { ...request, headers: { ...request.headers, authorization: "Basic d3Jvbmc6c2VjcmV0" } }
        : request;
      const copies = on.has("duplicates") ? COPIES : 1;
      const [first] = await Promise.all(Array.from({ length: copies }, () => send(sent)));
      return first ?? { failure: "nothing was sent" };
    },
  };
}
