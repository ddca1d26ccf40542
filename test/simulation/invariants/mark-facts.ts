import type { Version } from "../scenario/answers.ts";
import type { Seen } from "./seen.ts";
import type { MergeSeen } from "../world/observer.ts";
import type { TrueApplication, TrueEvent } from "../scenario/application.ts";

/** What marks are looked for in: the world's truth beside what its watchers saw of it. */
export interface Facts {
  readonly events: readonly EventFacts[];
  readonly ended: readonly {
    readonly application: TrueApplication;
    /** In the table, in the end. */
    readonly status: string | null;
    /** Whether the table had it final, and then open. */
    readonly wasReopened: boolean;
  }[];
  readonly merges: readonly MergeSeen[];
  readonly answered: readonly AnsweredOnce[];
  /** Somebody asked the API while it answered everything with one page. */
  readonly isRefusalMet: boolean;
  /** By what an application was known first: its submission, or an event before it. */
  readonly firstBy: ReadonlySet<string>;
  readonly republished: number;
}

interface EventFacts {
  readonly event: TrueEvent;
  /** Who brought it first; null: nobody. */
  readonly first: string | null;
  /** Who brought it again. */
  readonly later: ReadonlySet<string>;
  readonly isDelivered: boolean;
  readonly deliveries: number;
  readonly hasNeighbour: boolean;
  readonly hasOthersNeighbour: boolean;
}

export interface AnsweredOnce {
  readonly version: Version;
  /** The next answer about the same application. */
  readonly next: { readonly version: Version } | null;
}

const ALIAS_MS = 2_000;
const FINAL: readonly (string | null)[] = ["completed", "error", "expired"];

export function factsOf(seen: Seen, republished: number): Facts {
  const { scenario, observer } = seen;
  const { refusal } = scenario.api;
  return {
    events: eventFacts(seen),
    ended: scenario.applications.flatMap((application) => {
      const standings = observer.standings.get(application.token);
      // A tombstone has no status.
      if (standings === undefined || observer.forgotten.has(application.token)) return [];
      const end = standings.findIndex(({ status }) => FINAL.includes(status));
      const wasReopened =
        end !== -1 && standings.slice(end).some(({ status }) => !FINAL.includes(status));
      return [{ application, status: standings.at(-1)?.status ?? null, wasReopened }];
    }),
    merges: observer.merges,
    answered: [...observer.answers.values()].flatMap((answers) =>
      answers.map(({ version }, index) => ({ version, next: answers[index + 1] ?? null })),
    ),
    isRefusalMet:
      refusal !== null &&
      [...observer.asks.values()].some((times) =>
        times.some((at) => at >= refusal.from && at < refusal.until),
      ),
    firstBy: new Set(
      scenario.applications.flatMap(({ token, submission }) => {
        const first = observer.merges.find((merge) => merge.token === token);
        if (submission === null || first === undefined) return [];
        return [first.isSubmission ? "submission" : "event-announced"];
      }),
    ),
    republished,
  };
}

function eventFacts({ scenario, observer, deliveries }: Seen): readonly EventFacts[] {
  const broughtTo = new Map<TrueEvent, string[]>();
  for (const { eventId, origin } of observer.brought) {
    const event = scenario.eventOf(eventId);
    if (event === null) continue;
    const origins = broughtTo.get(event) ?? [];
    origins.push(origin);
    broughtTo.set(event, origins);
  }
  const sent = new Map<string, { readonly state: string }[]>();
  for (const delivery of deliveries.log) {
    const own = sent.get(delivery.eventToken) ?? [];
    own.push(delivery);
    sent.set(delivery.eventToken, own);
  }
  return scenario.events.map((event) => {
    const [first = null, ...later] = broughtTo.get(event) ?? [];
    const own = sent.get(event.name) ?? [];
    const near = neighboursOf(event);
    return {
      event,
      first,
      later: new Set(later),
      isDelivered: own.some(({ state }) => state === "delivered"),
      deliveries: (first === null ? 0 : 1) + later.length,
      hasNeighbour: near.length > 0,
      hasOthersNeighbour: near.some((other) => applicantOf(other) !== applicantOf(event)),
    };
  });
}

function neighboursOf(event: TrueEvent): readonly TrueEvent[] {
  const { application, type, at, order } = event;
  const near: TrueEvent[] = [];
  for (const step of [-1, 1]) {
    for (let index = order + step; ; index += step) {
      const other = application.events[index];
      if (other === undefined || Math.abs(other.at - at) > ALIAS_MS) break;
      if (other.type === type) near.push(other);
    }
  }
  return near;
}

function applicantOf({ told, listed }: TrueEvent): unknown {
  return told["entity_application_token"] ?? listed["entity_application_token"] ?? null;
}
