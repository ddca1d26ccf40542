import * as v from "valibot";

import {
  DELIVERY_GAP_DETAIL_TYPE,
  EVENT_SOURCE,
  INVESTIGATION_GAP_DETAIL_TYPE,
  REPLAY_SOURCE,
} from "../lambdas/settings/routes.ts";
import { GapNoticeSchema, InvestigationGapNoticeSchema } from "./gap-notice.ts";
import type { GapNotice, InvestigationGapNotice } from "./gap-notice.ts";
import { missingFieldOf, RoutedEventSchema } from "./published-event.ts";
import type { RoutedEvent } from "./published-event.ts";

/** Whatever the stack puts on the bus, as a reader takes it: the `Detail`. */
export type JourneyBusEvent = RoutedEvent | GapNotice | InvestigationGapNotice;

/**
 * Why an event cannot be read. The message is a sentence without a value of the event's, so that it may stand in a log.
 *
 * - `not-an-event`: not JSON, or no EventBridge event of this stack;
 * - `unknown-title`: of a later release, which publishes something new under a `detail-type` of its own;
 * - `unknown-version`: of a later release, which has changed the format;
 * - `bad-field`: a field is missing, or is of another type.
 */
export class EventError extends Error {
  override readonly name = "EventError";
  readonly code: "not-an-event" | "unknown-title" | "unknown-version" | "bad-field";

  constructor(code: EventError["code"], message: string) {
    super(message);
    this.code = code;
  }
}

/** The version of every `Detail` that this release reads. */
const VERSION = 1;

/**
 * Reads an event of the bus as a target gets it: the function's argument, or the body of a queue's message.
 *
 * @param event - an EventBridge event, as an object or as JSON text.
 * @returns its detail, with the fields too that this release does not know.
 * @throws EventError when it is none of this stack's, or not of this version.
 */
export function parseEvent(event: unknown): JourneyBusEvent {
  const frame = typeof event === "string" ? jsonOf(event) : event;
  if (!isObject(frame) || typeof frame["detail-type"] !== "string") {
    throw new EventError(
      "not-an-event",
      `The event is no EventBridge event: "detail-type" is no text.`,
    );
  }
  // What people deliver again to another bus arrives in the event that carries it.
  if (frame["source"] === REPLAY_SOURCE && isObject(frame["detail"])) {
    return parseEvent(frame["detail"]);
  }
  if (frame["source"] !== EVENT_SOURCE) {
    throw new EventError(
      "not-an-event",
      `The event is not of this stack: its source is not "${EVENT_SOURCE}".`,
    );
  }
  const { "detail-type": title, detail } = frame;
  if (title === DELIVERY_GAP_DETAIL_TYPE) return read(GapNoticeSchema, detail, title);
  if (title === INVESTIGATION_GAP_DETAIL_TYPE) {
    return read(InvestigationGapNoticeSchema, detail, title);
  }
  // A later release may have routes, and so titles, that this one does not know.
  if (!isObject(detail) || !("route" in detail || "eventId" in detail)) {
    throw new EventError(
      "unknown-title",
      `The event "${title}" is none that this release of alloy-journey-webhooks knows, and has no route.`,
    );
  }
  return readRouted(detail, title);
}

/**
 * Reads the detail of an event, for a target that gets nothing else (`InputPath: "$.detail"`).
 *
 * @throws EventError as `parseEvent` does.
 */
export function parseDetail(detail: unknown): JourneyBusEvent {
  const given = typeof detail === "string" ? jsonOf(detail) : detail;
  if (isObject(given) && "gapId" in given) {
    return "investigationToken" in given
      ? read(InvestigationGapNoticeSchema, given, INVESTIGATION_GAP_DETAIL_TYPE)
      : read(GapNoticeSchema, given, DELIVERY_GAP_DETAIL_TYPE);
  }
  return readRouted(given, "detail");
}

function readRouted(detail: unknown, title: string): RoutedEvent {
  const event = read(RoutedEventSchema, detail, title);
  const missing = missingFieldOf(event);
  if (missing === null) return event;
  throw new EventError("bad-field", `The event "${title}" has no "${missing}", as its route has.`);
}

/** The detail itself: a schema's output would lack the fields that it does not name. */
function read<Output>(schema: v.GenericSchema<Output>, detail: unknown, title: string): Output {
  if (isObject(detail) && typeof detail["version"] === "number" && detail["version"] !== VERSION) {
    throw new EventError(
      "unknown-version",
      `The event "${title}" has version ${detail["version"]}, and this release of alloy-journey-webhooks reads version ${VERSION}: update the package.`,
    );
  }
  if (fits(schema, detail)) return detail;
  const faults = issuesOf(schema, detail).slice(0, MOST_FAULTS).map(faultOf);
  throw new EventError("bad-field", `The event "${title}" cannot be read: ${faults.join("; ")}.`);
}

function fits<Output>(schema: v.GenericSchema<Output>, detail: unknown): detail is Output {
  return issuesOf(schema, detail).length === 0;
}

/** The publisher keeps the texts short. A reader takes longer ones: those of 0.1.0 had no limit. */
function issuesOf(schema: v.GenericSchema, detail: unknown): readonly v.BaseIssue<unknown>[] {
  const { issues = [] } = v.safeParse(schema, detail);
  return issues.filter(({ type }) => type !== "max_length");
}

/** More of them say no more. */
const MOST_FAULTS = 3;

/** What is wrong with a field, without its value. */
function faultOf(issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue);
  const field = path === null ? "the detail" : `"${path}"`;
  if (issue.input === undefined) return `${field} is missing`;
  const expected = issue.expected ?? "an ISO 8601 time";
  return `${field} is ${kindOf(issue.input)} and has to be ${expected}`;
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Its message would quote the text.
    throw new EventError("not-an-event", "The event is not JSON.");
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
