import { ENTITY_IDS } from "../../settings/limits.ts";

/*
 * How Alloy and the client name the entities of an application: its people and businesses. A webhook names one of them,
 * Alloy's answer all. The join only ever adds, so that what one side leaves out takes nothing away.
 */

/** By Alloy's token, the client's own id, or "" where nobody has named one. An id without a token has the key `#<id>`. */
export type EntityIds = Readonly<Record<string, string>>;

/** One entity; at least one of its ids is known. */
export interface Entity {
  readonly token: string | null;
  readonly externalId: string | null;
}

/** Begins the key of an id without a token: no token has it. */
const UNNAMED = "#";

/** The token of a group stands in the place of an entity's on events of the whole application (docs/alloy.md). */
const GROUP_PREFIX = "G-";

/** What one report says of its entities. */
export function entityIdsOf(entities: readonly Entity[]): EntityIds {
  let ids: EntityIds = {};
  for (const { token, externalId } of entities) {
    if (token !== null && !token.startsWith(GROUP_PREFIX)) {
      ids = mergeEntityIds(ids, { [token]: externalId ?? "" });
    } else if (externalId !== null) ids = mergeEntityIds(ids, { [UNNAMED + externalId]: "" });
  }
  return ids;
}

/** The join. Of very many entities the first by their keys are kept, in whatever order they come. */
export function mergeEntityIds(left: EntityIds, right: EntityIds): EntityIds {
  const [old, fresh] = [Object.keys(left), Object.keys(right)];
  if (fresh.length === 0) return left;
  if (old.length === 0 && fresh.length === 1) return right;
  // As it is most of the time.
  if (fresh.every((key) => key in left && (left[key] ?? "") >= (right[key] ?? ""))) return left;
  const keys = [...new Set([...old, ...fresh])].toSorted(byText).slice(0, ENTITY_IDS.most);
  const larger = (key: string) => {
    const [one, other] = [left[key] ?? "", right[key] ?? ""];
    return one >= other ? one : other;
  };
  return Object.fromEntries(keys.map((key) => [key, larger(key)]));
}

/** The entities, by token; an id without a token is left out where an entity with a token has it. */
export function entitiesIn(ids: EntityIds): readonly Entity[] {
  const named = new Set(Object.values(ids));
  return Object.entries(ids).flatMap(([key, id]): readonly Entity[] => {
    if (!key.startsWith(UNNAMED)) return [{ token: key, externalId: id === "" ? null : id }];
    const externalId = key.slice(UNNAMED.length);
    return named.has(externalId) ? [] : [{ token: null, externalId }];
  });
}

function byText(one: string, other: string): number {
  return one < other ? -1 : 1;
}
