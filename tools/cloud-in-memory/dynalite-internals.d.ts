declare module "dynalite/db/index.js" {
  interface Request {
    readonly ReturnValuesOnConditionCheckFailure?: string;
  }
  /** What the server answers a refused request with. */
  interface Refusal {
    readonly body: Record<string, unknown>;
  }
  type Item = Readonly<Record<string, unknown>>;
  interface Table {
    readonly GlobalSecondaryIndexes?: readonly {
      readonly KeySchema: readonly { readonly AttributeName: string }[];
    }[];
  }
  /** The functions that dynalite's actions share; they call one another through this object. */
  const db: {
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
    /** In bytes, as DynamoDB counts them. */
    itemSize: (item: Item) => number;
  };
  export default db;
}

declare module "dynalite/validations/*" {
  /** The parameters that an action knows; it drops the others. */
  const validations: { readonly types: Record<string, unknown> };
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
