import type { PollerSettings } from "../../../lambdas/settings/poller-settings.ts";
import { SUBMISSION_DETAIL_TYPE } from "../../../lambdas/settings/routes.ts";
import { makeMemoryCloud } from "../../../tools/cloud-in-memory/cloud.ts";
import type { MemoryCloud } from "../../../tools/cloud-in-memory/cloud.ts";
import type { Deliveries } from "../../../tools/alloy-simulator/deliveries.ts";
import { alloyApiIn } from "../world/alloy-api.ts";
import { startAlloy } from "../world/alloy.ts";
import { Clock } from "../../../tools/cloud-in-memory/clock.ts";
import { checkSettled } from "../invariants/conservation.ts";
import { startCredentials } from "../world/credentials.ts";
import { Random, mix, numberOf } from "../../../tools/cloud-in-memory/random.ts";
import { makeEventSource } from "../world/event-source.ts";
import { heardOf, isEnd } from "../scenario/expectations.ts";
import { Faults, faultScheduleOf } from "../faults/faults.ts";
import type { Fault } from "../faults/faults.ts";
import { makeFunctions } from "../world/functions.ts";
import { makeGateway } from "../world/gateway.ts";
import { judge } from "../invariants/invariants.ts";
import { leaveBehind } from "../world/left-behind.ts";
import { marksOf } from "../invariants/marks.ts";
import type { Mark } from "../invariants/marks.ts";
import { observe } from "../world/observed.ts";
import { Observer } from "../world/observer.ts";
import type { Violation } from "../world/observer.ts";
import { startOperator, startSettingApart } from "../world/operator.ts";
import { drawOutages } from "../faults/outages.ts";
import type { TrueEvent } from "../scenario/application.ts";
import type { TrueInvestigation } from "../scenario/investigations.ts";
import type { Scenario } from "../scenario/scenario-type.ts";
import { START } from "../scenario/scenario.ts";
import { makePollSchedule } from "../world/poll-schedule.ts";
import type { Service, Surroundings } from "../faults/sandbox.ts";
import { isBeforeAdoption } from "../scenario/set-apart.ts";
import type { FaultPoints } from "../faults/fault-points.ts";
import { Story } from "../faults/story.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** An event may be on its way for so long before it is missed. */
export const GRACE_MS = 2 * MINUTE;

/** Faults go on for so long after the last event at Alloy. */
const AFTERMATH_MS = 2 * HOUR;
/**
 * From the last fault to the judgement: an open application is checked within 24 hours (and a tenth, by
 * jitter), a dead-lettered event is tried again after 24 more, and a final one is looked at after 25.
 */
const FAULT_FREE_MS = 55 * HOUR;

/** What happens to a world by plan, in place of the outages that are drawn and of the operator's habits. */
export interface Incident {
  /** @param now - epoch milliseconds. */
  readonly isOut: (service: Service, now: number) => boolean;
  /** From when on nothing goes wrong any more. */
  readonly faultFreeAt: number;
  /** Called before the world begins: what the person on call does, and when. */
  readonly operate: (hands: {
    readonly clock: Clock;
    readonly cloud: MemoryCloud;
    readonly deliveries: Deliveries;
    /** Something is in the event queue that was not put there by the functions. */
    readonly onQueued: () => void;
  }) => void;
}

/**
 * Where nothing has gone wrong, nothing has to be repaired: the last check, 25 hours after the end, and
 * what the operator's last redrive, after 27, puts back into the queue for nothing.
 */
const HEALTHY_MS = 28 * HOUR;

/** How a world went. */
export interface WorldResult {
  readonly scenario: Scenario;
  readonly cloud: MemoryCloud;
  readonly observer: Observer;
  /** The tokens of the applications of which anybody has told us. */
  readonly heard: ReadonlySet<string>;
  readonly story: Story;
  readonly faults: readonly Fault[];
  readonly violations: readonly Violation[];
  /** Publications of an event that was published before, each behind a fault that explains it. */
  readonly republished: number;
  /** The states in which it has been. */
  readonly marks: readonly Mark[];
}

/**
 * Plays one world: a scenario at Alloy, the real handlers, and what the fault schedule does to them.
 *
 * 1. Faults happen until two hours after the last event; then no fault happens.
 * 2. Alloy's attempts, the queue, the poller and the operator go on until everything has come to rest.
 * 3. The promises are judged, by Alloy's truth and by what the queue, the table and the bus saw.
 *
 * @param options.only - the faults that may happen; null: all that the seed draws; an empty set: none.
 */
