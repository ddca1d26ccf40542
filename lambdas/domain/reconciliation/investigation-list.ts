import { isJsonObject, listIn, objectIn, readJson } from "../event/external-json.ts";
import type { JsonObject } from "../event/external-json.ts";
import {
  FreeTexts,
  readNumber,
  readRequiredToken,
  readText,
  readToken,
} from "../event/external-text.ts";
import { investigationEventIdOf, wordOf } from "../event/investigation-event.ts";
import type { INVESTIGATION_STATUSES, InvestigationEvent } from "../event/investigation-event.ts";
import { reportOfSame } from "./investigation.ts";
import type { InvestigationReport } from "./investigation.ts";
import { readTime } from "../event/plausible-time.ts";

/** An element of Alloy's list (reference: get_investigations), as far as it is used. */
export interface ListedInvestigation {
  readonly investigationToken: string;
  /** The step that it has come to; null for a `state` that no documentation names. */
  readonly status: (typeof INVESTIGATION_STATUSES)[number] | null;
  /** It is, or was, a case. */
  readonly isCase: boolean;
  /** Epoch milliseconds, as the two that follow. */
  readonly createdAt: number | null;
  readonly updatedAt: number | null;
  readonly closedAt: number | null;
  readonly type: string | null;
  readonly outcome: string | null;
  readonly entityTokens: readonly string[];
}

/** One page of the list. */
export interface InvestigationPage {
  readonly investigations: readonly ListedInvestigation[];
  /** Elements that name no Investigation. */
  readonly unreadable: number;
  readonly isLast: boolean;
}

/**
 * Reads one page of Alloy's list. It is lenient: only an element's token is required.
 *
 * @param page - which one was asked for, from 1.
 * @returns null when it is no such list.
 */
export function parseInvestigationPage(body: string, page: number): InvestigationPage | null {
  const read = readJson(body);
  if ("reason" in read || !isJsonObject(read.json)) return null;
  const { json } = read;
  if (!Array.isArray(json["investigations"])) return null;
  const elements = listIn(json, "investigations");
  const investigations = elements.flatMap((element) => {
    const listed = isJsonObject(element) ? listedOf(element) : null;
    return listed === null ? [] : [listed];
  });
  const pagination = objectIn(objectIn(json, "_embedded"), "pagination");
  const pages = readNumber(pagination["total_pages"]);
  return {
    investigations,
    unreadable: elements.length - investigations.length,
    isLast: pages === null ? elements.length === 0 : page >= pages,
  };
}

function listedOf(element: JsonObject): ListedInvestigation | null {
  const investigationToken = readRequiredToken(element["investigation_token"]);
  if (investigationToken === null) return null;
  const texts = new FreeTexts();
  const state = wordOf(readText(element["state"]) ?? "");
  const closedAt = readTime(element["closed_at"]);
  const entities = objectIn(objectIn(element, "_embedded"), "entities");
  return {
    investigationToken,
    status: statusOfState(state, closedAt),
    isCase: state.startsWith("case"),
    createdAt: readTime(element["created_at"]),
    updatedAt: readTime(element["updated_at"]),
    closedAt,
    type: texts.text(element["type"]),
    outcome: texts.text(element["outcome"]),
    entityTokens: Object.keys(entities).flatMap((token) => readToken(token) ?? []),
  };
}

/** Alloy's specification shows `alert_review`, `case_review` and `alert_review_closed`. */
function statusOfState(state: string, closedAt: number | null): ListedInvestigation["status"] {
  if (closedAt !== null || state.endsWith("closed")) return "closed";
  if (state === "case_review") return "promoted_to_case";
  return state === "alert_review" ? "created" : null;
}

/** What the poller knows besides. */
export interface StepContext {
  /** We have looked at the list since; what was before is history, unless a webhook has reported a step before it. */
  readonly since: number;
  readonly now: number;
  /** A younger step may be on its way. */
  readonly graceMs: number;
}

/**
 * The steps of Alloy's list that no webhook has reported.
 *
 * Of a promotion the list says no time: it was before the closing, or before the last change. Of what is closed it is
 * missing only if none was ever reported.
 */
export function missingSteps(
  listed: ListedInvestigation,
  reports: readonly InvestigationReport[],
  { since, now, graceMs }: StepContext,
): readonly InvestigationEvent[] {
  const { createdAt, updatedAt } = listed;
  const isNew = createdAt !== null && createdAt >= since;
  const newest = reports.at(-1)?.at ?? 0;
  // Of what we have heard of, what follows is no history, although we had not looked at the list yet.
  const begin = Math.min(since, reports[0]?.at ?? since);
  return stepsOf(listed).filter((step) => {
    if (step.at < begin || now - step.at <= graceMs) return false;
    if (step.isTimeLatest) {
      // The time of an old Investigation that was never reported is unknown.
      if (reports.length === 0 && !isNew) return false;
      // The answer is older than what we know.
      if ((updatedAt ?? 0) < newest) return false;
      const isReported = reports.some(({ status }) => status === step.status);
      if (listed.status === "closed" && step.status === "promoted_to_case") return !isReported;
    }
    return reportOfSame(reports, { ...step, origin: "poll" }) === null;
  });
}

function stepsOf(listed: ListedInvestigation): readonly InvestigationEvent[] {
  const { createdAt, updatedAt, closedAt, status } = listed;
  const promotedBy = closedAt ?? updatedAt;
  return [
    ...(createdAt === null ? [] : [stepOf(listed, "created", createdAt, false)]),
    ...(!listed.isCase || promotedBy === null
      ? []
      : [stepOf(listed, "promoted_to_case", promotedBy, true)]),
    ...(status !== "closed" || promotedBy === null
      ? []
      : [stepOf(listed, "closed", promotedBy, closedAt === null)]),
  ];
}

function stepOf(
  { investigationToken, type, outcome, entityTokens }: ListedInvestigation,
  status: string,
  at: number,
  isTimeLatest: boolean,
): InvestigationEvent {
  return {
    eventId: investigationEventIdOf({ investigationToken, status, at }),
    investigationToken,
    status,
    at,
    isTimeLatest,
    environment: null,
    type,
    outcome: status === "closed" ? outcome : null,
    alertTokens: [],
    entityTokens,
  };
}
