import { createHash } from "node:crypto";

import * as v from "valibot";

import { outcomeOf, padded, statusOf } from "../domain/application-state.ts";
import type { ApplicationState } from "../domain/application-state.ts";
import { APPLICATION_STATUSES } from "../domain/event-types.ts";
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

/** Attribute of one entity's register; one attribute each, so that a write can set it alone. */
export function entityAttribute(entityApplicationToken: string): string {
  return `${ENTITY_PREFIX}${entityApplicationToken}`;
}

const status = v.picklist(APPLICATION_STATUSES);
const finalStatus = v.picklist(["completed", "error", "expired"]);
const text = v.nullish(v.string(), null);
const number = v.nullish(v.number(), null);

const ItemSchema = v.object({
  applicationToken: v.string(),
  journeyToken: text,
  journeyName: text,
  environment: v.nullish(v.picklist(["sandbox", "live"]), null),
  externalGroupId: text,
  externalPartnerId: text,
  externalApplicationId: text,
  submittedAt: number,
  lastEventAt: number,
  progress: v.nullish(v.object({ stamp: v.string(), status }), null),
  final: v.nullish(v.object({ stamp: v.string(), status: finalStatus, outcome: text }), null),
  reopened: v.nullish(v.object({ stamp: v.string(), status: v.nullish(status, null) }), null),
  chainPrevious: text,
  chainRoot: text,
  chainNext: text,
  isShadow: v.nullish(v.boolean(), false),
});

const EntitySchema = v.object({ stamp: v.string(), status, outcome: text });

/**
 * Reads an application's item, unmarshalled.
 *
 * @throws Error naming the attributes that are not what this code writes.
 */
export function applicationStateOf(item: Readonly<Record<string, unknown>>): ApplicationState {
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
    lastEventAt: output.lastEventAt,
    progress: output.progress,
    final: output.final,
    reopened: output.reopened,
    entities: Object.fromEntries(
      Object.entries(item)
        .filter(([name]) => name.startsWith(ENTITY_PREFIX))
        .sort(([one], [other]) => (one < other ? -1 : 1))
        .map(([name, value]) => [name.slice(ENTITY_PREFIX.length), v.parse(EntitySchema, value)]),
    ),
    chain: { previous: output.chainPrevious, root: output.chainRoot, next: output.chainNext },
    isShadow: output.isShadow,
  };
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
      lastEventAt: state.lastEventAt,
      progress: state.progress,
      final: state.final,
      reopened: state.reopened,
      chainPrevious: state.chain.previous,
      chainRoot: state.chain.root,
      chainNext: state.chain.next,
      isShadow: state.isShadow ? true : null,
      // Derived, for the eyes of people and tools that read the table.
      status: statusOf(state),
      outcome: outcomeOf(state),
    }),
    ...Object.fromEntries(
      Object.entries(state.entities).map(([token, register]) => [entityAttribute(token), register]),
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
