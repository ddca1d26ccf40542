declare module "dynalite/db/index.js" {
  interface Request {
    readonly ReturnValuesOnConditionCheckFailure?: string;
  }
  /** What the server answers a refused request with. */
  interface Refusal {
    readonly body: Record<string, unknown>;
  }
  /** The functions that dynalite's actions share; they call one another through this object. */
  const db: {
    /** @returns a refusal, or nothing when the condition holds. Called while the item is locked. */
    checkConditional: (request: Request, item: unknown) => Refusal | null | undefined;
  };
  export default db;
}

declare module "dynalite/validations/*" {
  /** The parameters that an action knows; it drops the others. */
  const validations: { readonly types: Record<string, unknown> };
  export default validations;
}
