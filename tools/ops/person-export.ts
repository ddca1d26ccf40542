import type { StoredItem } from "./person.ts";

/** Everything that is stored about the applications of a person. */
export interface PersonExport {
  readonly version: 1;
  readonly stack: string;
  /** ISO 8601. */
  readonly exportedAt: string;
  readonly applications: readonly ExportedApplication[];
  readonly deadLetters: readonly ExportedLetter[];
  /** Webhooks of no application that name the person. */
  readonly unsupportedWebhooks: readonly StoredItem[];
  /** How many steps of Investigations name the person; they are not exported. */
  readonly investigations: number;
  /** Where else data of the person may lie, and how long. */
  readonly elsewhere: readonly {
    readonly place: string;
    readonly holds: string;
    readonly keeps: string;
  }[];
}

export interface ExportedApplication {
  readonly token: string;
  readonly legalHold: { readonly since: number; readonly reason: string } | null;
  readonly state: StoredItem | null;
  /** Events, applicants, marks and failure records, with their bodies as text. */
  readonly items: readonly StoredItem[];
}

export interface ExportedLetter {
  /** Epoch milliseconds. */
  readonly sentAt: number;
  readonly reason: string | null;
  readonly message: string;
  readonly payload: string | null;
}
