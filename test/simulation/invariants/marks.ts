import { isDeepStrictEqual } from "node:util";

import { isPlausible } from "../../../lambdas/domain/event/plausible-time.ts";
import { ENDS, FINAL, routeOfEnd } from "../scenario/expectations.ts";
import type { TrueApplication, TrueEvent } from "../scenario/application.ts";
import type { Knob, KnobChoice } from "../scenario/knobs.ts";
import type { Scenario } from "../scenario/scenario-type.ts";
import type { MergeSeen, Publication } from "../world/observer.ts";
import { answersSeen, endedOf, eventFacts } from "./mark-facts.ts";
import type { AnswerSeen, Ended, EventFacts } from "./mark-facts.ts";
import { isDelivered } from "./seen.ts";
import type { Seen } from "./seen.ts";

/*
 * Which states the worlds come to, by what the world's own truth and its watchers saw. A fault that happens where
 * nothing stands on it shows nothing: a run must have been in all of these.
 */

/** Whether a world has been there, by one of its events, of its answers, … */
type Reached<One> = ((one: One, seen: Seen) => boolean) & { readonly needs?: Knob };

type Marks<One> = Readonly<Record<string, Reached<One>>>;

/** By name: what no world comes to without this knob. */
function under<One>(needs: Knob, reached: (one: One, seen: Seen) => boolean): Reached<One> {
  return Object.assign(reached, { needs });
}

const OF_EVENTS: Marks<EventFacts> = {
  // One event and its two reports.
  "a poller's copy came before its webhook": ({ isHealedFirst }) => isHealedFirst,
  "a poller's copy came after its webhook": ({ first, later }) =>
    first === "webhook" && later.has("poll"),
  "an event came by the poller alone": ({ isByPollerAlone }) => isByPollerAlone,
  "an application that nobody had announced missed an event, and it was healed": ({
    event,
    isByPollerAlone,
  }) => event.application.submission === null && isByPollerAlone,
  "a webhook of a healed event came with another identity": ({ event, isHealedFirst }) =>
    isHealedFirst && event.ids.length > 1,
  "a healed end met its webhook": ({ event, isHealedFirst }) =>
    isHealedFirst && ENDS.includes(event.type),
  "an event was reported more than twice": ({ deliveries }) => deliveries > 2,
  "two reports of one event differed, and it was published once": (
    { event, isDelivered, later },
    { observer },
  ) =>
    isDelivered &&
    later.size > 0 &&
    event.ids.length > 1 &&
    observer.publicationsOfEvent(event).length === 1,
  "two events of one type came within two seconds": ({ hasNeighbour }) => hasNeighbour,
  "two applicants' events of one type came within two seconds": ({ hasOthersNeighbour }) =>
    hasOthersNeighbour,
  "a late event was recorded, and not published": ({ event, first }, { observer }) =>
    first !== null &&
    event.times.some((at) => observer.isOvertaken(event.application.token, at)) &&
    !observer.hasPublished(event),
  "an event of a shadow application was kept back": ({ event, first }, { observer }) =>
    first !== null &&
    event.application.isShadow &&
    event.isAlwaysNews &&
    !observer.hasPublished(event),
  "an event was replayed after it had had its effect": ({ later }) => later.has("replay"),

  // What the release before left behind.
  "a webhook came again whose event the release before had told": under(
    "previous-release",
    ({ event, isDelivered }, { scenario }) => isDelivered && fateOf(event, scenario) === "told",
  ),
  "a webhook came for what the release before had healed": under(
    "previous-release",
    ({ event, isDelivered }, { scenario }) => isDelivered && fateOf(event, scenario) === "healed",
  ),
  "a message of the release before had its effect": under(
    "previous-release",
    ({ event }, { scenario, observer }) =>
      fateOf(event, scenario)?.endsWith("queued") === true && observer.hasPublished(event),
  ),
  "what the release before had missed was healed": under(
    "previous-release",
    ({ event, first }, { scenario }) => first === "poll" && fateOf(event, scenario) === "missed",
  ),

  // Spellings.
  "a webhook of another environment was recorded": under(
    "other-environment",
    ({ event, first }) => event.application.isForeign && first !== null,
  ),
  "a webhook's envelope was of a type that nobody documents": under(
    "odd-family",
    ({ event, first }) =>
      first === "webhook" && event.family?.startsWith("update:journeyapplications:") !== true,
  ),
  "a webhook's time was no number of milliseconds": under(
    "odd-times",
    ({ event, first }) => first !== null && event.told["timestamp"] !== event.times[0],
  ),
};

