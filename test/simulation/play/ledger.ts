import { newerOf } from "../../../lambdas/domain/application/application-state.ts";
import type {
  ApplicationState,
  EntityRegister,
} from "../../../lambdas/domain/application/application-state.ts";
import {
  isBeyondApi,
  isDamaged,
  isEnd,
  isHandled,
  isHeardInTime,
  isOutcomeUnsaid,
  publicationOf,
  routeOf,
} from "../scenario/expectations.ts";
import type { TrueApplication, TrueEvent } from "../scenario/application.ts";
import type { Scenario } from "../scenario/scenario-type.ts";
import type { WorldResult } from "./play-world.ts";

/**
 * What a world has come to in the end, line by line: how each application stands, which events are
 * recorded, and which effects were had. Two worlds of one scenario must have the same, whatever went wrong.
 *
 * @param heard - the applications of which it speaks. @default - all of which anybody has told us
 */
export function ledgerOf(
  { scenario, cloud, observer, ...world }: WorldResult,
  heard = world.heard,
): readonly string[] {
  const { applications, events, applicants } = cloud.applications;
  const lines: string[] = [];
  for (const application of scenario.applications) {
    const { token, journeyToken, events: true_, isShadow } = application;
    // What Alloy's API does not know, nothing can make good.
    if (!isHandled(scenario, journeyToken) || !heard.has(token)) continue;
    if (isBeyondApi(application, scenario) || isDamaged(application)) continue;
    const state = applications.get(token)?.state;
    if (state === undefined) continue;
    const last = observer.standings.get(token)?.at(-1);
    const { next, previous } = state.chain;
    const entities = applicantsOf(application, state, scenario, applicants);
    const outcome = isOutcomeUnsaid(application) ? "unsaid" : last?.outcome?.toLowerCase();
    const standing = isHeardInTime(application) ? "unsaid" : `${last?.status} ${outcome}`;
    lines.push(`${token} ${standing} next ${next?.token} previous ${previous?.token}`, ...entities);
    for (const event of true_) {
      if (!isHandled(scenario, journeyToken, event.type)) continue;
      const isRecorded = event.ids.some((id) => events.has(id));
      // Of a step that may come late, and is not published then, the effect depends on the fault schedule.
      const { publish, publishLate } = publicationOf(
        journeyToken,
        routeOf(event, scenario),
        scenario,
      );
      // An end is told once, by its event or by Alloy's answer: `judgeEnds` sees to it.
      const isNews = (publishLate || event.isAlwaysNews) && !event.mayBeSilent;
      const isCertain = publish && !isShadow && isNews && !isEnd(event);
      const effects = isCertain ? event.ids.filter((id) => observer.publicationsOf.has(id)) : [];
      lines.push(`${event.name} ${isRecorded ? "recorded" : "lost"} ${effects.length}`);
    }
  }
  return lines;
}

/** The first line in which they differ; null: they are the same. */
export function firstDifference(
  faultFree: readonly string[],
  stormy: readonly string[],
): string | null {
  const index = faultFree.findIndex((line, place) => line !== stormy[place]);
  if (index === -1 && faultFree.length === stormy.length) return null;
  const at = index === -1 ? faultFree.length : index;
  return `"${stormy[at]}", and without faults "${faultFree[at]}"`;
}

/** Of all applicants, wherever their registers are, of whom both sides say the same. */
function applicantsOf(
  { token, events }: TrueApplication,
  { entities }: ApplicationState,
  { knobs }: Scenario,
  stored: ReadonlyMap<string, EntityRegister>,
): readonly string[] {
  // Where one side names no applicant, what is known of him depends on which side came first.
  if (knobs.has("applicant-once")) return [];
  const registers = new Map(Object.entries(entities));
  for (const [key, register] of stored) {
    if (!key.startsWith(`${token} `)) continue;
    const entity = key.slice(token.length + 1);
    const known = registers.get(entity);
    registers.set(entity, known === undefined ? register : newerOf(known, register));
  }
  return [...registers]
    .filter(([entity]) => isInOneOrder(events.filter((event) => applicantIn(event) === entity)))
    .map(([entity, { status, outcome }]) => `${entity} ${status} ${outcome}`)
    .toSorted();
}

/** Whether their order is the same, whichever side each is known by: no answer of Alloy's settles it for an applicant. */
function isInOneOrder(events: readonly TrueEvent[]): boolean {
  return events.every(({ times }, index) => {
    const before = events[index - 1]?.times ?? [];
    return (
      before.every((earlier) => times.every((at) => earlier < at)) || isOfOneTime(before, times)
    );
  });
}

function isOfOneTime(...times: readonly (readonly number[])[]): boolean {
  return new Set(times.flat()).size === 1;
}

function applicantIn({ told }: TrueEvent): unknown {
  return told["entity_application_token"];
}
