import { isPlausible } from "../../../lambdas/domain/event/plausible-time.ts";
import { ENDS, routeOfEnd } from "../scenario/expectations.ts";
import type { Seen } from "./seen.ts";
import { factsOf } from "./mark-facts.ts";
import type { Knob, KnobChoice } from "../scenario/knobs.ts";
import type { TrueEvent } from "../scenario/application.ts";
import type { AnsweredOnce, Facts } from "./mark-facts.ts";
import type { Scenario } from "../scenario/scenario-type.ts";

/*
 * Which states the worlds come to, by what the world's own truth and its watchers saw. A fault that happens where
 * nothing stands on it shows nothing: a run must have been in all of these.
 */

const FINAL: readonly (string | null)[] = ["completed", "error", "expired"];

type Reached = (facts: Facts, seen: Seen) => boolean;

/** By name: whether a world has been there. */
export const MARKS = {
  // One event and its two reports.
  "a poller's copy came before its webhook": ({ events }) =>
    events.some(({ first, later }) => first === "poll" && later.has("webhook")),
  "a poller's copy came after its webhook": ({ events }) =>
    events.some(({ first, later }) => first === "webhook" && later.has("poll")),
  "an event came by the poller alone": ({ events }) =>
    events.some(({ first, isDelivered }) => first === "poll" && !isDelivered),
  "an application that nobody had announced missed an event, and it was healed": ({ events }) =>
    events.some(
      ({ event, first, isDelivered }) =>
        event.application.submission === null && first === "poll" && !isDelivered,
    ),
  "a webhook of a healed event came with another identity": ({ events }) =>
    events.some(
      ({ first, later, event }) => first === "poll" && later.has("webhook") && event.ids.length > 1,
    ),
  "a healed end met its webhook": ({ events }) =>
    events.some(
      ({ first, later, event }) =>
        ENDS.includes(event.type) && first === "poll" && later.has("webhook"),
    ),
  "a record was given up for that of another report": (_, { observer }) =>
    observer.tallies.forgotten > 0,
  "an event was reported more than twice": ({ events }) =>
    events.some(({ deliveries }) => deliveries > 2),
  "two reports of one event differed, and it was published once": ({ events }, { observer }) =>
    events.some(
      ({ event, isDelivered, later }) =>
        isDelivered &&
        later.size > 0 &&
        event.ids.length > 1 &&
        event.ids.flatMap((id) => observer.publicationsOf.get(id) ?? []).length === 1,
    ),
  "two events of one type came within two seconds": ({ events }) =>
    events.some(({ hasNeighbour }) => hasNeighbour),
  "two applicants' events of one type came within two seconds": ({ events }) =>
    events.some(({ hasOthersNeighbour }) => hasOthersNeighbour),
  "a step of an Investigation came by the poller alone": (_, { scenario, cloud, deliveries }) =>
    scenario.investigations.some(({ token, steps }) =>
      steps.some(
        ({ name, status }) =>
          isToldBy("poll", token, status, cloud) &&
          !deliveries.log.some(
            ({ eventToken, state }) => eventToken === name && state === "delivered",
          ),
      ),
    ),
  "a healed step of an Investigation met its webhook": (_, { scenario, cloud, deliveries }) =>
    scenario.investigations.some(({ token, steps }) =>
      steps.some(
        ({ name, status }) =>
          isToldBy("poll", token, status, cloud) &&
          deliveries.log.some(
            ({ eventToken, state }) => eventToken === name && state === "delivered",
          ),
      ),
    ),

  // Order.
  "a late event was recorded, and not published": ({ events }, { observer }) =>
    events.some(
      ({ event, first }) =>
        first !== null &&
        event.times.some((at) => observer.isOvertaken(event.application.token, at)) &&
        !event.ids.some((id) => observer.publicationsOf.has(id)),
    ),
  "a late event was published as one": (_, { observer }) =>
    observer.publications.some(({ event }) => event.late && !ENDS.includes(event.eventType)),
  "a late end was published as one": (_, { observer }) =>
    observer.publications.some(({ event }) => event.late && ENDS.includes(event.eventType)),
  "an effect was had twice behind a fault": ({ republished }) => republished > 0,

  // Alloy's own word.
  "a correction was published": (_, { observer }) =>
    observer.publications.some(({ event }) => event.eventType === "snapshot"),
  "a correction brought the outcome of an end that named none": (_, { observer }) =>
    observer.publications.some(
      ({ event }) => event.eventType === "snapshot" && event.outcome !== null,
    ),
  "a correction lost the race": ({ merges }) =>
    merges.some(({ isStated, said, after }) => isStated && said !== after),
  "a correction found that its news had been told": ({ merges }, { observer }) =>
    merges.some(
      ({ isStated, said, before, token, at }) =>
        isStated &&
        said === before &&
        !observer.publications.some(
          ({ event, at: when }) =>
            event.applicationToken === token &&
            event.eventType === "snapshot" &&
            Math.abs(when - at) < 60_000,
        ),
    ),
  "Alloy's answer reopened an end": ({ merges }) =>
    merges.some(
      ({ isStated, before, after }) => isStated && FINAL.includes(before) && !FINAL.includes(after),
    ),
  "an outcome changed without an event": ({ answered }) =>
    answered.some(
      ({ version, next }) =>
        version.status === "completed" &&
        next?.version.isUnsaid === true &&
        next.version.outcome !== version.outcome,
    ),
  "two answers with one updated_at said different things": ({ answered }) =>
    answered.some(
      ({ version, next }) =>
        next !== null &&
        isPlausible(Number(version.response["updated_at"])) &&
        version.response["updated_at"] === next.version.response["updated_at"] &&
        version.status !== next.version.status,
    ),
  "an answer had a status that nobody knows": ({ answered }) => answered.some(isUnknown),
  "an answer had its status in other letters": ({ answered }) =>
    answered.some(({ version }) => /[A-Z]/.test(version.response.status)),
  "an answer had a time of another century": ({ answered }) =>
    answered.some(({ version: { response } }) =>
      [9e15, -1].includes(Number(response["updated_at"])),
    ),
  "the API answered nothing but pages": ({ isRefusalMet }) => isRefusalMet,
  "the API went on after days in which it knew nothing": ({ isRefusalMet }, { scenario }) =>
    isRefusalMet &&
    (scenario.api.refusal?.until ?? 0) - (scenario.api.refusal?.from ?? 0) > 7 * 86_400_000,
  "the API was asked for an application that it never knows": (_, { scenario, observer }) =>
    scenario.applications.some(
      ({ isUnknownToUs, token }) => isUnknownToUs && observer.asks.has(token),
    ),
  "a bearer was fetched again": (_, { observer }) => observer.tallies.bearers > 1,

  // Ends and reopenings.
  "an applicant's error did not end the application": ({ ended }) =>
    ended.some(({ application, status }) =>
      application.events.some(
        ({ type, told }) =>
          type === "error" && hasApplicant(told) && status !== null && status !== "error",
      ),
    ),
  "an application ended by an error": ({ ended }) => ended.some(({ status }) => status === "error"),
  "an application expired": ({ ended }) => ended.some(({ status }) => status === "expired"),
  "a second end was taken by Alloy": ({ ended }, { scenario }) =>
    ended.some(({ application }) => {
      const routes = application.versions.map((one) =>
        routeOfEnd(one, application.journeyToken, scenario),
      );
      return routes.some(
        (route, index) => index > 0 && route !== null && (routes[index - 1] ?? route) !== route,
      );
    }),
  "a second end was not taken by Alloy": ({ ended }) =>
    ended.some(({ application, status }) => {
      const ends = application.events.filter(
        ({ type, told, listed }) =>
          ENDS.includes(type) && !(type === "error" && [told, listed].some(hasApplicant)),
      );
      return ends.length > 1 && application.versions.every(isNotReopened) && FINAL.includes(status);
    }),
  "an unarchiving was confirmed": ({ ended }) =>
    ended.some(
      ({ application, wasReopened }) =>
        hasEvent(application, "application_unarchived") && wasReopened,
    ),
  "an unarchiving was not confirmed": ({ ended }) =>
    ended.some(
      ({ application, wasReopened, status }) =>
        hasEvent(application, "application_unarchived") && !wasReopened && FINAL.includes(status),
    ),
  "a retrigger reopened an end": ({ ended }) =>
    ended.some(
      ({ application, wasReopened }) =>
        hasEvent(application, "journey_application_retriggered") && wasReopened,
    ),
  "an applicant's event came after the rerun, and the end stayed": ({ ended }) =>
    ended.some(({ application, status }) => {
      const types = application.events.map(({ type }) => type);
      const rerun = types.indexOf("started_rerun_application");
      return rerun !== -1 && rerun < types.length - 1 && FINAL.includes(status);
    }),
  "a rerun was known before its first event": ({ merges }, { scenario }) =>
    scenario.applications.some(
      ({ name, token }) =>
        name.endsWith("r") && merges.find((merge) => merge.token === token)?.isSubmission === true,
    ),
  "an event came after the archiving": ({ ended }) =>
    ended.some(({ application }) => {
      const types = application.events.map(({ type }) => type);
      return types.some(
        (type, index) => type === "application_archived" && types[index + 1] === "completed_branch",
      );
    }),
  "Alloy ended an application of which no event told so": ({ ended }) =>
    ended.some(
      ({ application, status }) =>
        FINAL.includes(status) && !application.events.some(({ type }) => ENDS.includes(type)),
    ),

  // Shadow applications.
  "a shadow application was known by Alloy's answer alone": (_, { scenario, observer }) =>
    scenario.applications.some(
      ({ isShadowBySide, token }) => isShadowBySide === "answers" && observer.shadows.has(token),
    ),
  "an event of a shadow application was kept back": ({ events }, { observer }) =>
    events.some(
      ({ event, first }) =>
        first !== null &&
        event.application.isShadow &&
        event.isAlwaysNews &&
        !event.ids.some((id) => observer.publicationsOf.has(id)),
    ),

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
  "an event was replayed after it had had its effect": ({ events }) =>
    events.some(({ later }) => later.has("replay")),
  "a submission came before any event": ({ firstBy }) => firstBy.has("submission"),
  "an event came before its submission": ({ firstBy }) => firstBy.has("event-announced"),

  // What never ends.
  "the API always failed for one application, and another one was checked": (
    _,
    { scenario, observer },
  ) =>
    scenario.applications.some(({ isFailing, token }) => isFailing && observer.asks.has(token)) &&
    scenario.applications.some(({ isFailing, token }) => !isFailing && observer.answers.has(token)),
  "the API had refused our key, and webhooks had their effects": (_, { scenario, observer }) =>
    observer.publications.some(({ at }) => at > scenario.api.revokedAt),
  "what had happened before an adoption was recorded without an effect": (_, { scenario, cloud }) =>
    scenario.applications.some(({ token, adoptedAt, events }) => {
      const isAdopted =
        (cloud.applications.applications.get(token)?.state.adopted ?? null) !== null;
      const isRecorded = ({ ids }: TrueEvent) =>
        ids.some((id) => cloud.applications.events.has(id));
      return isAdopted && events.some((event) => event.at < adoptedAt && isRecorded(event));
    }),
  "an application went on at Alloy after a person had it forgotten": (_, { scenario, observer }) =>
    scenario.events.some(
      ({ at, application: { token } }) =>
        at > (observer.forgotten.get(token) ?? Number.POSITIVE_INFINITY),
    ),
  "an item was damaged, and another application went on": (_, { scenario, observer }) =>
    scenario.applications.some(({ damagedAt }) =>
      observer.publications.some(({ at }) => at > damagedAt),
    ),

  "a route was dead, and another one was told": (_, { scenario, cloud, observer }) =>
    scenario.deadRoute !== null &&
    cloud.deadLetters.messages().length > 0 &&
    observer.publications.length > 0,

  // What the release before left behind.
  "a webhook came again whose event the release before had told": ({ events }, { scenario }) =>
    events.some(({ event, isDelivered }) => isDelivered && fateOf(event, scenario) === "told"),
  "a webhook came for what the release before had healed": ({ events }, { scenario }) =>
    events.some(({ event, isDelivered }) => isDelivered && fateOf(event, scenario) === "healed"),
  "a message of the release before had its effect": ({ events }, { scenario, observer }) =>
    events.some(
      ({ event }) =>
        (fateOf(event, scenario) ?? "").endsWith("queued") &&
        event.ids.some((id) => observer.publicationsOf.has(id)),
    ),
  "what the release before had missed was healed": ({ events }, { scenario }) =>
    events.some(({ event, first }) => first === "poll" && fateOf(event, scenario) === "missed"),
  "an application of the release before ended under this one": ({ ended }, { scenario }) =>
    ended.some(
      ({ application: { events }, status }) =>
        FINAL.includes(status) &&
        events.some((event) => fateOf(event, scenario) === "told") &&
        events.some((event) => ENDS.includes(event.type) && fateOf(event, scenario) === null),
    ),

  // Sizes and spellings.
  "a body went to the bucket": (_, { cloud }) => cloud.payloads.payloads.size > 0,
  "an application had more than sixty applicants": (_, { scenario }) =>
    scenario.applications.some(({ events }) => applicantsOf(events) > 60),
  "ten applications were followed at once": (_, { observer }) => observer.standings.size >= 10,
  "a webhook of another environment was recorded": ({ events }) =>
    events.some(({ event, first }) => event.application.isForeign && first !== null),
  "a webhook's envelope was of a type that nobody documents": ({ events }) =>
    events.some(
      ({ event, first }) =>
        first === "webhook" && !(event.family ?? "").startsWith("update:journeyapplications:"),
    ),
  "a webhook's time was no number of milliseconds": ({ events }) =>
    events.some(({ event, first }) => first !== null && event.told["timestamp"] !== event.times[0]),
  "an external id was empty": (_, { scenario }) =>
    scenario.applications.some(({ versions }) => versions[0]?.response["external_group_id"] === ""),
} as const satisfies Readonly<Record<string, Reached>>;