const OF_PUBLICATIONS: Marks<Publication> = {
  "a late event was published as one": ({ event }) => event.late && !ENDS.includes(event.eventType),
  "a late end was published as one": ({ event }) => event.late && ENDS.includes(event.eventType),
  "a correction was published": ({ event }) => event.eventType === "snapshot",
  "a correction brought the outcome of an end that named none": ({ event }) =>
    event.eventType === "snapshot" && event.outcome !== null,
  "the API had refused our key, and webhooks had their effects": under(
    "revoked-key",
    ({ at }, { scenario }) => at > scenario.api.revokedAt,
  ),
  "an item was damaged, and another application went on": under(
    "damaged-item",
    ({ at }, { scenario }) => scenario.applications.some(({ damagedAt }) => at > damagedAt),
  ),
  "a route was dead, and another one was told": under(
    "dead-route",
    (_, { scenario, cloud }) =>
      scenario.deadRoute !== null && cloud.deadLetters.messages().length > 0,
  ),
};

/** What is published of decisions. */
const OF_DECISIONS: Marks<Publication> = {
  "a changed decision named the one before it": under("decision", ({ event }) =>
    Boolean(event.decision?.previous),
  ),
  "a decision came back after a reopening": under("decision", (one, { observer }) => {
    const { decision, status, outcome } = one.event;
    const [before] = observer.publicationsOf.get(decision?.previous ?? "") ?? [];
    const { outcomeReasons } = before?.event.decision ?? {};
    return (
      before?.event.status === status &&
      before.event.outcome === outcome &&
      isDeepStrictEqual(outcomeReasons, decision?.outcomeReasons)
    );
  }),
  "a rerun was decided beside its original": under(
    "decision",
    ({ event }, { scenario, observer }) => {
      const { rerunOf = null } = scenario.applicationOf(event.applicationToken ?? "") ?? {};
      return (
        rerunOf !== null && observer.decisions.some((one) => one.event.applicationToken === rerunOf)
      );
    },
  ),
  "the webhook of an end was lost, and its decision was published": under(
    "decision",
    ({ event: { applicationToken } }, seen) =>
      seen.scenario.events.some(
        (event) =>
          event.application.token === applicationToken &&
          ENDS.includes(event.type) &&
          !isDelivered(event.name, seen),
      ),
  ),
  "a decision was published after the next one had been taken": under(
    "decision",
    ({ event }) => event.late,
  ),
  "a decision was published twice behind a fault": under(
    "decision",
    (one, { observer }) => observer.publicationsOf.get(one.event.eventId)?.[0] !== one,
  ),
  "Alloy left a decision out, and it was published as there is none": under(
    "decision",
    ({ event: { decision } }) => decision?.outcomeReasons === null,
  ),
};

const OF_MERGES: Marks<MergeSeen> = {
  "a correction lost the race": ({ isStated, said, after }) => isStated && said !== after,
  "a correction found that its news had been told": (merge, { observer }) =>
    merge.isStated &&
    merge.said === merge.before &&
    !observer
      .publicationsAbout(merge.token)
      .some(({ event, at }) => event.eventType === "snapshot" && Math.abs(at - merge.at) < 60_000),
  "Alloy's answer reopened an end": ({ isStated, before, after }) =>
    isStated && FINAL.includes(before) && !FINAL.includes(after),
};

