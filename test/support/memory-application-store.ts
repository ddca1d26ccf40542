import { hasEnded, mergeState } from "../../lambdas/domain/application-state.ts";
import type { ApplicationState } from "../../lambdas/domain/application-state.ts";
import type { JourneyEvent } from "../../lambdas/domain/journey-event.ts";
import type {
  ApplicationStore,
  CheckRequest,
  EventRecord,
  FailureRecord,
} from "../../lambdas/domain/ports.ts";
import { TWIN_MS } from "../../lambdas/domain/reconciliation.ts";
import type { ToldEvent } from "../../lambdas/domain/twin.ts";

/** An application as the twin keeps it; times in epoch milliseconds. */
export interface KeptApplication {
  readonly state: ApplicationState;
  /** The next check; null when none is planned. */
  readonly dueAt: number | null;
  /** When the last check confirmed the end; null while the application is to be checked. */
  readonly settledAt: number | null;
}

/**
 * `ApplicationStore` in memory: the pure merge, and the rules of the `due` index, said as plainly as
 * can be. The DynamoDB adapter passes the same contract suite.
 */
export class MemoryApplicationStore implements ApplicationStore {
  readonly applications = new Map<string, KeptApplication>();
  readonly events = new Map<string, EventRecord>();
  readonly failures = new Map<string, FailureRecord>();

  async recordEvent(event: EventRecord): Promise<"recorded" | "known"> {
    if (this.events.has(event.eventId)) return "known";
    this.events.set(event.eventId, event);
    return "recorded";
  }

  async forgetEvent({ eventId }: JourneyEvent): Promise<void> {
    this.events.delete(eventId);
  }

  async eventsNear(event: JourneyEvent): Promise<readonly ToldEvent[]> {
    return [...this.events.values()].filter(
      (other) =>
        other.applicationToken === event.applicationToken &&
        Math.abs(other.at - event.at) <= TWIN_MS,
    );
  }

  async readState(applicationToken: string): Promise<ApplicationState | null> {
    return this.applications.get(applicationToken)?.state ?? null;
  }

  async mergeState(observation: ApplicationState, check: CheckRequest): Promise<ApplicationState> {
    const { applicationToken } = observation;
    const kept = this.applications.get(applicationToken);
    const state = kept === undefined ? observation : mergeState(kept.state, observation);
    this.applications.set(applicationToken, { state, ...checkAfter(kept, state, check) });
    return state;
  }

  async recordFailure(failure: FailureRecord): Promise<void> {
    this.failures.set(`${failure.applicationToken} ${failure.eventId}`, failure);
  }

  async clearFailure(applicationToken: string, eventId: string): Promise<void> {
    this.failures.delete(`${applicationToken} ${eventId}`);
  }
}

function checkAfter(
  kept: KeptApplication | undefined,
  state: ApplicationState,
  check: CheckRequest,
): Pick<KeptApplication, "dueAt" | "settledAt"> {
  if (check.when === "now") return { dueAt: check.dueAt, settledAt: null };
  if (kept === undefined) return { dueAt: check.dueAt, settledAt: null };
  // What is final and confirmed is checked no more, unless it is not final after all.
  if (kept.settledAt !== null && hasEnded(state)) {
    return { dueAt: kept.dueAt, settledAt: kept.settledAt };
  }
  return { dueAt: kept.dueAt ?? check.dueAt, settledAt: null };
}
