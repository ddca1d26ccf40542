import type { ApplicationState } from "../application/application-state.ts";
import type { RouteId } from "../../settings/routes.ts";
import type { KnownApplication } from "../polling/polling-ports.ts";
import type { Effects } from "./statement.ts";

/** What a statement is made from. What is read grows with what is open, never with what is stored. */
export interface StatementSources {
  /** Tokens of the applications that no check has settled: whatever moved within a day is among them. */
  unsettled(): Promise<readonly string[]>;
  /** Null when it is gone. */
  look(applicationToken: string): Promise<KnownApplication | null>;
  /** Events that were received in this time and whose route is one of these. */
  effects(
    application: Pick<ApplicationState, "applicationToken" | "effects">,
    received: {
      readonly from: number;
      readonly until: number;
      readonly routes: readonly RouteId[];
    },
  ): Promise<Effects>;
}

/** Where statements are kept. Nobody can change or remove one. */
export interface StatementArchive {
  /** The text of the newest one before this day; null: there is none. */
  newestBefore(day: string): Promise<string | null>;
  has(day: string): Promise<boolean>;
  /** @returns false when there is one already, which stays. */
  keep(day: string, text: string): Promise<boolean>;
}

/** Over a SHA-256 digest. */
export interface StatementSigner {
  sign(digest: Uint8Array): Promise<{
    readonly keyId: string;
    readonly algorithm: string;
    readonly value: Uint8Array;
  }>;
}
