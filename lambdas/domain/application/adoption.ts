import { REDELIVERY_MS } from "../../settings/limits.ts";
import type { ApplicationState } from "./application-state.ts";
import type { Receipt } from "../routing/published-event.ts";

/** Alloy's last attempt is a day after the event; clocks and the queue take less than this. */
const SLACK_MS = 60 * 60_000;

/**
 * Whether something happened to an adopted application before its adoption: it is compared and recorded, and it is
 * no gap.
 *
 * @param at - epoch milliseconds.
 */
export function isHistory({ adopted }: Pick<ApplicationState, "adopted">, at: number): boolean {
  return adopted !== null && at < adopted.at;
}

/**
 * Whether an effect is history: it is not counted. A webhook that Alloy still delivers is none, since nothing says
 * that its event had its effect.
 *
 * @param effect - when it happened at Alloy, epoch milliseconds, and what brought it.
 */
export function isHistoricEffect(
  state: Pick<ApplicationState, "adopted">,
  { at, receipt }: { readonly at: number; readonly receipt: Receipt },
): boolean {
  if (!isHistory(state, at)) return false;
  const { origin, receivedAt } = receipt;
  return origin !== "webhook" || receivedAt - at > REDELIVERY_MS.alloyRetry + SLACK_MS;
}

/** Whether an effect is not published either: its adoption did not ask for it, and no operator forces it. */
export function isSilent(
  state: Pick<ApplicationState, "adopted">,
  effect: { readonly at: number; readonly receipt: Receipt; readonly isForced: boolean },
): boolean {
  if (effect.isForced || state.adopted?.publishes === true) return false;
  return isHistoricEffect(state, effect);
}
