import type { PollerSettings } from "../../../lambdas/settings/poller-settings.ts";
import { SUBMISSION_DETAIL_TYPE } from "../../../lambdas/settings/routes.ts";
import { makeMemoryCloud } from "../../../tools/cloud-in-memory/cloud.ts";
import type { Deliveries } from "../../../tools/alloy-simulator/deliveries.ts";
import { startAlloy } from "../world/alloy.ts";
import { Clock, HOUR, MINUTE } from "../../../tools/cloud-in-memory/clock.ts";
import { checkSettled } from "../invariants/conservation.ts";
import { startCredentials } from "../world/credentials.ts";
import { Random, mix, numberOf } from "../../../tools/cloud-in-memory/random.ts";
import { makeEventSource } from "../world/event-source.ts";
import { heardOf } from "../scenario/expectations.ts";
import { Faults, faultScheduleOf } from "../faults/faults.ts";
import { makeFunctions } from "../world/functions.ts";
import { makeGateway } from "../world/gateway.ts";
import type { DecisionCounts } from "../invariants/decisions.ts";
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
import type { Scenario } from "../scenario/scenario-type.ts";
import { START } from "../scenario/scenario.ts";
import { makePollSchedule } from "../world/poll-schedule.ts";
import type { Service } from "../faults/sandbox.ts";
import { isBeforeAdoption } from "../scenario/set-apart.ts";
import type { FaultPoints } from "../faults/fault-points.ts";
import { Story } from "../faults/story.ts";
import type { World } from "../world/world.ts";
import type { Seen } from "../invariants/seen.ts";
import { ASKED_OF_DECISIONS } from "../scenario/decisions.ts";
import { POLLER_SETTINGS } from "../../../tools/cloud-in-memory/runtime.ts";

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
  readonly operate: (world: World, deliveries: Deliveries) => void;
}

/**
 * Where nothing has gone wrong, nothing has to be repaired: the last check, 25 hours after the end, and
 * what the operator's last redrive, after 27, puts back into the queue for nothing.
 */
const HEALTHY_MS = 28 * HOUR;

/** How a world went. */
export interface WorldResult extends Seen {
  readonly story: Story;
  readonly violations: readonly Violation[];
  /** Publications of an event that was published before, each behind a fault that explains it. */
  readonly republished: number;
  readonly decisions: DecisionCounts;
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
      ? drawOutages({ clock, faults, story }, scenario, faultFreeAt)
      : (service: Service) => incident.isOut(service, clock.now());
  const cloud = makeMemoryCloud({ now: clock.now, pick: shuffled });
  const world: World = {
    clock,
    faults,
    story,
    random,
    isOut,
    nameOf: scenario.nameOf,
    scenario,
    cloud,
    observer: new Observer(clock.now),
    faultPoints,
    faultFreeAt,
    onQueued: () => source.wake(),
    onPlanned: () => armSchedule(),
  };
  const pollerSettings = pollerSettingsOf(scenario);
  const functions = makeFunctions({
    world,
    observed: observe(world, (receiptHandle) => source.giveBack(receiptHandle)),
    pollerSettings,
  });
  const armSchedule = makePollSchedule(world, {
    poller: functions.poller,
    rateMs: pollerSettings.polling.rateMs,
    until: restAt,
    busyUntil: answeredAt + HOUR,
  });
  const source = makeEventSource(world, functions.consumer, (done, invocation) =>
    checkSettled(done, invocation, world),
  );
  const { credential, isKnown } = startCredentials(world);
  const deliveries = startAlloy(world, {
    credential,
    deliver: makeGateway(world, functions.ingest, isKnown),
    isWithheld: (event) => isWithheld(event) || isBeforeAdoption(event),
  });
  if (incident === undefined) startOperator(world, deliveries);
  else incident.operate(world, deliveries);
  startSettingApart(world);
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
      leaveBehind(world, upgrade);
      armSchedule();
      source.wake();
    });
  }

  armSchedule();
  await withoutStacks(() => clock.run(restAt));
  const seen: Seen = {
    scenario,
    cloud,
    observer: world.observer,
    deliveries,
    heard: heardOf(scenario, deliveries),
    faults: faults.happened,
    isFaultFree: only?.size === 0 && incident === undefined,
  };
  const judged = judge(seen);
  return { ...seen, story, ...judged, marks: marksOf(seen, judged.republished) };

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

/** An error's stack is most of its cost, and of a world's many errors nobody reads it. */
async function withoutStacks(play: () => Promise<void>): Promise<void> {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    await play();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

function pollerSettingsOf({ settings, growth }: Scenario): PollerSettings {
  const { eventRetentionMs, journeys, ignoredEventTypes, investigations, firstCheckMs } = settings;
  const { decides } = settings;
  return {
    ...POLLER_SETTINGS,
    eventRetentionMs,
    journeys,
    ignoredEventTypes,
    investigations,
    decision: decides ? ASKED_OF_DECISIONS : null,
    polling: {
      ...POLLER_SETTINGS.polling,
      // The schedule of a stage that publishes decisions is a minute.
      ...(decides && { rateMs: MINUTE }),
      firstCheckMs,
      growth,
      runMs: 42_000,
    },
  };
}