export type Mark = keyof typeof MARKS;

/** Whether a step of an Investigation is known by the report of this origin. */
function isToldBy(
  origin: string,
  token: string,
  status: string,
  { investigations }: Seen["cloud"],
): boolean {
  const { reports = [] } = investigations.investigations.get(token) ?? {};
  return reports.some((one) => one.status === status && one.origin === origin);
}

/** Without which knob no world comes there. */
const NEEDS: Readonly<Partial<Record<Mark, Knob>>> = {
  "a step of an Investigation came by the poller alone": "investigations",
  "a healed step of an Investigation met its webhook": "investigations",
  "two answers with one updated_at said different things": "still-updated-at",
  "an outcome changed without an event": "still-updated-at",
  "an answer had a status that nobody knows": "unknown-status",
  "an answer had its status in other letters": "unknown-status",
  "an answer had a time of another century": "odd-answer-times",
  "the API answered nothing but pages": "api-refuses-all",
  "the API went on after days in which it knew nothing": "api-refuses-all",
  "the API was asked for an application that it never knows": "api-refuses-some",
  "a bearer was fetched again": "bearer",
  "the API always failed for one application, and another one was checked": "bad-application",
  "the API had refused our key, and webhooks had their effects": "revoked-key",
  "an item was damaged, and another application went on": "damaged-item",
  "what had happened before an adoption was recorded without an effect": "adopted-application",
  "an application went on at Alloy after a person had it forgotten": "forgotten-application",
  "an applicant's error did not end the application": "applicant-error",
  "a second end was not taken by Alloy": "second-end",
  "an unarchiving was confirmed": "after-unarchive",
  "an applicant's event came after the rerun, and the end stayed": "after-rerun",
  "an event came after the archiving": "after-archive",
  "a shadow application was known by Alloy's answer alone": "shadow-once",
  "a route was dead, and another one was told": "dead-route",
  "a webhook came again whose event the release before had told": "previous-release",
  "a webhook came for what the release before had healed": "previous-release",
  "a message of the release before had its effect": "previous-release",
  "what the release before had missed was healed": "previous-release",
  "an application of the release before ended under this one": "previous-release",
  "an application had more than sixty applicants": "many-applicants",
  "ten applications were followed at once": "many-applications",
  "a webhook of another environment was recorded": "other-environment",
  "a webhook's envelope was of a type that nobody documents": "odd-family",
  "a webhook's time was no number of milliseconds": "odd-times",
  "an external id was empty": "odd-external-ids",
};

