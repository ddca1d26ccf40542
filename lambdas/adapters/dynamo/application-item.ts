import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";

import * as v from "valibot";

import type { HealedMark, NearbyReports } from "../../domain/application/alias.ts";
import {
  NO_FACTS,
  outcomeOf,
  resolveFacts,
  statusOf,
} from "../../domain/application/application-state.ts";
import type {
  AnswerRegister,
  ApplicationFacts,
  ApplicationState,
  EndRegister,
  EntityRegister,
} from "../../domain/application/application-state.ts";
import { EventReportSchema } from "../../domain/event/event-report-schema.ts";
import { APPLICATION_STATUSES, isFinal } from "../../domain/event/event-types.ts";
import { lookAlikesNamed } from "../../domain/reconciliation/look-alikes.ts";
import { publishedBy } from "../../domain/application/published-decisions.ts";
import { isOfAnswer, padded, stampOfAnswer, timeOf } from "../../domain/application/stamp.ts";
import type { Recording } from "../../domain/ports.ts";
import { mergeEntityIds } from "../../domain/application/entity-ids.ts";
import { IDEMPOTENCY } from "../../settings/limits.ts";
import { TABLE } from "../../settings/names.ts";
import { indexedAttributesOf } from "./external-ids.ts";

/** The items of `ApplicationTable` (docs/contracts.md#stored-items): their keys, and an application's attributes. */

export function applicationKey(applicationToken: string) {
  return { pk: `APPLICATION#${applicationToken}`, sk: "STATE" };
}

/** The list of the events of an application's gap. It follows the state, so that one query reads both. */
export function gapListKey(applicationToken: string) {
  const { pk, sk } = applicationKey(applicationToken);
  return { pk, sk: `${sk}#GAP` };
}

export function investigationKey(investigationToken: string) {
  return { pk: `INVESTIGATION#${investigationToken}`, sk: "STATE" };
}

export function eventKey(
  applicationToken: string | null,
  eventId: string,
  at: number,
  investigationToken?: string,
) {
  if (investigationToken !== undefined) {
    return { pk: investigationKey(investigationToken).pk, sk: `${eventsFrom(at)}#${eventId}` };
  }
  if (applicationToken === null) {
    // A body that names no application is a collection of its own, and its time is the envelope's,
    // which each attempt of Alloy's stamps anew: in the key, it would make an item of each.
    return { pk: `WEBHOOK#${eventId}`, sk: `EVENT#${eventId}` };
  }
  return { pk: `APPLICATION#${applicationToken}`, sk: `EVENT#${padded(at)}#${eventId}` };
}

/** Sort key before the application's events of this time and later. */
export function eventsFrom(at: number): string {
  return `EVENT#${padded(at)}`;
}

export function failureKey(applicationToken: string, eventId: string) {
  return { pk: `APPLICATION#${applicationToken}`, sk: `FAILURE#${eventId}` };
}

/** An applicant that left the application's item (`applicantsStoredUntil`). */
export function applicantKey(applicationToken: string, entityToken: string) {
  return { pk: applicationKey(applicationToken).pk, sk: `APPLICANT#${entityToken}` };
}

/** Sort key before all numbers of effects that left the application's item. */
export const EFFECTS_FROM = "EFFECTS#";

/** The numbers of effects that left the application's item. @param first - the first of them. */
export function effectsKey(applicationToken: string, first: number) {
  return { pk: applicationKey(applicationToken).pk, sk: `${EFFECTS_FROM}${padded(first)}` };
}

/** The mark of an event that the poller brought. */
export function healedKey(
  applicationToken: string,
  { at, eventId }: { at: number; eventId: string },
) {
  return { pk: applicationKey(applicationToken).pk, sk: `${healedFrom(at)}#${eventId}` };
}

/** Sort key before the application's marks of this time and later. */
export function healedFrom(at: number): string {
  return `HEALED#${padded(at)}`;
}

/** The partition of the `due` index of an application; it never changes. */
export function dueShardOf(applicationToken: string): string {
  const [byte = 0] = createHash("sha256").update(applicationToken).digest();
  return dueShard(byte % TABLE.dueShards);
}

