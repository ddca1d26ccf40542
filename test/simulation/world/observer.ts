import { outcomeOf, statusOf } from "../../../lambdas/domain/application/application-state.ts";
import type { ApplicationState } from "../../../lambdas/domain/application/application-state.ts";
import type { DueApplication } from "../../../lambdas/domain/polling/polling-ports.ts";
import type { PublishedEvent } from "../../../lambdas/domain/routing/published-event.ts";
import { METRICS } from "../../../lambdas/settings/metrics.ts";
import { DECISION_ROUTE_ID } from "../../../lambdas/settings/routes.ts";
import type { MetricName } from "../../../lambdas/settings/metrics.ts";
import { timeOf } from "../../../lambdas/domain/application/stamp.ts";
import { DECISION_MARK } from "../scenario/decisions.ts";
import type { Version } from "../scenario/answers.ts";
import type { TrueApplication, TrueEvent } from "../scenario/application.ts";
import type { Invocation } from "../faults/sandbox.ts";

export const VIOLATION_KINDS = ["lost", "doubled", "regressed", "stuck", "overasked"] as const;

/** `leaked`: what a decision names stands where it may not; it is counted beside the decisions. */
export type ViolationKind = (typeof VIOLATION_KINDS)[number] | "leaked";

/** Something that broke a promise. */
export interface Violation {
  readonly kind: ViolationKind;
  readonly sentence: string;
}

/** A publication as the bus saw it. */
export interface Publication {
  readonly event: PublishedEvent;
  readonly at: number;
  readonly invocation: Invocation | null;
  /** When its own invocation put down that the effect was had; null: it did not. */
  rememberedAt: number | null;
}

/** How an application stood in the table, from then on. */
interface Standing {
  readonly at: number;
  readonly status: string | null;
  readonly outcome: string | null;
}

/** What was joined with an application, by how the application stood. */
export interface MergeSeen {
  readonly token: string;
  readonly at: number;
  /** A status that no event gave: by Alloy's own answer. */
  readonly isStated: boolean;
  /** Nothing but that there is such an application. */
  readonly isSubmission: boolean;
  readonly said: string | null;
  readonly before: string | null;
  readonly after: string | null;
}

/** What somebody sees who watches the cloud from outside: the queue, the table, the bus, the metrics. */
export class Observer {
  readonly violations: Violation[] = [];
  /** Without decisions. */
  readonly publications: Publication[] = [];
  /** Of the route `decided`. */
  readonly decisions: Publication[] = [];
  readonly publicationsOf = new Map<string, Publication[]>();
  readonly standings = new Map<string, Standing[]>();
  /** When Alloy was asked about an application, by its token. */
  readonly asks = new Map<string, number[]>();
  /** The longest that an application waited for a check that was due, milliseconds. */
  readonly waits = new Map<string, number>();
  readonly answers = new Map<string, { readonly at: number; readonly version: Version }[]>();
  /** When a person had an application forgotten. */
  readonly forgotten = new Map<string, number>();
  /** Since when the table has an application marked as a shadow one. */
  readonly shadows = new Map<string, number>();
  /** Who brought an event to its end, each time, by the messages that left the queue. */
  readonly brought: { readonly eventId: string; readonly origin: string }[] = [];
  readonly merges: MergeSeen[] = [];
  /** How an application stood before an end was joined with it for the first time, by the event's id. */
  readonly stoodBefore = new Map<string, Standing | null>();
  /** How often what happened of which nothing more is to be known. */
  readonly tallies = {
    forgotten: 0,
    bearers: 0,
    conflicts: 0,
    duplicates: 0,
    failures: 0,
    redriven: 0,
    decisionsTriedAgain: 0,
  };
  /** Which event each request of Alloy's was of, by its receipt; null: none. */
  readonly requests = new Map<string, TrueEvent | null>();
  /** Receipts of webhooks that the queue has accepted. */
  readonly queued = new Set<string>();
  /** What each invocation counted as dropped by configuration. */
  readonly #ignored = new Map<Invocation | null, number>();
  readonly #publicationsAbout = new Map<string | null, Publication[]>();
  readonly #now: () => number;
  readonly #mergedTimes = new Map<string, number[]>();
  readonly #overtaken = new Set<string>();
  readonly #ties = new Set<string>();

