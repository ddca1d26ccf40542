import { isDeepStrictEqual } from "node:util";

import { hasEnded, mergeState } from "../../domain/application/application-state.ts";
import type { ApplicationState } from "../../domain/application/application-state.ts";
import { ALIAS_MS } from "../../domain/reconciliation/reconciliation.ts";
import { mergeOver } from "../../domain/application/withholding.ts";
import type { CheckRequest, Merged, MergeStep } from "../../domain/ports.ts";
import { NO_NUMBERS } from "../../domain/application/effect-numbers.ts";
import {
  attributesOf,
  ENTITY_ID_PREFIX,
  constantAttributesOf,
  dueShardOf,
  entityAttribute,
  passedAttributesOf,
} from "./application-item.ts";
import { DynamoUpdate } from "./dynamo-update.ts";
import { indexedIdOf } from "./external-ids.ts";

type Item = Readonly<Record<string, unknown>>;

/** Attributes of the released format that one update removes at most: its expression has a limit. */
const MOST_REMOVED = 200;

/** Attributes that a merge can take away; every other one only ever changes. */
const PASSING_ATTRIBUTES = [
  "final",
  "lastFinal",
  "stated",
  "statedFinal",
  "published",
  "status",
  "outcome",
];

/** What observations that come one after the other say together. */
export interface Together {
  /** Their join. */
  readonly observation: ApplicationState;
  /** The first of each kind: where it is newer than what is there, all are. */
  readonly first: Pick<ApplicationState, "lastEventAt" | "progress" | "entities">;
  /** What they come to where nothing is known. */
  readonly alone: ApplicationState;
  /** Whether no earlier try can have merged any of them. */
  readonly isFirstTry: boolean;
  readonly check: CheckRequest;
  readonly count: number;
  /** What they add to the tally. */
  readonly tally: number;
}

/** Observations of one application, at least one. */
export type MergeSteps = readonly [MergeStep, ...MergeStep[]];

/** @param steps - if several, in order (`areInOrder`). */
export function together(steps: MergeSteps): Together {
  const observations = steps.map(({ observation }) => observation);
  const [{ observation, check }] = steps;
  const progress = observations.find((one) => one.progress !== null)?.progress ?? null;
  // Of one applicant the first counts, which comes last here.
  const entities = Object.assign({}, ...observations.map((one) => one.entities).toReversed());
  const checks = steps.map((step) => step.check);
  const urgent =
    checks.find(({ when }) => when === "now") ?? checks.find(({ when }) => when === "now-if-ended");
  return {
    observation: observations.reduce((left, right) =>
      left === right ? left : mergeState(left, right),
    ),
    first: { lastEventAt: observation.lastEventAt, progress, entities },
    alone: lastOf(mergedInOrder(null, steps)).after,
    isFirstTry: observations.every(({ effect }) => effect === undefined || effect.isFirstTry),
    check: urgent ?? check,
    count: observations.length,
    tally: tallyIn(steps),
  };
}

function tallyIn(steps: readonly MergeStep[]): number {
  return steps.reduce((sum, { observation: { tally = 0 } }) => sum + tally, 0);
}

/** What each of several observations comes to, over those before it. */
export function mergedInOrder(
  before: ApplicationState | null,
  [{ observation }, ...others]: MergeSteps,
): readonly [Merged, ...Merged[]] {
  const first = { before, after: mergeOver(before, observation) };
  let over = first.after;
  const further = others.map((step) => {
    const merged = { before: over, after: mergeOver(over, step.observation) };
    over = merged.after;
    return merged;
  });
  return [first, ...further];
}

/** The last of several. */
export function lastOf<One>(several: readonly [One, ...One[]]): One {
  return several.at(-1) ?? several[0];
}

/**
 * Whether one update can say what several observations come to: each is newer than the one before, none contradicts
 * another one, and nothing follows an end.
 */
export function areInOrder(steps: MergeSteps): boolean {
  const observations = steps.map(({ observation }) => observation);
  if (observations.length === 1) return true;
  const last = observations.length - 1;
  const isPlain = observations.every(
    (one, index) =>
      !isRare(one) &&
      one.healedUntil === null &&
      one.forgottenAt === null &&
      one.submittedAt === null &&
      one.lastEventAt !== null &&
      one.lastEventAt > (observations[index - 1]?.lastEventAt ?? -Infinity) &&
      (one.end === null || index === last),
  );
  if (!isPlain) return false;
  const stated = observations.flatMap((one) => Object.entries(constantAttributesOf(one)));
  const byName = Map.groupBy(stated, ([name]) => name);
  return [...byName.values()].every((all) => new Set(all.map(([, value]) => value)).size === 1);
}

