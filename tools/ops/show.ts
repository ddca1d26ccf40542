import { ENTITY_ID_PREFIX } from "../../lambdas/adapters/dynamo/application-item.ts";
import { writeFileSync } from "node:fs";

import { bodyOf, readApplication } from "./application.ts";
import type { StoredApplication, StoredEvent } from "./application.ts";
import { agoText } from "./health.ts";
import { IDEMPOTENCY } from "../../lambdas/settings/limits.ts";
import { recordsOf } from "./idempotency-records.ts";
import { readInvestigation } from "./investigation.ts";
import type { StoredInvestigation } from "./investigation.ts";
import type { Given, OptionsAt } from "./options.ts";
import type { ResultOf } from "./results.ts";
import type { ConnectedStack } from "./stack.ts";
import type { Terminal } from "./terminal.ts";
import { timelinePage } from "./timeline-page.ts";
import { gapIn, isoOf, timelineOf } from "./timeline.ts";
import { publicationText } from "./publication-text.ts";
import type { Timeline, TimelineEvent } from "./timeline-schema.ts";
import { timeText } from "./time-text.ts";

type ShowOptions = Pick<Given, "bodies"> & Partial<OptionsAt<"html">>;

/** `show`: what is known of an application, or of an Investigation. */
export async function show(
  stack: ConnectedStack,
  tokenOrExternalId: string,
  { bodies, html = null, now = 0 }: ShowOptions,
  terminal: Terminal,
): Promise<ResultOf<"show">> {
  const attributes = bodies ? "all" : "metadata";
  // Alloy's pages give the token of an Investigation no form of its own.
  const investigation = tokenOrExternalId.startsWith("JA-")
    ? null
    : await readInvestigation(stack, tokenOrExternalId, attributes);
  if (investigation !== null) {
    terminal.print(...describeInvestigation(investigation, bodies));
    const { token, status, steps, gap, events } = investigation;
    return {
      application: null,
      investigation: {
        token,
        status,
        steps: steps.map(({ at, status: reached, origin, eventId }) => ({
          at: isoOf(at),
          status: reached,
          origin,
          eventId,
        })),
        gap: gapIn(gap),
      },
      externalId: null,
      bodies: bodies ? bodiesOf(events) : null,
    };
  }
  const application = await withRecords(
    stack,
    await readApplication(stack, tokenOrExternalId, attributes),
  );
  if (html === null) terminal.print(...describe(application, bodies));
  else {
    // For its owner alone: tokens are no names, but an incident may have both.
    writeFileSync(html, timelinePage(timelineOf(application), timeText(now)), { mode: 0o600 });
    terminal.print(`Wrote ${html}: the timeline of ${application.token}, without personal data.`);
  }
  const externalId = application.state?.["externalId"];
  return {
    application: timelineOf(application),
    investigation: null,
    externalId: bodies && typeof externalId === "string" ? externalId : null,
    bodies: bodies ? bodiesOf(application.events) : null,
  };
}

function bodiesOf(events: readonly StoredEvent[]) {
  return events.map((event) => ({ eventId: event.eventId, body: bodyText(event) }));
}

/** With the idempotency records of its events, which say when the bus took each. */
export async function withRecords(
  stack: ConnectedStack,
  application: StoredApplication,
): Promise<StoredApplication> {
  const { events } = application;
  const records = await recordsOf(
    stack,
    events.map(({ eventId }) => eventId),
  );
  const kept = Date.now() - IDEMPOTENCY.windowMs;
  const begun = events.filter(({ lock, receivedAt }) => lock !== undefined && receivedAt > kept);
  const locked = begun.map(({ eventId }) => {
    const record = { isCompleted: false, completedAt: null, isInEvent: true };
    return [eventId, record] as const;
  });
  return { ...application, records: new Map([...locked, ...records]) };
}

/** The timeline of an application, as `show` prints it. @throws OperatorError when nothing is known of it. */
export async function readTimeline(
  stack: ConnectedStack,
  tokenOrExternalId: string,
): Promise<Timeline> {
  const application = await readApplication(stack, tokenOrExternalId, "metadata");
  return timelineOf(await withRecords(stack, application));
}

/**
 * The application in lines for a person.
 *
 * @param bodies - with what Alloy sent, and with the client's own id, which may be a name.
 */