const OF_ANSWERS: Marks<AnswerSeen> = {
  "an outcome changed without an event": under(
    "still-updated-at",
    ({ version, next }) =>
      version.status === "completed" && next?.isUnsaid === true && next.outcome !== version.outcome,
  ),
  "two answers with one updated_at said different things": under(
    "still-updated-at",
    ({ version, next }) =>
      isPlausible(Number(version.response["updated_at"])) &&
      version.response["updated_at"] === next?.response["updated_at"] &&
      version.status !== next?.status,
  ),
  "an answer had a status that nobody knows": under(
    "unknown-status",
    ({ version }) => version.isUnknown,
  ),
  "an answer had its status in other letters": under("unknown-status", ({ version }) =>
    /[A-Z]/.test(version.response.status),
  ),
  "an answer had a time of another century": under("odd-answer-times", ({ version }) =>
    [9e15, -1].includes(Number(version.response["updated_at"])),
  ),
};

/** Ends and reopenings. */
const OF_ENDED: Marks<Ended> = {
  "an applicant's error did not end the application": under(
    "applicant-error",
    ({ application: { events }, status }) =>
      status !== null &&
      status !== "error" &&
      events.some(({ type, told }) => type === "error" && hasApplicant(told)),
  ),
  "an application ended by an error": ({ status }) => status === "error",
  "an application expired": ({ status }) => status === "expired",
  "a second end was taken by Alloy": ({ application }, { scenario }) => {
    const routes = application.versions.map((one) =>
      routeOfEnd(one, application.journeyToken, scenario),
    );
    return routes.some(
      (route, index) => index > 0 && route !== null && (routes[index - 1] ?? route) !== route,
    );
  },
  "a second end was not taken by Alloy": under("second-end", ({ application, status }) => {
    const ends = application.events.filter(
      ({ type, told, listed }) =>
        ENDS.includes(type) && !(type === "error" && [told, listed].some(hasApplicant)),
    );
    return ends.length > 1 && application.versions.every(isNotReopened) && FINAL.includes(status);
  }),
  "an unarchiving was confirmed": under(
    "after-unarchive",
    ({ types, wasReopened }) => types.includes("application_unarchived") && wasReopened,
  ),
  "an unarchiving was not confirmed": ({ types, wasReopened, status }) =>
    types.includes("application_unarchived") && !wasReopened && FINAL.includes(status),
  "a retrigger reopened an end": ({ types, wasReopened }) =>
    types.includes("journey_application_retriggered") && wasReopened,
  "an applicant's event came after the rerun, and the end stayed": under(
    "after-rerun",
    ({ types, status }) =>
      types.slice(0, -1).includes("started_rerun_application") && FINAL.includes(status),
  ),
  "an event came after the archiving": under("after-archive", ({ types }) =>
    types.join().includes("application_archived,completed_branch"),
  ),
  "Alloy ended an application of which no event told so": ({ types, status }) =>
    FINAL.includes(status) && !types.some((type) => ENDS.includes(type)),
  "an application of the release before ended under this one": under(
    "previous-release",
    ({ application: { events }, status }, { scenario }) =>
      FINAL.includes(status) &&
      events.some((event) => fateOf(event, scenario) === "told") &&
      events.some((event) => ENDS.includes(event.type) && fateOf(event, scenario) === null),
  ),
};

