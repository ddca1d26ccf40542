import { outcomeOf, statusOf } from "../../lambdas/domain/application/application-state.ts";
import type { EventRecord, FailureRecord } from "../../lambdas/domain/ports.ts";
import type { KeptApplication } from "../cloud-in-memory/application-table.ts";
import type { MemoryCloud } from "../cloud-in-memory/cloud.ts";
import { OperatorError } from "../ops/operator-error.ts";
import type { StoredApplication } from "../ops/application.ts";
import { groupLetters, readLetterOfQueue } from "./letters.ts";
import { needsBy } from "./needs.ts";
import type { ConsoleSource } from "./source.ts";

/** What is in memory costs nothing to look at. */
const PACE_MS = 1_000;

/** The handlers in this process, over a cloud in memory. Alarms are evaluated nowhere in it. */
export function makeMemorySource(cloud: MemoryCloud, stage: string): ConsoleSource {
  const { applications: table } = cloud;
  return {
    stage,
    paceMs: PACE_MS,
    async needs() {
      const gaps = [...table.applications]
        .flatMap(([token, { gap }]) =>
          gap === null ? [] : [{ token, stage: gap.stage, since: gap.since }],
        )
        .toSorted((one, other) => one.since - other.since);
      const letters = await Promise.all(cloud.deadLetters.messages().map(readLetterOfQueue));
      return needsBy({
        items: [],
        gaps,
        furtherGaps: 0,
        deadLettered: letters.length,
        deadLetters: groupLetters(letters),
        waiting: cloud.events.messages().length,
        unread: ["Nothing evaluates alarms in one process."],
      });
    },
    list: async () =>
      [...table.applications].map(([token, kept]) => ({ token, rank: rankOf(kept) })),
    read: async (token) => storedIn(cloud, token),
    async find(text) {
      const found = [...table.applications].filter(
        ([token, { state }]) =>
          token === text || Object.values(state.externalIds).some((id) => id === text),
      );
      if (found.length > 0) return found.map(([token]) => token);
      throw new OperatorError(`Neither a token nor an external id of an application: "${text}".`);
    },
  };
}

/** Those in gap first, then what changed last. */
function rankOf({ state, gap }: KeptApplication): number {
  const changedAt = Math.max(state.lastEventAt ?? 0, state.submittedAt ?? 0);
  return gap === null ? changedAt : changedAt + Number.MAX_SAFE_INTEGER / 2;
}

/** As the table would hold it (`readApplication`). */
function storedIn({ applications: table }: MemoryCloud, token: string): StoredApplication {
  const kept = table.applications.get(token);
  const isIts = (one: { readonly applicationToken: string | null }) =>
    one.applicationToken === token;
  const events = table.eventsInOrder(token).map(eventIn);
  if (kept === undefined && events.length === 0) {
    throw new OperatorError(`The application ${token} is unknown here.`);
  }
  return {
    token,
    state: kept === undefined ? undefined : stateIn(kept),
    events,
    failures: [...table.failures.values()].filter(isIts).map(failureIn),
    unreadable: [],
  };
}

function eventIn({ at, outcome, ...event }: EventRecord): StoredApplication["events"][number] {
  const { eventId, type, receivedAt, origin, route, isWithheld } = event;
  const stored = { eventId, type, eventAt: at, receivedAt, origin, route, isWithheld };
  return outcome === null ? stored : { ...stored, outcome };
}

function failureIn({ eventId, eventType, reason, failedAt, deadLettered }: FailureRecord) {
  return { eventId, eventType, reason, failedAt, deadLettered };
}

function stateIn({ state, dueAt, settledAt, gap }: KeptApplication) {
  const { journeyName, journeyToken, environment, submittedAt, lastEventAt } = state;
  const { forgottenAt, adopted, isShadow, effects } = state;
  return {
    journeyName,
    journeyToken,
    environment,
    submittedAt,
    lastEventAt,
    forgottenAt,
    adopted,
    isShadow,
    status: statusOf(state),
    outcome: outcomeOf(state),
    effects: effects.ids,
    effectsApart: effects.apart,
    stated: state.answer,
    dueAt,
    settledAt,
    gap,
  };
}
