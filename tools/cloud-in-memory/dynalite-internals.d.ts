declare module "dynalite/db/index.js" {
  interface Request {
    readonly ReturnValuesOnConditionCheckFailure?: string;
  }
  /** What the server answers a refused request with. */
  interface Refusal {
    readonly body: Record<string, unknown>;
  }
  type Item = Readonly<Record<string, unknown>>;
  type Encodings = { readonly keyEncoding: "buffer"; readonly valueEncoding: "buffer" };
  export interface Entry extends Encodings {
    readonly type: "put";
    readonly key: Buffer;
    readonly value: Buffer;
  }
  /** The items of a table, or the entries of an index. */
  export interface Rows {
    batch(
      puts: readonly { readonly type: "put"; readonly key: string; readonly value: object }[],
      done: (error: Error | null) => void,
    ): void;
  }
  export interface Store {
    /** A database of `level`, with one callback more in some places. */
    readonly db: {
      iterator(encodings: Encodings): { all(): Promise<(readonly [Buffer, Buffer])[]> };
      batch(entries: readonly Entry[]): Promise<void>;
      close(): Promise<void>;
    };
    getTable(name: string, done: (refusal: Error | null, table?: Table) => void): void;
    getItemDb(table: string): Rows;
    getIndexDb(kind: "Global", table: string, index: string): Rows;
  }
  interface Index {
    readonly KeySchema: readonly { readonly AttributeName: string }[];
  }
  export interface Table {
    readonly GlobalSecondaryIndexes?: readonly Index[];
  }
  /** The functions that dynalite's actions share; they call one another through this object. */
  const db: {
    /** Called for each server. */
    create: (options: object) => Store;
    /** @returns a refusal, or nothing when the condition holds. Called while the item is locked. */
    checkConditional: (request: Request, item: Item | undefined) => Refusal | null | undefined;
    /** Called for every write, with the item before and after it. */
    updateIndexes: (
      store: unknown,
      table: Table,
      before: Item | undefined | null,
      after: Item | undefined | null,
      done: unknown,
    ) => void;
    /** @returns a refusal, or nothing. */
    validateItem: (item: Item, table: Table) => Error | null | undefined;
    createKey: (item: Item, table: Table) => string;
    /** What an item in the place of another one changes in the indexes. */
    getIndexActions: (
      indexes: readonly Index[],
      before: Item | null,
      after: Item,
      table: Table,
    ) => {
      readonly puts: readonly {
        readonly index: string;
        readonly key: string;
        readonly item: object;
      }[];
    };
    /** In bytes, as DynamoDB counts them. */
    itemSize: (item: Item) => number;
  };
  export default db;
}

declare module "dynalite/validations/index.js" {
  import type { Store } from "dynalite/db/index.js";

  export type Data = Readonly<Record<string, unknown>>;
  /** Of an action. */
  export interface Validations {
    /** The parameters that it knows; it drops the others. */
    readonly types: Record<string, unknown>;
    readonly custom?: unknown;
  }
  const validations: {
    /** Both throw what the server answers a refused request with. */
    checkTypes: (data: unknown, types: Validations["types"]) => Data;
    checkValidations: (
      data: Data,
      types: Validations["types"],
      custom: Validations["custom"],
      store: Store,
    ) => void;
  };
  export default validations;
}

declare module "dynalite/validations/*" {
  import type { Validations } from "dynalite/validations/index.js";

  const validations: Validations;
  export default validations;
}

declare module "dynalite/db/*Parser.js" {
  /** The value of each placeholder, as `{ S: "text" }`. */
  export type Values = Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Of one request. A parser takes out of what is unused what its expression uses. */
  export interface Context {
    readonly attrNames?: Readonly<Record<string, string>> | undefined;
    readonly attrVals?: Values | undefined;
    unusedAttrNames: Record<string, true>;
    unusedAttrVals: Record<string, true>;
  }
  export interface Parser {
    /**
     * The others call it through this object.
     *
     * @returns the tree of what it read, or a refusal.
     * @throws Error when it cannot read it.
     */
    parse: (expression: string, options: { readonly context: Context }) => unknown;
  }
  const parser: Parser;
  export default parser;
}