/**
 * The update that is right if nothing newer of its kind is there, and whose condition says so. Then
 * the stored status follows from the observations alone, without reading the item.
 */
export function fastMerge(said: Together): DynamoUpdate {
  const { observation, first, alone, check } = said;
  const update = new DynamoUpdate();
  const { submittedAt, startedAt, healedUntil, end } = observation;
  const { lastEventAt, progress } = first;
  if (isRare(observation)) update.requireAbsent("pk");
  update.requireAbsent("settledAt");
  update.requireAbsent("forgottenAt");

  for (const [name, value] of Object.entries(attributesOf({ ...alone, effects: NO_NUMBERS }))) {
    if (isIndexedOnly(name, value, observation)) {
      update.setIfAbsent(name, value);
    } else if (name === "externalId") {
      update.setIfAbsent(name, value);
      update.requireIndexed(name, value, "externalGroupId");
    } else if (isNamed(name, observation) && isOrderedAlike(value)) {
      // The larger text stands. Where it stands already, nothing changes.
      update.setIfAbsent(name, value);
      update.requireAbsentOr(name, ">=", value);
    } else {
      update.set(name, value);
      if (isConstant(name, observation)) update.requireAbsentOr(name, "=", value);
    }
  }
  if (observation.facts.submission.journeyToken !== null) {
    update.requireAbsentOrMarked("journeyToken", "isJourneyByEvents");
  }
  if (lastEventAt !== null) {
    // Of several, each number depends on whether those before it are late, also within a millisecond.
    update.requireAbsentOr("lastEventAt", said.count === 1 ? "<=" : "<", lastEventAt);
  }
  if (submittedAt !== null) update.requireAbsentOr("submittedAt", ">=", submittedAt);
  if (startedAt !== null) update.requireAbsentOr("startedAt", ">=", startedAt);
  if (healedUntil !== null) update.requireAbsentOr("healedUntil", "<=", healedUntil);
  for (const [token, register] of Object.entries(first.entities)) {
    update.requireOlderOrSame(entityAttribute(token), register);
  }
  if (progress !== null) {
    // Open, or open again by Alloy's own answer.
    update.requireAbsent("statedFinal");
    update.requireAbsentOrOlderThan("final", "stated");
    update.requireAbsentOrOlderThan("lastFinal", "stated");
    update.requireOlder("stated", progress.stamp);
    update.requireOlder("progress", progress.stamp);
  }
  if (end !== null) {
    update.requireAbsent("statedFinal");
    update.requireAbsent("lastFinal");
    update.requireAbsent("published");
    update.requireOlder("stated", end.stamp);
    // The same end under the same id, too, where its other report names no outcome.
    update.requireAbsentOr("final", "=", end);
  }
  if (alone.effects.ids.length > 0) numberEffects(update, said);
  planCheck(update, observation.applicationToken, check.when === "now", check.dueAt);
  if (said.tally > 0) update.increment("tally", said.tally);
  update.increment("revision");
  return update;
}

/** Gives effects the next numbers, where the merge over what is there surely would. */
function numberEffects(
  update: DynamoUpdate,
  { alone, first: { lastEventAt }, isFirstTry, count }: Together,
): void {
  update.appendNew("effects", alone.effects.ids);
  // The event may be another report of one that the poller brought.
  if (lastEventAt !== null) update.requireAbsentOr("healedUntil", "<", lastEventAt - ALIAS_MS);
  // Its number may be stored apart.
  if (!isFirstTry) update.requireAbsent("effectsApart");
  if (count === 1) return;
  // One that is not published after all leaves its number unused. Of several, it would move the others' numbers.
  for (const name of ["adopted", "isShadow", "statedFinal"]) update.requireAbsent(name);
}

/** Its effect depends on all that is there: right at once only for a new application. */
function isRare({
  answer,
  proposal,
  decided,
  isShadow,
  adopted,
  chain,
}: ApplicationState): boolean {
  return (
    answer !== null ||
    proposal !== undefined ||
    decided !== null ||
    isShadow ||
    adopted !== null ||
    Object.values(chain).some((neighbour) => neighbour !== null)
  );
}