export function describe(application: StoredApplication, bodies: boolean): readonly string[] {
  const timeline = timelineOf(application);
  const { journey, here, alloy, forgottenAt, adoptedAt, events, failures, unreadable } = timeline;
  const externalId = application.state?.["externalId"];
  const shownId = typeof externalId === "string" ? externalId : "-";
  const lines = [
    `Application  ${timeline.applicationToken}`,
    `Journey      ${journey.name ?? "-"} (${journey.token ?? "-"}), ${timeline.environment ?? "-"}`,
    `External id  ${bodies ? shownId : "hidden; --bodies shows it"}`,
    ...(bodies ? entityLines(application.state ?? {}) : []),
    ...(forgottenAt === null ? [] : [`Forgotten    ${forgottenAt}`]),
    ...(adoptedAt === null ? [] : [`Adopted      ${adoptedAt}`]),
    `Status       ${here.status ?? "-"}`,
    `Outcome      ${here.outcome ?? "-"}`,
    ...(alloy === null
      ? []
      : [`Alloy said   ${statusText(alloy)}, asked at ${alloy.askedAt ?? "-"}`]),
    `Submitted    ${timeline.submittedAt ?? "-"}`,
    `Last event   ${here.lastEventAt ?? "-"}`,
    `Next check   ${timeline.settledAt === null ? (timeline.nextCheckAt ?? "-") : `none, settled ${timeline.settledAt}`}`,
    ...gapLines(timeline.gap),
    "",
    `Events (${application.events.length}), in Alloy's order:`,
  ];
  for (const event of events) {
    if (event.kind === "missing") {
      lines.push(`  ${event.at ?? "-"}  ${event.type}: MISSING here; ${event.eventId}`);
      continue;
    }
    lines.push(...eventLines(event));
    const stored = application.events.find(({ eventId }) => eventId === event.eventId);
    if (bodies && stored !== undefined) lines.push(`    ${bodyText(stored)}`);
  }
  if (timeline.corrections > 0) {
    lines.push(`  and ${timeline.corrections} published by Alloy's answer, without an event`);
  }
  lines.push("", failures.length === 0 ? "No failures." : `Failures (${failures.length}):`);
  for (const failure of failures) {
    const where = failure.stage === "dead-lettered" ? "dead-lettered" : "being retried";
    lines.push(
      `  ${failure.failedAt ?? "-"}  ${failure.eventType}, ${where}: ${failure.reason}; ${failure.eventId}`,
    );
  }
  if (unreadable.length > 0) {
    lines.push("", `Unreadable items (${unreadable.length}):`);
    lines.push(...unreadable.map((sk) => `  ${sk}`));
  }
  return lines;
}

function statusText({ status, outcome }: { status: string; outcome: string | null }): string {
  return outcome === null ? status : `${status}, ${outcome}`;
}

/** Two lines: what happened and how it came; what came out of it. */
function eventLines(event: TimelineEvent): readonly string[] {
  const { at, type, outcome, origin, attempt, eventId } = event;
  const what = outcome === null ? type : `${type} ${outcome}`;
  const how = attempt === null ? `by ${origin}` : `by ${origin}, attempt ${attempt}`;
  return [
    `  ${at ?? "-"}  ${what}; ${how}, ${latencyText(event.latencyMs)} later; ${eventId}`,
    `    ${publicationText(event.publication)}`,
  ];
}

function latencyText(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  return Math.abs(seconds) < 120 ? `${seconds} s` : agoText(ms);
}

function describeInvestigation(
  { token, status, steps, gap, events }: StoredInvestigation,
  bodies: boolean,
): readonly string[] {
  return [
    `Investigation ${token}`,
    `Status       ${status ?? "-"}`,
    ...gapLines(gapIn(gap)),
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

/** Alloy's tokens and the client's ids of its entities. */
function entityLines(state: NonNullable<StoredApplication["state"]>): readonly string[] {
  return Object.entries(state)
    .filter(([name]) => name.startsWith(ENTITY_ID_PREFIX))
    .map(([name, id]) =>
      `Entity       ${name.slice(ENTITY_ID_PREFIX.length)} ${String(id)}`.trim(),
    );
}

function gapLines(gap: Timeline["gap"]): readonly string[] {
  if (gap === null) return [];
  const { stage, since, evidence, events } = gap;
  return [
    `Gap          ${stage} since ${since ?? "-"}: ${evidence}`,
    ...events.map(({ at, type, eventId }) => `             ${at ?? "-"}  ${type}; ${eventId}`),
  ];
}