export function dueShard(number: number): string {
  return `DUE#${number}`;
}

const ENTITY_PREFIX = "entity#";

/** Attributes of the released format 0.1.0 that are read, and left out of what is written. */
const RELEASED_HEALED_PREFIX = "healed#";
const RELEASED_ATTRIBUTES = ["reopenings", "lastReopening"];

/** Attribute of one applicant's register; one attribute each, so that a write can set it alone. */
export function entityAttribute(entityApplicationToken: string): string {
  return `${ENTITY_PREFIX}${entityApplicationToken}`;
}

/** Attributes of the ids of entities, one each for the same reason. */
export const ENTITY_ID_PREFIX = "id#";

export function entityIdAttribute(key: string): string {
  return `${ENTITY_ID_PREFIX}${key}`;
}

type Item = Readonly<Record<string, unknown>>;

const status = v.picklist(APPLICATION_STATUSES);
const finalStatus = v.picklist(["completed", "error", "expired"]);
const text = v.nullish(v.string(), null);
const number = v.nullish(v.number(), null);
const neighbour = v.nullish(v.object({ stamp: v.string(), token: v.string() }), null);
const environment = v.nullish(v.picklist(["sandbox", "live"]), null);
const ended = { stamp: v.string(), status: finalStatus, outcome: text };
const endRegister = v.object(ended);
const publishedDecision = v.object({
  eventId: v.string(),
  stamp: v.string(),
  status,
  outcome: text,
  correctionId: v.exactOptional(v.string()),
});

const decided = v.object({
  decisionId: v.string(),
  previous: text,
  stamp: v.string(),
  status: finalStatus,
  outcome: text,
  since: text,
  asked: v.string(),
  reasons: text,
  tags: text,
  outputs: text,
});

const FactsSchema = v.object({
  journeyToken: text,
  environment,
  group: text,
  partner: text,
  application: text,
});

const ItemSchema = v.object({
  applicationToken: v.string(),
  journeyToken: text,
  journeyName: text,
  environment,
  externalGroupId: text,
  externalPartnerId: text,
  externalApplicationId: text,
  isJourneyByEvents: v.nullish(v.boolean(), false),
  submitted: v.nullish(FactsSchema),
  answered: v.nullish(FactsSchema),
  submittedAt: number,
  startedAt: number,
  lastEventAt: number,
  progress: v.nullish(v.object({ stamp: v.string(), status }), null),
  final: v.nullish(endRegister, null),
  lastFinal: v.nullish(endRegister, null),
  stated: v.nullish(v.object({ stamp: v.string(), status, correctionId: text, since: text }), null),
  statedFinal: v.nullish(v.object({ ...ended, correctionId: text, since: text }), null),
  published: v.nullish(v.array(publishedDecision)),
  effects: v.nullish(v.array(v.string()), []),
  effectsApart: v.nullish(v.number(), 0),
  decided: v.nullish(decided, null),
  applicantsStoredUntil: text,
  chainPrevious: neighbour,
  chainRoot: neighbour,
  chainNext: neighbour,
  rerunBy: neighbour,
  rootGroup: neighbour,
  healedUntil: number,
  isShadow: v.nullish(v.boolean(), false),
  forgottenAt: number,
  adopted: v.nullish(v.object({ at: v.number(), publishes: v.boolean() }), null),
  reopenings: v.nullish(v.record(v.string(), v.nullable(status)), {}),
});

type ParsedItem = v.InferOutput<typeof ItemSchema>;

const EntitySchema = v.object({ stamp: v.string(), status, outcome: text });

/**
 * Reads an application's item, unmarshalled; also one of the released format 0.1.0.
 *
 * @throws Error naming the attributes that are not what this code writes.
 */
