import * as v from "valibot";

import { TABLE } from "../../lambdas/settings/names.ts";

/** The keys of a table, and of its indexes. */
export interface TableKeys {
  readonly keys: readonly KeyAttribute[];
  readonly indexes: Readonly<Record<string, readonly KeyAttribute[]>>;
}

export interface KeyAttribute {
  readonly name: string;
  readonly type: "S" | "N" | "B";
  readonly kind: "hash" | "range";
}

const kindOfKey = { HASH: "hash", RANGE: "range" } as const;
const KeySchemaSchema = v.array(
  v.object({ AttributeName: v.string(), KeyType: v.picklist(["HASH", "RANGE"]) }),
);
const TableSchema = v.object({
  AttributeDefinitions: v.array(
    v.object({ AttributeName: v.string(), AttributeType: v.picklist(["S", "N", "B"]) }),
  ),
  KeySchema: KeySchemaSchema,
  GlobalSecondaryIndexes: v.optional(
    v.array(v.object({ IndexName: v.string(), KeySchema: KeySchemaSchema })),
    [],
  ),
});

/** The keys of a table, as CreateTable or a template describes it. */
export function keysOf(table: unknown): TableKeys {
  const { AttributeDefinitions, KeySchema, GlobalSecondaryIndexes } = v.parse(TableSchema, table);
  const types = new Map(
    AttributeDefinitions.map(({ AttributeName, AttributeType }) => [AttributeName, AttributeType]),
  );
  const keys = (schema: typeof KeySchema): readonly KeyAttribute[] =>
    schema.map(({ AttributeName: name, KeyType }) => ({
      name,
      type: types.get(name) ?? "S",
      kind: kindOfKey[KeyType],
    }));
  return {
    keys: keys(KeySchema),
    indexes: Object.fromEntries(
      GlobalSecondaryIndexes.map(({ IndexName, KeySchema }) => [IndexName, keys(KeySchema)]),
    ),
  };
}

/** The keys of `ApplicationTable`; a test holds them to the synthesised template. */
export const APPLICATION_TABLE_KEYS: TableKeys = {
  keys: [
    { name: "pk", type: "S", kind: "hash" },
    { name: "sk", type: "S", kind: "range" },
  ],
  indexes: {
    [TABLE.dueIndex]: [
      { name: "duePk", type: "S", kind: "hash" },
      { name: "dueAt", type: "N", kind: "range" },
    ],
    [TABLE.gapIndex]: [
      { name: "gapPk", type: "S", kind: "hash" },
      { name: "gapSince", type: "N", kind: "range" },
    ],
    [TABLE.externalIndex]: [{ name: "externalId", type: "S", kind: "hash" }],
  },
};

/** The keys of `IdempotencyTable`. */
export const IDEMPOTENCY_TABLE_KEYS: TableKeys = {
  keys: [{ name: "id", type: "S", kind: "hash" }],
  indexes: {},
};

/** A request is for the one table or the other: their keys have no name in common. */
export function keysFor(attributes: Readonly<Record<string, unknown>>): TableKeys {
  return "id" in attributes ? IDEMPOTENCY_TABLE_KEYS : APPLICATION_TABLE_KEYS;
}
