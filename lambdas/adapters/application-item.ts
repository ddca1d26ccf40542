import { createHash } from "node:crypto";

import * as v from "valibot";

import { lastReopeningOf, outcomeOf, statusOf } from "../domain/application-state.ts";
import type { ApplicationState } from "../domain/application-state.ts";
import { APPLICATION_STATUSES } from "../domain/event-types.ts";
import { padded } from "../domain/stamp.ts";
import type { ToldEvent } from "../domain/twin.ts";
import { TABLE } from "../settings.ts";

/** The items of `ApplicationTable` (design 2.7): their keys, and an application's attributes. */

export function applicationKey(applicationToken: string) {
  return { pk: `APPLICATION#${applicationToken}`, sk: "STATE" };
}

export function eventKey(applicationToken: string | null, eventId: string, at: number) {
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

/** The partition of the `due` index that an application belongs to, for good. */
export function dueShardOf(applicationToken: string): string {
  const [byte = 0] = createHash("sha256").update(applicationToken).digest();
  return dueShard(byte % TABLE.dueShards);
}

export function dueShard(number: number): string {
  return `DUE#${number}`;
}

const ENTITY_PREFIX = "entity#";
const HEALED_PREFIX = "healed#";

/** Attribute of one entity's register; one attribute each, so that a write can set it alone. */
function entityAttribute(entityApplicationToken: string): string {
  return `${ENTITY_PREFIX}${entityApplicationToken}`;
}

/** Attribute of one healed event. */
export function healedAttribute(eventId: string): string {
  return `${HEALED_PREFIX}${eventId}`;
}

type Item = Readonly<Record<string, unknown>>;

const status = v.picklist(APPLICATION_STATUSES);
const finalStatus = v.picklist(["completed", "error", "expired"]);
const text = v.nullish(v.string(), null);
const number = v.nullish(v.number(), null);
const neighbour = v.nullish(v.object({ stamp: v.string(), token: v.string() }), null);

const ItemSchema = v.object({
  applicationToken: v.string(),
  journeyToken: text,
  journeyName: text,
  environment: v.nullish(v.picklist(["sandbox", "live"]), null),
  externalGroupId: text,
  externalPartnerId: text,
  externalApplicationId: text,
  submittedAt: number,
  startedAt: number,
  lastEventAt: number,
  progress: v.nullish(v.object({ stamp: v.string(), status }), null),
  final: v.nullish(v.object({ stamp: v.string(), status: finalStatus, outcome: text }), null),
  reopenings: v.nullish(v.record(v.string(), v.nullable(status)), {}),
  stated: v.nullish(v.object({ stamp: v.string(), status }), null),
  chainPrevious: neighbour,
  chainRoot: neighbour,
  chainNext: neighbour,
  isShadow: v.nullish(v.boolean(), false),
});

const EntitySchema = v.object({ stamp: v.string(), status, outcome: text });

const HealedSchema = v.object({
  type: v.string(),
  at: v.number(),
  entityApplicationToken: text,
  nodeId: text,
  eventToken: text,
  siblings: v.array(v.string()),
});

/**
 * Reads an application's item, unmarshalled.
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
  return {
    applicationToken: output.applicationToken,
    journeyToken: output.journeyToken,
    journeyName: output.journeyName,
    environment: output.environment,
    externalIds: {
      group: output.externalGroupId,
      partner: output.externalPartnerId,
      application: output.externalApplicationId,
    },
    submittedAt: output.submittedAt,
    startedAt: output.startedAt,
    lastEventAt: output.lastEventAt,
    progress: output.progress,
    final: output.final,
    reopenings: inOrder(output.reopenings),
    stated: output.stated,
    entities: partsOf(item, ENTITY_PREFIX, EntitySchema),
    chain: { previous: output.chainPrevious, root: output.chainRoot, next: output.chainNext },
    healed: partsOf(item, HEALED_PREFIX, HealedSchema),
    isShadow: output.isShadow,
  };
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

/** Of an event's item, that by which another telling of the event is known. */
export const ToldEventSchema = v.object({
  eventId: v.string(),
  type: v.string(),
  eventAt: v.number(),
  entityApplicationToken: text,
  nodeId: text,
  eventToken: text,
});

export function toldEventOf(item: Item): ToldEvent {
  const { eventAt: at, ...event } = v.parse(ToldEventSchema, item);
  return { ...event, at };
}

/** The receipt with which an event's item was recorded. */
export function receiptIdOf(item: Item): string {
  return v.parse(v.object({ receiptId: v.string() }), item).receiptId;
}

/** What of an application never changes once it is known. */
export function constantAttributesOf(state: ApplicationState): Readonly<Record<string, string>> {
  const { group, application, partner } = state.externalIds;
  return present({
    journeyToken: state.journeyToken,
    journeyName: state.journeyName,
    environment: state.environment,
    externalGroupId: group,
    externalPartnerId: partner,
    externalApplicationId: application,
    // The key of the sparse index `external`: the id by which a person would look it up.
    externalId: group ?? application ?? partner,
  });
}

/** All attributes of a state; the poller's own (`dueAt`, …) stand beside them and are not touched. */
export function attributesOf(state: ApplicationState): Readonly<Record<string, unknown>> {
  return {
    ...constantAttributesOf(state),
    ...present({
      applicationToken: state.applicationToken,
      submittedAt: state.submittedAt,
      startedAt: state.startedAt,
      lastEventAt: state.lastEventAt,
      progress: state.progress,
      final: state.final,
      reopenings: Object.keys(state.reopenings).length > 0 ? state.reopenings : null,
      stated: state.stated,
      chainPrevious: state.chain.previous,
      chainRoot: state.chain.root,
      chainNext: state.chain.next,
      isShadow: state.isShadow ? true : null,
      // Derived: for the conditions of the fast merge, and for whoever reads the table.
      lastReopening: lastReopeningOf(state),
      status: statusOf(state),
      outcome: outcomeOf(state),
    }),
    ...Object.fromEntries(
      Object.entries(state.entities).map(([token, register]) => [entityAttribute(token), register]),
    ),
    ...Object.fromEntries(
      Object.entries(state.healed).map(([eventId, event]) => [healedAttribute(eventId), event]),
    ),
  };
}

/** The attributes that have a value; absent is how the table says null. */
export function present<Value>(
  attributes: Readonly<Record<string, Value | null>>,
): Readonly<Record<string, Value>> {
  const result: Record<string, Value> = {};
  for (const [name, value] of Object.entries(attributes)) if (value !== null) result[name] = value;
  return result;
}