export function applicationStateOf(item: Item): ApplicationState {
  const parsed = v.safeParse(ItemSchema, item);
  if (!parsed.success) {
    const where = parsed.issues.map((issue) => v.getDotPath(issue) ?? "the item").join(", ");
    throw new Error(`An application's item is damaged at: ${where}.`);
  }
  const { output } = parsed;
  const facts = {
    answer: factsIn(output.answered),
    events: {
      journeyToken: isSubmitted(output) ? null : output.journeyToken,
      journeyName: output.journeyName,
      environment: output.environment,
      externalIds: {
        group: output.externalGroupId,
        partner: output.externalPartnerId,
        application: output.externalApplicationId,
      },
    },
    submission: factsIn(output.submitted),
  };
  // The released format kept Alloy's answer in the place of an event's end.
  const end = output.final !== null && isOfAnswer(output.final.stamp) ? null : output.final;
  const ends = { end, lastEnd: output.lastFinal ?? end, answer: answerIn(output) };
  return {
    applicationToken: output.applicationToken,
    ...resolveFacts(facts),
    facts,
    submittedAt: output.submittedAt,
    startedAt: output.startedAt,
    lastEventAt: output.lastEventAt,
    progress: output.progress,
    ...ends,
    published: output.published ?? publishedBy(ends),
    effects: { apart: output.effectsApart, ids: output.effects },
    decided: output.decided,
    entities: entitiesIn(item),
    applicantsStoredUntil: output.applicantsStoredUntil,
    // Of very many there may be more than are kept, for a moment.
    entityIds: mergeEntityIds({}, partsOf(item, ENTITY_ID_PREFIX, v.string())),
    chain: {
      previous: output.chainPrevious,
      root: output.chainRoot,
      next: output.chainNext,
      rerunBy: output.rerunBy,
      rootGroup: output.rootGroup,
    },
    healedUntil: healedUntilOf(item, output.healedUntil),
    isShadow: output.isShadow,
    adopted: output.adopted,
    forgottenAt: output.forgottenAt,
  };
}

/** Whether the item's Journey is the submission's: it stands there until an event names one. */
function isSubmitted({ submitted, isJourneyByEvents }: ParsedItem): boolean {
  return submitted !== null && submitted !== undefined && !isJourneyByEvents;
}

function factsIn(facts: ParsedItem["submitted"]): ApplicationFacts {
  if (facts === null || facts === undefined) return NO_FACTS;
  const { journeyToken, environment: stated, group, partner, application } = facts;
  return {
    journeyToken,
    journeyName: null,
    environment: stated,
    externalIds: { group, partner, application },
  };
}

function answerIn(item: ParsedItem): AnswerRegister | null {
  const { final, stated, statedFinal } = item;
  const released =
    final !== null && isOfAnswer(final.stamp)
      ? { ...final, correctionId: null, since: null }
      : null;
  const open = stated === null ? null : { ...stated, outcome: null };
  const [newest = null] = [statedFinal, released, open, releasedReopening(item)]
    .filter((register) => register !== null)
    .toSorted((one, other) => (one.stamp > other.stamp ? -1 : 1));
  return newest;
}

/**
 * The released format counted and published a reopening event without Alloy's answer. Such an event stands for an answer
 * if it stated the next status, or if a final status followed it. Otherwise the final status before it is still valid.
 */
function releasedReopening({ final, reopenings }: ParsedItem): AnswerRegister | null {
  const [newest] = Object.entries(reopenings).toSorted(([one], [other]) => (one > other ? -1 : 1));
  if (newest === undefined) return null;
  const [by, said] = newest;
  const isFollowed = final !== null && final.stamp > by;
  if (said === null && !isFollowed) return null;
  const stamp = stampOfAnswer(timeOf(by), timeOf(by));
  return { stamp, status: said ?? "running", outcome: null, correctionId: null, since: by };
}

/** When the newest event happened that the poller brought, by this release or by the one before. */
function healedUntilOf(item: Item, own: number | null): number | null {
  const times = Object.values(releasedHealedIn(item)).map(({ at }) => at);
  if (own !== null) times.push(own);
  return times.length === 0 ? null : times.reduce((newest, at) => Math.max(newest, at));
}

