import type { StoredApplication } from "../ops/application.ts";
import type { Needs } from "./view.ts";

/** One application of the list, without what is stored of it. */
export interface Listed {
  readonly token: string;
  /** The larger, the higher in the list. */
  readonly rank: number;
}

/** Where the console reads. */
export interface ConsoleSource {
  readonly stage: string;
  /** How often what it shows is worth asking for again, in milliseconds. */
  readonly paceMs: number;
  needs(): Promise<Needs>;
  /** Every application that it lists; those in gap say so by their rank. No item is read for it. */
  list(): Promise<readonly Listed[]>;
  /**
   * What is stored of one, without bodies and external ids.
   *
   * @param depth - `whole`: with the idempotency records, which say when the bus had each event.
   * @throws OperatorError when it is unknown.
   */
  read(token: string, depth: "row" | "whole"): Promise<StoredApplication>;
  /** The applications that a token, or an id of the client's, leads to. @throws OperatorError when it leads nowhere. */
  find(text: string): Promise<readonly string[]>;
}

/** Alloy, where it can be asked. */
export interface AlloySide {
  /** Null: it does not know the application. */
  standing(token: string): { readonly status: string; readonly outcome: string | null } | null;
  /** How many attempts the event's webhook took; null: no webhook of it was sent. */
  attempts(token: string, type: string, at: number): number | null;
}