const OF_APPLICATIONS: Marks<TrueApplication> = {
  "the API was asked for an application that it never knows": under(
    "api-refuses-some",
    ({ isUnknownToUs, token }, { observer }) => isUnknownToUs && observer.asks.has(token),
  ),
  "a rerun was known before its first event": ({ name, token }, { observer }) =>
    name.endsWith("r") && firstMergeOf(token, observer)?.isSubmission === true,
  "a submission came before any event": ({ token, submission }, { observer }) =>
    submission !== null && firstMergeOf(token, observer)?.isSubmission === true,
  "an event came before its submission": ({ token, submission }, { observer }) =>
    submission !== null && firstMergeOf(token, observer)?.isSubmission === false,
  "a shadow application was known by Alloy's answer alone": under(
    "shadow-once",
    ({ isShadowBySide, token }, { observer }) =>
      isShadowBySide === "answers" && observer.shadows.has(token),
  ),
  "the API always failed for one application, and another one was checked": under(
    "bad-application",
    ({ isFailing, token }, { scenario, observer }) =>
      isFailing &&
      observer.asks.has(token) &&
      scenario.applications.some((other) => !other.isFailing && observer.answers.has(other.token)),
  ),
  "what had happened before an adoption was recorded without an effect": under(
    "adopted-application",
    ({ token, adoptedAt, events }, { cloud: { applications } }) =>
      (applications.applications.get(token)?.state.adopted ?? null) !== null &&
      events.some(({ at, ids }) => at < adoptedAt && ids.some((id) => applications.events.has(id))),
  ),
  "an application went on at Alloy after a person had it forgotten": under(
    "forgotten-application",
    ({ token, events }, { observer }) => {
      const forgottenAt = observer.forgotten.get(token) ?? Number.POSITIVE_INFINITY;
      return events.some(({ at }) => at > forgottenAt);
    },
  ),
  "an application had more than sixty applicants": under("many-applicants", ({ events }) => {
    return new Set(events.map(({ listed }) => listed["entity_application_token"])).size > 60;
  }),
  "an external id was empty": under(
    "odd-external-ids",
    ({ versions }) => versions[0]?.response["external_group_id"] === "",
  ),
};

const OF_WORLDS: Marks<{ readonly republished: number }> = {
  "a record was given up for that of another report": (_, { observer }) =>
    observer.tallies.forgotten > 0,
  "a step of an Investigation came by the poller alone": under("investigations", (_, seen) =>
    hasHealedStep(seen, (name) => !isDelivered(name, seen)),
  ),
  "a healed step of an Investigation met its webhook": under("investigations", (_, seen) =>
    hasHealedStep(seen, (name) => isDelivered(name, seen)),
  ),
  "a run that published a decision was cut off, and tried again": under(
    "decision",
    (_, { observer }) => observer.tallies.decisionsTriedAgain > 0,
  ),
  "an effect was had twice behind a fault": ({ republished }) => republished > 0,
  "the API answered nothing but pages": under("api-refuses-all", (_, seen) => isRefusalMet(seen)),
  "the API went on after days in which it knew nothing": under("api-refuses-all", (_, seen) => {
    const { until, from } = seen.scenario.api.refusal ?? { until: 0, from: 0 };
    return isRefusalMet(seen) && until - from > 7 * 86_400_000;
  }),
  "a bearer was fetched again": under("bearer", (_, { observer }) => observer.tallies.bearers > 1),

  // Gaps.
  "a gap was told of": (_, { cloud }) =>
    cloud.bus.notices.some(({ change }) => change === "opened"),
  "a gap was closed": (_, { cloud }) => cloud.bus.notices.some(({ change }) => change === "closed"),
  "a webhook came late, and a gap was told of when it was over": (_, { cloud }) =>
    cloud.bus.notices.some(({ stage }) => stage === "late"),
  "a gap stood at the dead-letter queue": (_, { cloud }) =>
    cloud.bus.notices.some(({ stage }) => stage === "dead-lettered"),
  "a gap was of what we had refused": (_, { cloud }) =>
    cloud.bus.notices.some(({ stage }) => stage === "rejected"),
  "a gap was of what the state did not show": (_, { cloud }) =>
    cloud.bus.notices.some(({ stage }) => stage === "not-applied"),

  // The way in, the queue, the operator.
  "Alloy switched the webhook off": (_, { deliveries }) =>
    deliveries.log.some(({ state }) => state === "dropped"),
  "an event waited while another invocation worked on it": (_, { observer }) =>
    observer.tallies.conflicts > 0,
  "an event had been remembered when it came again": (_, { observer }) =>
    observer.tallies.duplicates > 0,
  "a failure left evidence, and the evidence went": (_, { cloud, observer }) =>
    observer.tallies.failures > 0 && cloud.applications.failures.size === 0,
  "a dead letter was redriven, and had its effect": (_, { cloud, observer }) =>
    observer.tallies.redriven > 0 && cloud.events.messages().length === 0,

  // Sizes.
  "a body went to the bucket": (_, { cloud }) => cloud.payloads.payloads.size > 0,
  "ten applications were followed at once": under(
    "many-applications",
    (_, { observer }) => observer.standings.size >= 10,
  ),
};

