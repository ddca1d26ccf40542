import type { RouteId } from "../../../lambdas/settings/routes.ts";
import type { Occurrence } from "../../../tools/alloy-simulator/application.ts";
import type { Random } from "../../../tools/cloud-in-memory/random.ts";
import { HOUR, MINUTE, SECOND } from "../../../tools/cloud-in-memory/clock.ts";

/** What an event does, by docs/contracts.md#published-event and docs/contracts.md#stored-items, said here anew: the code under test must find the same. */
export interface Step {
  readonly occurrence: Occurrence;
  /** Since the step before. */
  readonly gapMs: number;
  readonly route: RouteId;
  /** Published however late it comes: an end, or a reopening. */
  readonly isAlwaysNews: boolean;
  /** What Alloy itself has in the end, where the event does not say it. */
  readonly atAlloy?: { readonly outcome: string | null } | undefined;
  /** Alloy's application stays as it was. */
  readonly isIgnoredByAlloy?: boolean | undefined;
  /** That the application moved is Alloy's to say: the event alone does not tell. */
  readonly isAlloysAlone?: boolean | undefined;
  /** Whether the event itself is published is not settled: what Alloy says of it must be told, somehow. */
  readonly mayBeSilent?: boolean | undefined;
}

/** Somebody runs an application again so long after its last event. */
export const RERUN_AFTER_MS = 5 * MINUTE;

/** Most things follow at once; some wait for a person. */
function gap(random: Random): number {
  const roll = random.next();
  if (roll < 0.3) return random.between(1, 40);
  if (roll < 0.6) return random.between(100, 3 * SECOND);
  if (roll < 0.8) return random.between(3 * SECOND, 2 * MINUTE);
  if (roll < 0.97) return random.between(2 * MINUTE, 30 * MINUTE);
  return random.between(1 * HOUR, 9 * HOUR);
}

export type Change = Partial<Omit<Step, "occurrence">> & Omit<Occurrence, "event">;

/** The steps of one application, from its beginning to wherever it gets. */
export class Steps {
  readonly all: Step[] = [];
  readonly #random: Random;
  readonly #hasDetours: boolean;
  #lastApplicant = "";

  /** @param hasDetours - whether the Journey has nodes for reviews, documents and actions. */
  constructor(random: Random, hasDetours: boolean) {
    this.#random = random;
    this.#hasDetours = hasDetours;
  }

  add(event: string, route: RouteId, change: Change = {}): void {
    const { gapMs = gap(this.#random), isAlwaysNews = false, ...rest } = change;
    const { atAlloy, isIgnoredByAlloy, isAlloysAlone, mayBeSilent, ...occurrence } = rest;
    const atAlloys = { atAlloy, isIgnoredByAlloy, isAlloysAlone, mayBeSilent };
    this.all.push({
      occurrence: { event, ...occurrence },
      gapMs,
      route,
      isAlwaysNews,
      ...atAlloys,
    });
  }

  begin(): void {
    this.add("started_application", "progressed", { status: "running", gapMs: 0 });
  }

  /** One applicant's way. */
  applicant(entity: string): void {
    const random = this.#random;
    this.#lastApplicant = entity;
    if (random.chance(0.15)) this.add("visited_node", "progressed", { entity, node: "start" });
    const first = this.all.length === 1 && random.chance(0.4) ? { gapMs: 0 } : {};
    const identity = { entity, node: "identity", status: "running" } as const;
    this.add("started_evaluation", "progressed", { ...identity, ...first });
    if (random.chance(0.12)) this.add("invented_tomorrow", "unrecognised", { entity });
    if (random.chance(0.4)) this.add("completed_evaluation", "progressed", identity);
    if (this.#hasDetours && random.chance(0.5)) this.#detour(entity);
  }

  #detour(entity: string): void {
    const random = this.#random;
    const running = { entity, status: "running" } as const;
    // Alloy raises several events in one millisecond: waiting comes after running.
    const first = random.chance(0.25) ? { gapMs: 0 } : {};
    random.pick([
      () => {
        const review = { entity, node: "review" };
        const waiting = { ...review, ...first, status: "waiting_review" } as const;
        this.add("pending_review", "manual-review", waiting);
        if (random.chance(0.7))
          this.add("completed_review", "progressed", { ...running, ...review });
      },
      () => {
        const documents = { entity, node: "documents" };
        const waiting = { ...documents, ...first, status: "pending_step_up" } as const;
        this.add("pending_step_up", "needs-action", waiting);
        const done = { ...running, ...documents };
        if (random.chance(0.7)) this.add("completed_evaluation", "progressed", done);
      },
      () => {
        const action = { entity, node: "action" };
        this.add("pending_action", "needs-action", { ...action, status: "pending_action" });
        if (random.chance(0.7))
          this.add("completed_action", "progressed", { ...running, ...action });
      },
      () => {
        this.add("data_request_evaluation", "needs-action", { entity, status: "data_request" });
        this.add("started_evaluation", "progressed", { ...running, node: "identity" });
      },
      () => {
        const vendor = { entity, node: "identity", status: "pending_workflow_service" } as const;
        this.add("pending_workflow_service", "progressed", vendor);
      },
      () => {
        // Two events that look like one, but are two.
        this.add("reached_retry_node", "progressed", running);
        this.add("reached_retry_node", "progressed", {
          ...running,
          gapMs: random.between(1, 1_900),
        });
      },
    ])();
  }

  /** @returns whether it has ended. */
  end(): boolean {
    const random = this.#random;
    const roll = random.next();
    if (roll < 0.2) return false;
    if (roll < 0.28) {
      this.add("error", "errored", { status: "error", isAlwaysNews: true });
    } else if (roll < 0.35) {
      this.add("application_expired", "expired", { status: "expired", isAlwaysNews: true });
    } else {
      this.#complete();
    }
    if (random.chance(0.15)) this.#afterEnd();
    return true;
  }

  #complete(): void {
    const [route, end] = this.#random.pick<readonly [RouteId, Change]>([
      ["approved", { outcome: "Approved" }],
      ["approved", { outcome: "approved" }],
      ["denied", { outcome: "Denied" }],
      ["completed", { outcome: "Needs Documents" }],
      ["completed", {}],
      ["completed", { atAlloy: { outcome: "Approved" } }],
    ]);
    const ends = { status: "completed", isAlwaysNews: true } as const;
    this.add("completed_application", route, { ...ends, ...end });
  }

  #afterEnd(): void {
    this.#random.pick([
      () => this.add("application_archived", "progressed"),
      // Old news of one applicant: the application stays as it is.
      () => this.add("completed_branch", "progressed", { entity: this.#lastApplicant }),
      () => {
        this.add("application_archived", "progressed");
        this.add("application_unarchived", "progressed", { isAlwaysNews: true });
      },
      () => {
        const again = { status: "running", isAlwaysNews: true } as const;
        this.add("journey_application_retriggered", "progressed", again);
        if (this.#random.chance(0.7)) this.#complete();
      },
    ])();
  }

  rerun(rerunToken: string): void {
    const change = { rerunToken, isAlwaysNews: true, gapMs: RERUN_AFTER_MS };
    this.add("started_rerun_application", "superseded", change);
  }
}
