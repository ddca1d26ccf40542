import type { ConsumerSettings } from "../../../lambdas/settings/consumer-settings.ts";
import type { RouteId } from "../../../lambdas/settings/routes.ts";
import type { Knobs } from "./knobs.ts";
import type { ScenarioApi } from "./api.ts";
import type { TrueApplication, TrueEvent } from "./application.ts";
import type { TrueInvestigation } from "./investigations.ts";
import type { Post } from "./posts.ts";

/** What happens at Alloy in one world, whatever becomes of it here: nothing in it depends on a fault. */
export interface Scenario {
  readonly seed: number;
  readonly applications: readonly TrueApplication[];
  /** In what it is unlike the usual. */
  readonly knobs: Knobs;
  /** All events, in the order of their time. */
  readonly events: readonly TrueEvent[];
  /** By one of its ids; null: Alloy has no such event. */
  readonly eventOf: (eventId: string) => TrueEvent | null;
  /** Null: Alloy has no such application. */
  readonly applicationOf: (token: string) => TrueApplication | null;
  /** What people call an event or an application, by its id or token. */
  readonly nameOf: (id: string) => string;
  /** What Alloy sends besides. */
  readonly posts: readonly Post[];
  /** None where the stage does not handle them. */
  readonly investigations: readonly TrueInvestigation[];
  readonly settings: ConsumerSettings;
  /** By how much an application is checked less and less often. */
  readonly growth: number;
  /** How Alloy proves itself. */
  readonly auth: "basic" | "hmac";
  /** How Alloy's API answers, whatever it is asked. */
  readonly api: ScenarioApi;
  /** When the credential changes: add the new one, switch Alloy, remove the old one; null: it does not. */
  readonly rotation: {
    readonly addAt: number;
    readonly switchAt: number;
    readonly removeAt: number;
  } | null;
  /** The bus takes nothing of it; null: it takes all. */
  readonly deadRoute: RouteId | null;
  /** When the release before ends, and what it had made of each event until then; null: there was none. */
  readonly upgrade: Upgrade | null;
  /** When the last of it happens. */
  readonly endAt: number;
}

/**
 * What the release had made of an event: recorded, merged and told it, by its webhook or by its poller; put it into the
 * queue, as a webhook or as an event to heal; or nothing.
 */
export interface Fate {
  readonly kind: "told" | "healed" | "queued" | "heal-queued" | "missed";
  /** When its webhook comes to the code as it is, for the first time or again; null: never. */
  readonly webhookAt: number | null;
}

export interface Upgrade {
  readonly at: number;
  /** Of the events before it. */
  readonly fates: ReadonlyMap<TrueEvent, Fate>;
}