/** Whether a higher authority, or a better id, may stand there already. */
function isIndexedOnly(
  name: string,
  value: unknown,
  { facts: { events } }: ApplicationState,
): boolean {
  if (name === "externalId") return events.externalIds.group === null;
  // An entity that this report does not name by the client's id.
  if (name.startsWith(ENTITY_ID_PREFIX)) return value === "";
  return name === "journeyToken" && events.journeyToken === null;
}

/** The id of the application's own item in the index `external`, once `fastMerge` was written over an item. */
export function indexedAfterFast(over: Item, observation: ApplicationState): string | null {
  return storedIdIn(over) ?? indexedIdOf(observation);
}

/** The same of an item as it is stored. */
export function storedIdIn({ externalId }: Item): string | null {
  return typeof externalId === "string" ? externalId : null;
}

function isConstant(name: string, observation: ApplicationState): boolean {
  if (name === "submitted" || name.startsWith(ENTITY_ID_PREFIX)) return true;
  return name in constantAttributesOf(observation);
}

/** Whether it is what events call the application or its Journey: of two names the larger text stands. */
function isNamed(name: string, observation: ApplicationState): boolean {
  return name !== "journeyToken" && name in constantAttributesOf(observation);
}

/** Whether DynamoDB, which compares bytes of UTF-8, orders a text among others as this code does. */
function isOrderedAlike(value: unknown): boolean {
  return typeof value === "string" && /^[\0-\ud7ff]*$/.test(value);
}

/**
 * The update that writes a merged state over the item it was merged with: only what differs, since an
 * expression has a limit and an application has none. Null when nothing changes.
 */
export function slowMerge(options: {
  readonly item: Item;
  readonly steps: readonly (MergeStep & Merged)[];
  readonly merged: ApplicationState;
}): DynamoUpdate | null {
  const { item, steps, merged } = options;
  const isSettled = item["settledAt"] !== undefined;
  // A forgotten application is settled for good.
  const isForgotten = merged.forgottenAt !== null;
  const isReopened = isSettled && !isForgotten && steps.some(({ after }) => !hasEnded(after));
  const wanted = steps.find(
    ({ before, observation, check }) =>
      check.when === "now" || (before !== null && isAnotherEnd(before, observation, check)),
  );
  const isWantedNow = !isForgotten && wanted !== undefined;
  const { dueAt = 0 } = (wanted ?? steps[0])?.check ?? {};
  const update = new DynamoUpdate();

  const attributes = attributesOf(merged);
  for (const [name, value] of Object.entries(attributes)) {
    if (!isDeepStrictEqual(item[name], value)) update.set(name, value);
  }
  const passing = PASSING_ATTRIBUTES.filter((name) => name in item && !(name in attributes));
  const passed = passedAttributesOf(item, merged.lastEventAt ?? 0);
  for (const name of [...passing, ...passed.slice(0, MOST_REMOVED)]) {
    update.remove(name);
  }
  // What changes nothing is not worth a write for the tally: the poller reads the records then.
  if (update.isEmpty && !isReopened && !isWantedNow) return null;
  const tally = tallyIn(steps);
  if (tally > 0) update.increment("tally", tally);

  if (!isSettled || isReopened || isWantedNow) {
    planCheck(update, merged.applicationToken, isWantedNow, dueAt);
    if (isSettled) update.remove("settledAt");
  }
  // The poller settles without a new revision.
  if (!isSettled) update.requireAbsent("settledAt");
  const revision = item["revision"];
  if (revision === undefined) update.requireAbsent("revision");
  else update.requireEqual("revision", revision);
  update.increment("revision");
  return update;
}

function isAnotherEnd(
  before: ApplicationState,
  { end }: ApplicationState,
  check: CheckRequest,
): boolean {
  if (check.when !== "now-if-ended" || !hasEnded(before)) return false;
  return end?.stamp !== before.end?.stamp;
}

/** Puts the application into the `due` index: once, or anew when the check is wanted now. */
function planCheck(
  update: DynamoUpdate,
  applicationToken: string,
  isWantedNow: boolean,
  dueAt: number,
): void {
  const shard = dueShardOf(applicationToken);
  if (isWantedNow) {
    update.set("duePk", shard);
    update.set("dueAt", dueAt);
    // So that the poller does not put it off, because something happened just now.
    update.set("checkAskedAt", dueAt);
    return;
  }
  update.setIfAbsent("duePk", shard);
  update.setIfAbsent("dueAt", dueAt);
}
