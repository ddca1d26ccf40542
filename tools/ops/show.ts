import { readApplication } from "./application.ts";
import type { StoredApplication } from "./application.ts";
import type { ConnectedStack } from "./stack.ts";

/** `show`: what is known of an application. */
export async function show(stack: ConnectedStack, tokenOrExternalId: string): Promise<void> {
  console.log(describe(await readApplication(stack, tokenOrExternalId)));
}

/** The application in lines for a person; no body, and nothing of it. */
export function describe({ token, state = {}, events, failures }: StoredApplication): string {
  const text = (name: string) => {
    const value = state[name];
    return typeof value === "string" ? value : "-";
  };
  const lines = [
    `Application  ${token}`,
    `Journey      ${text("journeyName")} (${text("journeyToken")}), ${text("environment")}`,
    `External id  ${text("externalId")}`,
    `Status       ${text("status")}`,
    `Outcome      ${text("outcome")}`,
    `Submitted    ${time(state["submittedAt"])}`,
    `Last event   ${time(state["lastEventAt"])}`,
    `Next check   ${state["settledAt"] === undefined ? time(state["dueAt"]) : `none, settled ${time(state["settledAt"])}`}`,
  ];
  if (state["gap"] !== undefined) lines.push(`Gap          ${JSON.stringify(state["gap"])}`);
  lines.push("", `Events (${events.length}), in the order in which they happened at Alloy:`);
  for (const event of events) {
    const seconds = Math.round((event.receivedAt - event.eventAt) / 1_000);
    const outcome = event.outcome === undefined ? "" : ` ${event.outcome}`;
    lines.push(
      `  ${time(event.eventAt)}  ${event.type}${outcome} → ${event.route}; by ${event.origin} after ${seconds} s; ${event.eventId}`,
    );
  }
  lines.push("", failures.length === 0 ? "No failures." : `Failures (${failures.length}):`);
  for (const failure of failures) {
    const where = failure.deadLettered ? "dead-lettered" : "being retried";
    lines.push(
      `  ${time(failure.failedAt)}  ${failure.eventType}, ${where}: ${failure.reason}; ${failure.eventId}`,
    );
  }
  return lines.join("\n");
}

function time(epochMs: unknown): string {
  return typeof epochMs === "number" ? new Date(epochMs).toISOString() : "-";
}
