import * as v from "valibot";

import { bodyOf, readApplication } from "./application.ts";
import type { StoredApplication, StoredEvent } from "./application.ts";
import { readInvestigation } from "./investigation.ts";
import type { StoredInvestigation } from "./investigation.ts";
import type { ConnectedStack } from "./stack.ts";
import type { Terminal } from "./terminal.ts";
import { timeText } from "./time-text.ts";

const GapSchema = v.object({
  stage: v.string(),
  since: v.number(),
  evidence: v.string(),
  events: v.array(v.object({ eventId: v.string(), type: v.string(), at: v.number() })),
});

/** `show`: what is known of an application, or of an Investigation. */
export async function show(
  stack: ConnectedStack,
  tokenOrExternalId: string,
  options: { readonly bodies: boolean },
  terminal: Terminal,
): Promise<void> {
  const attributes = options.bodies ? "all" : "metadata";
  // Alloy's pages give the token of an Investigation no form of its own.
  const investigation = tokenOrExternalId.startsWith("JA-")
    ? null
    : await readInvestigation(stack, tokenOrExternalId, attributes);
  if (investigation !== null) {
    terminal.print(...describeInvestigation(investigation, options.bodies));
    return;
  }
  const application = await readApplication(stack, tokenOrExternalId, attributes);
  terminal.print(...describe(application, options.bodies));
}

/**
 * The application in lines for a person.
 *
 * @param bodies - with what Alloy sent, and with the client's own id, which may be a name.
 */
export function describe(application: StoredApplication, bodies: boolean): readonly string[] {
  const { token, state = {}, events, failures, unreadable } = application;
  const text = (name: string) => {
    const value = state[name];
    return typeof value === "string" ? value : "-";
  };
  const lines = [
    `Application  ${token}`,
    `Journey      ${text("journeyName")} (${text("journeyToken")}), ${text("environment")}`,
    `External id  ${bodies ? text("externalId") : "hidden; --bodies shows it"}`,
    ...(state["forgottenAt"] === undefined
      ? []
      : [`Forgotten    ${timeText(state["forgottenAt"])}`]),
    `Status       ${text("status")}`,
    `Outcome      ${text("outcome")}`,
    `Submitted    ${timeText(state["submittedAt"])}`,
    `Last event   ${timeText(state["lastEventAt"])}`,
    `Next check   ${state["settledAt"] === undefined ? timeText(state["dueAt"]) : `none, settled ${timeText(state["settledAt"])}`}`,
    ...gapLines(state["gap"]),
    "",
    `Events (${events.length}), in Alloy's order:`,
  ];
  for (const event of events) {
    const seconds = Math.round((event.receivedAt - event.eventAt) / 1_000);
    const outcome = event.outcome === undefined ? "" : ` ${event.outcome}`;
    lines.push(
      `  ${timeText(event.eventAt)}  ${event.type}${outcome} → ${event.route}; by ${event.origin}, ${seconds} s later; ${event.eventId}`,
    );
    if (bodies) lines.push(`    ${bodyText(event)}`);
  }
  lines.push("", failures.length === 0 ? "No failures." : `Failures (${failures.length}):`);
  for (const failure of failures) {
    const where = failure.deadLettered ? "dead-lettered" : "being retried";
    lines.push(
      `  ${timeText(failure.failedAt)}  ${failure.eventType}, ${where}: ${failure.reason}; ${failure.eventId}`,
    );
  }
  if (unreadable.length > 0) {
    lines.push("", `Unreadable items (${unreadable.length}):`);
    lines.push(...unreadable.map((sk) => `  ${sk}`));
  }
  return lines;
}

function describeInvestigation(
  { token, status, steps, gap, events }: StoredInvestigation,
  bodies: boolean,
): readonly string[] {
  return [
    `Investigation ${token}`,
    `Status       ${status ?? "-"}`,
    ...gapLines(gap),
    "",
    `Steps (${steps.length}), in Alloy's order:`,
    ...steps.map(
      (step) => `  ${timeText(step.at)}  ${step.status}; by ${step.origin}; ${step.eventId}`,
    ),
    ...(bodies ? events.map((event) => `    ${event.eventId}: ${bodyText(event)}`) : []),
  ];
}

/** What Alloy sent; one body that cannot be read does not hide the others. */
function bodyText(event: StoredEvent): string {
  try {
    return bodyOf(event)?.toString() ?? "(too large to keep)";
  } catch (error) {
    return `(cannot be read: ${error instanceof Error ? error.message : String(error)})`;
  }
}

function gapLines(value: unknown): readonly string[] {
  const parsed = v.safeParse(GapSchema, value);
  if (!parsed.success) return [];
  const { stage, since, evidence, events } = parsed.output;
  return [
    `Gap          ${stage} since ${timeText(since)}: ${evidence}`,
    ...events.map(({ at, type, eventId }) => `             ${timeText(at)}  ${type}; ${eventId}`),
  ];
}