  /** When a check of an application began last. */
  readonly #lookedAt = new Map<string, number>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Alloy was asked about an application: each call counts, whatever comes of it. */
  asked(token: string): void {
    keep(this.asks, token, this.#now());
  }

  /**
   * Its check has begun, so long after it was due, or after the check before: where events are coming in, it stays due,
   * and each run looks at it.
   */
  claimed({ applicationToken, dueAt }: DueApplication): void {
    const waitedMs = this.#now() - Math.max(dueAt, this.#lookedAt.get(applicationToken) ?? 0);
    this.#lookedAt.set(applicationToken, this.#now());
    const before = this.waits.get(applicationToken) ?? 0;
    if (waitedMs > before) this.waits.set(applicationToken, waitedMs);
  }

  /** Alloy has answered, and said so much. */
  answered({ token }: TrueApplication, version: Version): void {
    keep(this.answers, token, { at: this.#now(), version });
  }

  violate(kind: ViolationKind, sentence: string): void {
    this.violations.push({ kind, sentence });
  }

  /** Somebody reads a log entry, or the dimensions of a metric. */
  read(place: string, entry: unknown): void {
    if (!JSON.stringify(entry).includes(DECISION_MARK)) return;
    this.violate("leaked", `${place} names a reason of a decision`);
  }

  published(event: PublishedEvent, invocation: Invocation | null): void {
    const publication = { event, at: this.#now(), invocation, rememberedAt: null };
    const isDecision = event.route === DECISION_ROUTE_ID;
    (isDecision ? this.decisions : this.publications).push(publication);
    if (!isDecision) keep(this.#publicationsAbout, event.applicationToken, publication);
    keep(this.publicationsOf, event.eventId, publication);
  }

  /** Of one application, without decisions: whoever judges each application must not search all of them. */
  publicationsAbout(applicationToken: string): readonly Publication[] {
    return this.#publicationsAbout.get(applicationToken) ?? [];
  }

  publicationsOfEvent({ ids }: Pick<TrueEvent, "ids">): readonly Publication[] {
    return ids.flatMap((id) => this.publicationsOf.get(id) ?? []);
  }

  hasPublished({ ids }: Pick<TrueEvent, "ids">): boolean {
    return ids.some((id) => this.publicationsOf.has(id));
  }

  remembered(eventId: string, invocation: Invocation | null): void {
    for (const publication of this.publicationsOf.get(eventId) ?? []) {
      if (publication.invocation === invocation) publication.rememberedAt ??= this.#now();
    }
  }

  merged(observation: ApplicationState, state: ApplicationState): void {
    const { applicationToken: token } = state;
    const standing = { at: this.#now(), status: statusOf(state), outcome: outcomeOf(state) };
    const standings = this.standings.get(token);
    const said = statusOf(observation);
    const isEvent = observation.lastEventAt !== null;
    this.merges.push({
      token,
      at: standing.at,
      isStated: !isEvent && said !== null,
      isSubmission: !isEvent && said === null,
      said,
      before: standings?.at(-1)?.status ?? null,
      after: standing.status,
    });
    const endId = idIn(observation.end?.stamp ?? "");
    if (endId !== null && !this.stoodBefore.has(endId)) {
      this.stoodBefore.set(endId, standings?.at(-1) ?? null);
    }
    keep(this.standings, token, standing);

    if (state.isShadow && !this.shadows.has(token)) this.shadows.set(token, this.#now());

    const answeredAt = observation.answer === null ? 0 : timeOf(observation.answer.stamp);
    const at = Math.max(observation.lastEventAt ?? 0, answeredAt);
    const times = this.#mergedTimes.get(token) ?? [];
    if (times.some((time) => time > at)) this.#overtaken.add(`${token} ${at}`);
    // The same event again is no other one; two of one millisecond are told apart by nothing here.
    if (times.includes(at) && observation.lastEventAt !== null) this.#ties.add(`${token} ${at}`);
    times.push(at);
    this.#mergedTimes.set(token, times);
  }

  /** Whether something newer of the application had been merged before an event of this time. */
  isOvertaken(token: string, at: number): boolean {
    return this.#overtaken.has(`${token} ${at}`) || this.#ties.has(`${token} ${at}`);
  }

  count(name: MetricName, value: number, invocation: Invocation | null): void {
    if (name !== METRICS.eventsIgnored) return;
    this.#ignored.set(invocation, this.ignoredIn(invocation) + value);
  }

  ignoredIn(invocation: Invocation | null): number {
    return this.#ignored.get(invocation) ?? 0;
  }
}

function keep<Name, Value>(kept: Map<Name, Value[]>, name: Name, value: Value): void {
  const values = kept.get(name);
  if (values === undefined) kept.set(name, [value]);
  else values.push(value);
}

/** The id of the event that a stamp is of; null: it is none's. */
function idIn(stamp: string): string | null {
  return stamp.split("#")[2] ?? null;
}