const ReleasedHealedSchema = v.object({
  type: v.string(),
  at: v.number(),
  entityApplicationToken: text,
  nodeId: text,
  eventToken: text,
  siblings: v.array(v.string()),
});

/** The marks of healed events by event id: the released format has them in the application's item. */
function releasedHealedIn(item: Item) {
  return partsOf(item, RELEASED_HEALED_PREFIX, ReleasedHealedSchema);
}

/** The same marks as this format has them. */
export function releasedMarksOf(item: Item, applicationToken: string): readonly HealedMark[] {
  return Object.entries(releasedHealedIn(item)).map(([eventId, { siblings, ...report }]) => ({
    event: { ...report, eventId, applicationToken, entityToken: null, outcome: null },
    lookAlikes: lookAlikesNamed(siblings),
    webhooks: [],
  }));
}

/** Names of the attributes that only the released format has, and of which nothing is left to be read. */
export function passedAttributesOf(item: Item, now: number): readonly string[] {
  const passed = Object.entries(releasedHealedIn(item))
    .filter(([, { at }]) => at + IDEMPOTENCY.windowMs < now)
    .map(([eventId]) => `${RELEASED_HEALED_PREFIX}${eventId}`);
  return [...RELEASED_ATTRIBUTES.filter((name) => name in item), ...passed];
}

/** The registers of the applicants that stand in an application's item. */
function entitiesIn(item: Item): Readonly<Record<string, EntityRegister>> {
  return partsOf(item, ENTITY_PREFIX, EntitySchema);
}

/** Reads an applicant's item. */
export function applicantRegisterOf(item: Item): EntityRegister {
  return v.parse(EntitySchema, item);
}

const EffectsSchema = v.object({ ids: v.array(v.string()) });

/** Reads an item of effects' numbers: their ids, in order. */
export function effectsOf(item: Item): readonly string[] {
  return v.parse(EffectsSchema, item).ids;
}

function partsOf<Schema extends v.GenericSchema>(item: Item, prefix: string, schema: Schema) {
  return inOrder(
    Object.fromEntries(
      Object.entries(item)
        .filter(([name]) => name.startsWith(prefix))
        .map(([name, value]) => [name.slice(prefix.length), v.parse(schema, value)]),
    ),
  );
}

/** The table keeps no order of names; the states of the domain do. */
function inOrder<Value>(record: Readonly<Record<string, Value>>): Readonly<Record<string, Value>> {
  return Object.fromEntries(
    Object.entries(record).toSorted(([one], [other]) => (one < other ? -1 : 1)),
  );
}

/** Of an event's item, what says of which event it is. */
const RecordedReportSchema = v.object({
  eventId: v.string(),
  type: v.string(),
  eventAt: v.number(),
  origin: v.picklist(["webhook", "poll", "submission", "replay"]),
  entityApplicationToken: text,
  entityToken: text,
  nodeId: text,
  eventToken: text,
  outcome: text,
});

export const REPORT_ATTRIBUTES: readonly string[] = Object.keys(RecordedReportSchema.entries);

export function recordedReportOf(item: Item): NearbyReports["recorded"][number] {
  const { eventAt: at, ...report } = v.parse(RecordedReportSchema, item);
  return { ...report, at };
}

const MarkSchema = v.object({
  event: v.object({ ...EventReportSchema.entries, applicationToken: v.string() }),
  lookAlikes: v.array(
    v.object({ ...EventReportSchema.entries, recordedAs: v.nullable(v.string()) }),
  ),
  webhooks: v.nullish(v.record(v.string(), EventReportSchema), {}),
});

/** Reads the mark of a healed event. */
export function healedMarkOf(item: Item): HealedMark {
  const { webhooks, ...mark } = v.parse(MarkSchema, item);
  return { ...mark, webhooks: Object.values(webhooks) };
}

const RecordingSchema = v.object({
  receiptId: v.string(),
  receivedAt: v.number(),
  isWithheld: v.nullish(v.boolean(), false),
  outcome: text,
  lock: v.exactOptional(v.object({ by: v.string(), until: v.number() })),
});

