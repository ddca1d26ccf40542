import { fitted } from "../terminal/lines.ts";
import { agoText, GOOD_ANSWER } from "./health.ts";
import type { Attention, Status } from "./health-schema.ts";
import { UnhealthyError } from "./operator-error.ts";
import { statusOf } from "./observe.ts";
import type { ConnectedStack } from "./stack.ts";
import type { Terminal } from "./terminal.ts";

/** What fits on a screen beside the first lines; `--all` prints everything. */
const MOST = 8;

/**
 * `status`: whether the stack is healthy and why, in the first line; below it what is not as it should be.
 *
 * @throws UnhealthyError when something but a note needs attention, after it has printed everything.
 */
export async function status(
  stack: ConnectedStack,
  { all, now }: { readonly all: boolean; readonly now: number },
  terminal: Terminal,
): Promise<Status> {
  const found = await statusOf(stack, now);
  terminal.print(...describeStatus(found, all));
  if (!found.isHealthy) throw new UnhealthyError(found);
  return found;
}

export function describeStatus(status: Status, all: boolean): readonly string[] {
  const { attention, endpoint } = status;
  const shown = all ? attention : attention.slice(0, MOST);
  const more = attention.length - shown.length;
  return [
    `${status.isHealthy ? "Healthy" : "NOT HEALTHY"}: ${status.why}`,
    `  ${arrivalText(status)}; endpoint ${endpointText(endpoint)}`,
    ...shown.map((one) => attentionText(one, status.at)),
    ...(more > 0 ? [`  … ${more} more: --all shows them`] : []),
    ...(all ? everything(status) : []),
  ];
}

function endpointText({ answer, ms }: Status["endpoint"]): string {
  return `${answer === String(GOOD_ANSWER) ? "answers" : answer} in ${ms} ms`;
}

function arrivalText({ at, lastWebhookAt, lastPollAt }: Status): string {
  const ago = (time: string | null) =>
    time === null ? "none in 3 h" : `${agoText(Date.parse(at) - Date.parse(time))} ago`;
  return `last webhook ${ago(lastWebhookAt)}; last run of the poller ${ago(lastPollAt)}`;
}

function attentionText({ severity, kind, ...one }: Attention, at: string): string {
  const since = one.since === null ? "" : ` for ${agoText(Date.parse(at) - Date.parse(one.since))}`;
  const next = one.next === null ? "" : ` → ${one.next}`;
  const runbook = one.runbook === null ? "" : ` → ${one.runbook}`;
  const name = kind === "alarm" ? `${one.name}${since}: ` : "";
  return `  ${severity.padEnd(6)}  ${name}${one.sentence}${next}${runbook}`;
}

function everything({ endpoint, queues, metrics }: Status): readonly string[] {
  return [
    "",
    `Endpoint ${endpoint.url}`,
    "",
    "Queues (good: EventQueue near 0, every DeadLetterQueue 0)",
    ...queues.map(
      ({ id, waiting, inFlight }) =>
        `  ${fitted(id, 32)} ${String(waiting).padStart(7)} waiting ${String(inFlight).padStart(7)} in flight`,
    ),
    "",
    "The last hour, and the same hour last week",
    ...metrics.map(({ name, kind, value, lastWeek, good }) => {
      const before = kind === "gauge" ? "now" : String(lastWeek ?? "-");
      return `  ${name.padEnd(24)} ${String(value ?? "-").padStart(7)} ${before.padStart(7)}   good: ${good}`;
    }),
  ];
}
