import type { ListedInvestigation } from "../domain/reconciliation/investigation-list.ts";
import type { ListCursor } from "../domain/polling/polling-ports.ts";
import { INVESTIGATIONS } from "../settings/limits.ts";
import type { AlloyCaller, Listed } from "./alloy-caller.ts";

/** What a run has read of Alloy's list. */
export interface ReadList {
  /** By token; of one that moved while it was read, as it was last. */
  readonly listed: ReadonlyMap<string, ListedInvestigation>;
  readonly unreadable: number;
  /** How far the list is read now; null: it could not be read. */
  readonly cursor: ListCursor | null;
}

/**
 * Reads the list from what moved last to what moved before the last whole reading, `INVESTIGATIONS.pagesPerRun` pages
 * at most. What is left is read by the next runs, each behind the pages of what is new: one page again where it left
 * off, since an Investigation that moves leaves its page, and the others move up.
 *
 * @param startedAt - of the run, epoch milliseconds.
 */
export async function readList(
  caller: AlloyCaller,
  cursor: ListCursor,
  startedAt: number,
): Promise<ReadList> {
  const listed = new Map<string, ListedInvestigation>();
  let unreadable = 0;
  let rest = cursor.rest;
  let readTo = rest?.lastAt ?? cursor.readTo;
  let page = 1;
  for (let read = 0; read < INVESTIGATIONS.pagesPerRun; read += 1) {
    const answer = await ask(caller, page);
    if (answer.kind !== "investigations") return { listed, unreadable, cursor: null };
    const { investigations, isLast } = answer.page;
    unreadable += answer.page.unreadable;
    for (const one of investigations) {
      if (!listed.has(one.investigationToken)) listed.set(one.investigationToken, one);
    }
    const isRead = isLast || isOlder(investigations, readTo - INVESTIGATIONS.overlapMs);
    if (isRead && (rest === null || isLast)) {
      const began = cursor.rest?.beganAt ?? startedAt;
      return { listed, unreadable, cursor: { since: cursor.since, readTo: began, rest: null } };
    }
    page = isRead && rest !== null ? Math.max(page + 1, rest.page - 1) : page + 1;
    if (isRead) [rest, readTo] = [null, cursor.readTo];
  }
  const beganAt = cursor.rest?.beganAt ?? startedAt;
  const next = { page: Math.max(page, rest?.page ?? 0), beganAt, lastAt: startedAt };
  return { listed, unreadable, cursor: { ...cursor, rest: next } };
}

async function ask(caller: AlloyCaller, page: number): Promise<Listed> {
  let answer = await caller.list(page);
  for (let attempt = 1; attempt < INVESTIGATIONS.attempts; attempt += 1) {
    if (answer.kind !== "unanswered" || answer.isPermanent) break;
    answer = await caller.list(page);
  }
  return answer;
}

/** Whether the page ends with what moved before this time; a page in another order says nothing. */
function isOlder(investigations: readonly ListedInvestigation[], time: number): boolean {
  const times = investigations.map(({ updatedAt }) => updatedAt ?? Number.POSITIVE_INFINITY);
  const isInOrder = times.every(
    (at, index) => at <= (times[index - 1] ?? Number.POSITIVE_INFINITY),
  );
  return isInOrder && (times.at(-1) ?? Number.POSITIVE_INFINITY) < time;
}