/** What an event's item says of how it was recorded. */
export function recordingOf(item: Item): Omit<Recording, "isNew"> {
  return v.parse(RecordingSchema, item);
}

/** What events say of an application, which never changes once it is known. */
export function constantAttributesOf(state: ApplicationState): Readonly<Record<string, string>> {
  const { journeyToken, journeyName, environment: stated, externalIds } = state.facts.events;
  return present({
    journeyToken,
    journeyName,
    environment: stated,
    externalGroupId: externalIds.group,
    externalPartnerId: externalIds.partner,
    externalApplicationId: externalIds.application,
  });
}

/** All attributes of a state; the poller's own (`dueAt`, …) stand beside them and are not touched. */
export function attributesOf(state: ApplicationState): Readonly<Record<string, unknown>> {
  const { answer, end, lastEnd, facts } = state;
  return {
    ...indexedAttributesOf(state),
    ...constantAttributesOf(state),
    ...present({
      applicationToken: state.applicationToken,
      isJourneyByEvents: facts.events.journeyToken === null ? null : true,
      submitted: factsAttribute(facts.submission),
      answered: factsAttribute(facts.answer),
      submittedAt: state.submittedAt,
      startedAt: state.startedAt,
      lastEventAt: state.lastEventAt,
      progress: state.progress,
      final: end,
      lastFinal: isSameEnd(end, lastEnd) ? null : lastEnd,
      ...answerAttributes(answer),
      published: publishedAttribute(state),
      effects: state.effects.ids.length === 0 ? null : state.effects.ids,
      effectsApart: state.effects.apart === 0 ? null : state.effects.apart,
      decided: state.decided && present({ ...state.decided }),
      applicantsStoredUntil: state.applicantsStoredUntil,
      chainPrevious: state.chain.previous,
      chainRoot: state.chain.root,
      chainNext: state.chain.next,
      rerunBy: state.chain.rerunBy,
      rootGroup: state.chain.rootGroup,
      healedUntil: state.healedUntil,
      isShadow: state.isShadow ? true : null,
      adopted: state.adopted,
      forgottenAt: state.forgottenAt,
      // Derived, for people who read the table.
      status: statusOf(state),
      outcome: outcomeOf(state),
    }),
    ...Object.fromEntries(
      Object.entries(state.entities).map(([token, register]) => [entityAttribute(token), register]),
    ),
    ...Object.fromEntries(
      Object.entries(state.entityIds).map(([key, id]) => [entityIdAttribute(key), id]),
    ),
  };
}

/** Two attributes, so that the fast merge can tell an open answer from an end. */
function answerAttributes(answer: AnswerRegister | null) {
  if (answer === null) return {};
  const { stamp, status: answered, outcome, correctionId, since } = answer;
  const register = present({ stamp, status: answered, outcome, correctionId, since });
  return isFinal(answered) ? { statedFinal: register } : { stated: register };
}

/** Null where the registers say the same, as they nearly always do: it would cost space and so write units. */
function publishedAttribute(state: ApplicationState) {
  const { published } = state;
  if (isDeepStrictEqual(published, publishedBy(state))) return null;
  return published.map((one) => present({ ...one }));
}

function isSameEnd(end: EndRegister | null, lastEnd: EndRegister | null): boolean {
  return JSON.stringify(end) === JSON.stringify(lastEnd);
}

function factsAttribute(facts: ApplicationFacts): Readonly<Record<string, string>> | null {
  const { journeyToken, environment: stated, externalIds } = facts;
  const attribute = present({ journeyToken, environment: stated, ...externalIds });
  return Object.keys(attribute).length === 0 ? null : attribute;
}

/** The attributes that have a value; absent is how the table says null. */
export function present<Value>(
  attributes: Readonly<Record<string, Value | null>>,
): Readonly<Record<string, Value>> {
  const result: Record<string, Value> = {};
  for (const [name, value] of Object.entries(attributes)) if (value !== null) result[name] = value;
  return result;
}