export async function playWorld(
  scenario: Scenario,
  options: {
    readonly only?: ReadonlySet<string> | null;
    readonly faultPoints?: FaultPoints;
    readonly incident?: Incident;
    /** Whether Alloy never sends the webhook of an event. */
    readonly isWithheld?: (event: TrueEvent) => boolean;
  } = {},
): Promise<WorldResult> {
  const { only = null, incident, isWithheld = () => false } = options;
  const faultPoints = options.faultPoints ?? {};
  const clock = new Clock(START);
  const story = new Story(START, clock.now);
  const faultFreeAt = incident?.faultFreeAt ?? scenario.endAt + AFTERMATH_MS;
  // For days in which Alloy's API refuses everything, nothing else goes wrong.
  const answeredAt = Math.max(faultFreeAt, scenario.api.refusal?.until ?? 0);
  const restAt =
    answeredAt + (only?.size === 0 && incident === undefined ? HEALTHY_MS : FAULT_FREE_MS);
  const faults = new Faults({
    seed: mix(scenario.seed, numberOf("faults")),
    faultSchedule: only?.size === 0 ? null : faultScheduleOf(scenario.seed),
    only,
    until: faultFreeAt,
    now: clock.now,
  });
  const random = new Random(mix(scenario.seed, numberOf("world")));
  const isOut =
    incident === undefined
      ? drawOutages(scenario, { faults, story, now: clock.now, faultFreeAt })
      : (service: Service) => incident.isOut(service, clock.now());
  const world: Surroundings = { clock, faults, story, random, isOut, nameOf: scenario.nameOf };

  const cloud = makeMemoryCloud({
    now: clock.now,
    pick: (visible, most) => shuffled(visible, most),
  });
  const observer = new Observer(clock.now);
  const observed = observe({
    cloud,
    observer,
    world,
    faultPoints,
    deadRoute: scenario.deadRoute,
    hasSecondMessage(eventId) {
      const event = scenario.eventOf(eventId);
      // A step of an Investigation may be reported under two ids as well.
      if (event === null) return scenario.investigations.length > 0;
      return event.ids.length > 1 || isEnd(event);
    },
    onPlan: () => armSchedule(),
    onQueued: () => source.wake(),
    onGivenBack: (receiptHandle) => source.giveBack(receiptHandle),
  });
  const isDamaged = (token: string) =>
    clock.now() >= (scenario.applicationOf(token)?.damagedAt ?? Number.POSITIVE_INFINITY);
  const functions = makeFunctions({
    world,
    cloud,
    observer,
    observed,
    faultPoints,
    consumerSettings: scenario.settings,
    pollerSettings: pollerSettingsOf(scenario),
    isDamaged,
    alloyIn: (sandbox) => alloyApiIn(sandbox, { scenario, world, observer, faultPoints }),
  });
  const armSchedule = makePollSchedule(world, {
    cloud,
    poller: functions.poller,
    settings: pollerSettingsOf(scenario),
    until: restAt,
    busyUntil: answeredAt + HOUR,
    listMovesAt: [START, ...scenario.investigations.flatMap(movesOf)],
    isDamaged,
  });
  const source = makeEventSource(world, {
    cloud,
    consumer: functions.consumer,
    observer,
    faultPoints,
    onSettled: (done, invocation) => checkSettled(done, invocation, { scenario, cloud, observer }),
  });
  const { credential, isKnown } = startCredentials(scenario, world, cloud.webhookSecret);
  const deliver = makeGateway(world, {
    ingest: functions.ingest,
    cloud,
    observer,
    isCredentialKnown: isKnown,
  });
  const deliveries = startAlloy(scenario, world, {
    credential,
    deliver,
    isWithheld: (event) => isWithheld(event) || isBeforeAdoption(event),
  });
  const onQueued = () => source.wake();
  if (incident === undefined)
    startOperator(scenario, world, { cloud, observer, deliveries, faultFreeAt, onQueued });
  else incident.operate({ clock, cloud, deliveries, onQueued });
  startSettingApart(scenario, world, { cloud, observer, onQueued });
  for (const { submission, createdAt, token, adoptedAt } of scenario.applications) {
    if (submission === null || createdAt < (scenario.upgrade?.at ?? 0)) continue;
    if (adoptedAt < Number.POSITIVE_INFINITY) continue;
    clock.at(createdAt + 50, () => {
      story.tell("onboarding", `announces ${token}`);
      cloud.bus.put("onboarding", SUBMISSION_DETAIL_TYPE, submission);
      source.wake();
    });
  }

  const { upgrade } = scenario;
  if (upgrade !== null) {
    clock.at(upgrade.at, () => {
      leaveBehind(scenario, upgrade, { cloud, observer, story, faultPoints });
      armSchedule();
      source.wake();
    });
  }

  armSchedule();
  await clock.run(restAt);
  const isFaultFree = only?.size === 0 && incident === undefined;
  const heard = heardOf(scenario, deliveries);
  const seen = {
    scenario,
    cloud,
    observer,
    deliveries,
    heard,
    faults: faults.happened,
    isFaultFree,
  };
  const { violations, republished } = judge(seen);
  const marks = marksOf(seen, republished);
  const judged = { violations, republished, marks };
  return { scenario, cloud, observer, heard, story, faults: faults.happened, ...judged };

  /** SQS keeps no order. */
  function shuffled<Value>(values: readonly Value[], most: number): readonly Value[] {
    const rest = [...values];
    const chosen: Value[] = [];
    while (chosen.length < most && rest.length > 0) {
      chosen.push(...rest.splice(Math.floor(random.next() * rest.length), 1));
    }
    return chosen;
  }
}

/** When it moves in Alloy's list. */
function movesOf({ versions }: TrueInvestigation): readonly number[] {
  return versions.map(({ at }) => at);
}

/** The defaults (`lib/config/default-stages.ts`). */
function pollerSettingsOf(scenario: Scenario): PollerSettings {
  const { settings } = scenario;
  return {
    environment: "sandbox",
    alloyBaseUrl: "",
    alloyAuth: "basic",
    refusals: { byAuthorizer: false, byAddress: false },
    eventRetentionMs: settings.eventRetentionMs,
    journeys: settings.journeys,
    ignoredEventTypes: settings.ignoredEventTypes,
    investigations: settings.investigations,
    polling: {
      rateMs: 5 * MINUTE,
      firstCheckMs: settings.firstCheckMs,
      secondCheckMs: 15 * MINUTE,
      growth: scenario.growth,
      capMs: 24 * HOUR,
      finalCheckMs: 25 * HOUR,
      rerunCheckMs: null,
      requestsPerSecond: 5,
      callsPerRun: 200,
      runMs: 42_000,
    },
    gaps: { graceMs: GRACE_MS, thresholdMs: 15 * MINUTE, staleAfterMs: 30 * 24 * HOUR },
    comparisons: [],
    expectedOutcomes: [],
  };
}