const NEEDED: ReadonlyMap<string, Knob> = new Map(Object.entries(NEEDS));

/** The knob without which no world comes there; null: there is none. */
export function knobNeededBy(mark: Mark): Knob | null {
  return NEEDED.get(mark) ?? null;
}

/** Whether worlds with these knobs can come there. */
export function isReachable(mark: Mark, knobs: KnobChoice): boolean {
  const needed = knobNeededBy(mark);
  return needed === null || (knobs.kind === "drawn" && knobs.from.includes(needed));
}

export const ALL_MARKS: readonly Mark[] = Object.keys(MARKS).filter(isMark);

function isMark(name: string): name is Mark {
  return Object.hasOwn(MARKS, name);
}

const REACHED: readonly (readonly [Mark, Reached])[] = ALL_MARKS.map((mark) => [mark, MARKS[mark]]);

/** The marks that a world has reached. */
export function marksOf(seen: Seen, republished: number): readonly Mark[] {
  const facts = factsOf(seen, republished);
  return REACHED.flatMap(([mark, reached]) => (reached(facts, seen) ? [mark] : []));
}

function isUnknown({ version }: AnsweredOnce): boolean {
  return version.isUnknown;
}

function fateOf(event: Facts["events"][number]["event"], { upgrade }: Scenario) {
  return upgrade?.fates.get(event)?.kind ?? null;
}

type Application = Facts["ended"][number]["application"];

function hasEvent({ events }: Application, wanted: string): boolean {
  return events.some(({ type }) => type === wanted);
}

function hasApplicant(told: Readonly<Record<string, unknown>>): boolean {
  return (told["entity_application_token"] ?? null) !== null;
}

function applicantsOf(events: Application["events"]): number {
  return new Set(events.map(({ listed }) => listed["entity_application_token"])).size;
}

/** Once at its end, Alloy's application stands there as it first did. */
function isNotReopened(
  { status, outcome }: Application["versions"][number],
  index: number,
  versions: Application["versions"],
): boolean {
  const before = versions[index - 1];
  if (before === undefined || !FINAL.includes(before.status)) return true;
  return before.status === status && before.outcome === outcome;
}
