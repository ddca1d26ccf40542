import type { LimitName } from "./limits.ts";

/** What a limit is held against: a row of `LIMITS`, or a rule about contents that has no number. */
export type Rule = LimitName | "emptyKey" | "keyType" | "characters" | "notJson" | "parameter";

/** A call, or an entry of one, that AWS would not take; `name` and `message` are as AWS has them. */
export class LimitRefusal extends Error {
  override readonly name: string;
  readonly rule: Rule;
  /** As the SDK marks what the caller did wrong: it is not tried again. */
  readonly $fault = "client";
  readonly $metadata = { httpStatusCode: 400, attempts: 1, totalRetryDelay: 0 };

  constructor(rule: Rule, name: string, message: string) {
    super(message);
    this.rule = rule;
    this.name = name;
  }
}
