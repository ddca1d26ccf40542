import { createHash } from "node:crypto";

import type { ApplicationState } from "../../domain/application/application-state.ts";
import { entitiesIn } from "../../domain/application/entity-ids.ts";
import { isIndexKey } from "../../domain/event/external-text.ts";

/*
 * The sparse index `external`: by which ids a person looks an application up. One id is an attribute of the application's
 * item. Each further one has an item of its own (docs/decisions/0060).
 */

/** Ids by what they are. */
export type NamedIds = Readonly<Record<string, string>>;

/**
 * Sort key of a further id. The poller of the release 0.2.0 reads whatever stands between `EVENT#` and `FAILURE#`.
 *
 * @param name - as in {@link idsOf}.
 */
export function externalIdKey(applicationToken: string, name: string) {
  return { pk: `APPLICATION#${applicationToken}`, sk: `ID#${name}` };
}

/** The indexed values, each with its source: one observation alone cannot say which source counts. */
export function indexedAttributesOf(state: ApplicationState): NamedIds {
  const { events, submission } = state.facts;
  const [externalId, journeyToken] = [
    indexedIdOf(state),
    events.journeyToken ?? submission.journeyToken,
  ];
  return {
    ...(externalId !== null && { externalId }),
    ...(journeyToken !== null && { journeyToken }),
  };
}

/** The id of the application's own item: an entity's where there is no other one, which costs nothing then. */
export function indexedIdOf({ externalIds, entityIds }: ApplicationState): string | null {
  const { group, application, partner } = externalIds;
  const id = group ?? application ?? partner ?? firstEntityIdIn(entityIds);
  return id !== null && isIndexKey(id) ? id : null;
}

function firstEntityIdIn(entityIds: ApplicationState["entityIds"]): string | null {
  const ids = entitiesIn(entityIds).flatMap(({ externalId }) => externalId ?? []);
  return ids.toSorted()[0] ?? null;
}

/**
 * All ids by which an application is to be found.
 *
 * @param withEntities - also by those of its entities: Alloy's tokens and the client's ids.
 */
export function idsOf(state: ApplicationState, withEntities: boolean): NamedIds {
  const { externalIds, chain, entityIds } = state;
  const ids: (readonly [string, string | null])[] = [
    ...Object.entries(externalIds),
    ["root-group", chain.rootGroup?.token ?? null],
  ];
  for (const { token, externalId } of withEntities ? entitiesIn(entityIds) : []) {
    // An id of the client's is no part of a sort key, which takes half as much as the index.
    const entity =
      token ??
      createHash("sha256")
        .update(externalId ?? "")
        .digest("hex")
        .slice(0, 32);
    ids.push([`entity#${entity}`, externalId], [`entity-token#${entity}`, token]);
  }
  const found: Record<string, string> = {};
  for (const [name, id] of ids) if (id !== null && isIndexKey(id)) found[name] = id;
  return found;
}

/** Ids, and the one of them that stands in the application's own item. */
export interface IndexedIds {
  readonly ids: NamedIds;
  readonly indexed: string | null;
}

/** The further ids that a merge has brought: the same id under two names is one. */
export function broughtIds(before: IndexedIds | null, after: IndexedIds): NamedIds {
  const known = new Set(
    Object.values(before?.ids ?? {}).filter((id) => id !== (before?.indexed ?? null)),
  );
  const brought: Record<string, string> = {};
  for (const [name, id] of Object.entries(after.ids)) {
    if (id === after.indexed || known.has(id)) continue;
    known.add(id);
    brought[name] = id;
  }
  return brought;
}
