import type { Attention } from "../ops/health-schema.ts";
import type { Timeline } from "../ops/timeline-schema.ts";

/** What the page gets from its server, as JSON. Neither bodies nor external ids are in it (docs/console.md). */

/** How an event came, or that it did not. */
export const DOT_KINDS = [
  "received",
  "retried",
  "healed",
  "late",
  "replayed",
  "missing",
  "failing",
  "dead-lettered",
] as const;

export type DotKind = (typeof DOT_KINDS)[number];

/** One event of an application on the time axis; times in epoch milliseconds. */
export interface Dot {
  readonly eventId: string;
  readonly type: string;
  readonly kind: DotKind;
  /** When it happened at Alloy. */
  readonly at: number;
  /** When it reached us, or failed last; null: it is missing. */
  readonly cameAt: number | null;
}

/** How an application stands at Alloy, as far as this machine can know. */
export interface StandingAtAlloy {
  /** `asked`: what Alloy says now. `compared`: what the poller's last comparison left. */
  readonly from: "asked" | "compared";
  readonly text: string;
  /** Null: nobody has compared yet. */
  readonly agrees: boolean | null;
}

/** One application of the list. */
export interface Row {
  readonly token: string;
  readonly journey: string | null;
  readonly here: string;
  readonly atAlloy: StandingAtAlloy;
  readonly gap: { readonly stage: string; readonly since: number } | null;
  readonly dots: readonly Dot[];
  /** Why it could not be read; null: it was. */
  readonly unread: string | null;
}

/** Some applications of the list, in its order. */
export interface RowPage {
  readonly total: number;
  readonly offset: number;
  readonly rows: readonly Row[];
}

/** The chosen application, as `ops show` reports it. */
export interface Chosen {
  readonly timeline: Timeline;
  readonly atAlloy: StandingAtAlloy;
  readonly dots: readonly Dot[];
}

export interface GapEntry {
  readonly token: string;
  readonly stage: string;
  readonly since: number;
}

/** Dead letters that have one reason. */
export interface DeadLetterGroup {
  readonly reason: string;
  readonly count: number;
  readonly oldestAt: number | null;
  /** Of the applications that they name, the first few. */
  readonly tokens: readonly string[];
}

/** What needs a person. */
export interface Needs {
  readonly isHealthy: boolean;
  readonly why: string;
  readonly items: readonly Attention[];
  readonly gaps: readonly GapEntry[];
  readonly gapCount: number;
  readonly deadLetters: readonly DeadLetterGroup[];
  /** What could not be read, a sentence each. */
  readonly unread: readonly string[];
}

/** All that the page shows beside the list and the chosen application. */
export interface Overview {
  readonly stage: string;
  /** By the server's clock: the time axis ends there. */
  readonly now: number;
  /** How often the page may ask again, in milliseconds. */
  readonly paceMs: number;
  readonly canWrite: boolean;
  /** Whether it can act on the chosen application. */
  readonly hasVerbs: boolean;
  readonly applications: number;
  readonly needs: Needs;
  /** Null: it is no stack of `npm start` with a simulated Alloy. */
  readonly laptop: LaptopView | null;
}

export interface FaultView {
  readonly id: string;
  readonly title: string;
  readonly explains: string;
  readonly isOn: boolean;
}

export interface LaptopView {
  readonly faults: readonly FaultView[];
  readonly failuresInARow: number;
}

export interface ScenarioView {
  readonly name: string;
  readonly title: string;
  readonly story: string;
}

/** What an application can be composed of. */
export interface Composable {
  readonly scenarios: readonly ScenarioView[];
  readonly steps: readonly ComposableStep[];
}

/** A step that a person can choose for a composed application. */
export interface ComposableStep {
  readonly id: string;
  readonly title: string;
}