export type Mark = string;

const NEEDS: ReadonlyMap<Mark, Knob | undefined> = new Map(
  [
    OF_EVENTS,
    OF_PUBLICATIONS,
    OF_DECISIONS,
    OF_MERGES,
    OF_ANSWERS,
    OF_ENDED,
    OF_APPLICATIONS,
    OF_WORLDS,
  ]
    .flatMap((marks) => Object.entries<{ readonly needs?: Knob }>(marks))
    .map(([mark, { needs }]) => [mark, needs]),
);

export const ALL_MARKS: readonly Mark[] = [...NEEDS.keys()];

/** The knob without which no world comes there; null: there is none. */
export function knobNeededBy(mark: Mark): Knob | null {
  return NEEDS.get(mark) ?? null;
}

/** Whether worlds with these knobs can come there. */
export function isReachable(mark: Mark, knobs: KnobChoice): boolean {
  const needed = knobNeededBy(mark);
  return needed === null || (knobs.kind === "drawn" && knobs.from.includes(needed));
}

/** The marks that a world has reached. */
export function marksOf(seen: Seen, republished: number): readonly Mark[] {
  const { scenario, observer } = seen;
  return [
    ...reachedBy(eventFacts(seen), OF_EVENTS),
    ...reachedBy(observer.publications, OF_PUBLICATIONS),
    ...reachedBy(observer.decisions, OF_DECISIONS),
    ...reachedBy(observer.merges, OF_MERGES),
    ...reachedBy(answersSeen(observer), OF_ANSWERS),
    ...reachedBy(endedOf(seen), OF_ENDED),
    ...reachedBy(scenario.applications, OF_APPLICATIONS),
    ...reachedBy([{ republished }], OF_WORLDS),
  ];

  function reachedBy<One>(all: readonly One[], marks: Marks<One>): readonly Mark[] {
    return Object.entries(marks).flatMap(([mark, reached]) =>
      all.some((one) => reached(one, seen)) ? [mark] : [],
    );
  }
}

/** Whether a step of an Investigation is known by the poller's report. */
function hasHealedStep({ scenario, cloud }: Seen, is: (name: string) => boolean): boolean {
  return scenario.investigations.some(({ token, steps }) => {
    const { reports = [] } = cloud.investigations.investigations.get(token) ?? {};
    const healed = reports.filter(({ origin }) => origin === "poll").map(({ status }) => status);
    return steps.some(({ name, status }) => healed.includes(status) && is(name));
  });
}

/** Whether somebody asked the API while it answered everything with one page. */
function isRefusalMet({ scenario, observer }: Seen): boolean {
  const { refusal } = scenario.api;
  if (refusal === null) return false;
  const times = [...observer.asks.values()].flat();
  return times.some((at) => at >= refusal.from && at < refusal.until);
}

function firstMergeOf(token: string, { merges }: Seen["observer"]): MergeSeen | undefined {
  return merges.find((merge) => merge.token === token);
}

function fateOf(event: TrueEvent, { upgrade }: Scenario) {
  return upgrade?.fates.get(event)?.kind ?? null;
}

function hasApplicant(told: Readonly<Record<string, unknown>>): boolean {
  return (told["entity_application_token"] ?? null) !== null;
}

/** Once at its end, Alloy's application stands there as it first did. */
function isNotReopened(
  { status, outcome }: TrueApplication["versions"][number],
  index: number,
  versions: TrueApplication["versions"],
): boolean {
  const before = versions[index - 1];
  if (before === undefined || !FINAL.includes(before.status)) return true;
  return before.status === status && before.outcome === outcome;
}
