import type { ApplicationState } from "../../../lambdas/domain/application/application-state.ts";
import { mergeOver } from "../../../lambdas/domain/application/withholding.ts";
import { PermanentError, TransientError } from "../../../lambdas/domain/errors.ts";
import type { GapNotice } from "../../../lambdas/domain/routing/gap-notice.ts";
import type { ApplicationStore } from "../../../lambdas/domain/ports.ts";
import { QUEUE } from "../../../lambdas/settings/limits.ts";
import type { GapStage } from "../../../lambdas/settings/metrics.ts";
import { DELIVERY_GAP_DETAIL_TYPE } from "../../../lambdas/settings/routes.ts";
import { oneByOne, withMethods } from "../../../tools/cloud-in-memory/faults.ts";
import type { World } from "../world/world.ts";
import type { PlantedGap } from "./planted-gap.ts";
import { trueStageOf } from "./planted-gap.ts";
import type { TrueEvent } from "../scenario/application.ts";
import type { Scenario } from "../scenario/scenario-type.ts";
import type { FaultPoints } from "../faults/fault-points.ts";
import { POLLER_SETTINGS } from "../../../tools/cloud-in-memory/runtime.ts";
import type { Incident } from "../play/play-world.ts";
import { MINUTE } from "../../../tools/cloud-in-memory/clock.ts";

/** Whoever was told of a dead letter mends its cause, and redrives. */
const REDRIVEN_AFTER_MS = 10 * MINUTE;
/** The application is checked so often, at most, until the gap is found: two poll periods. */
const MOST_PERIODS = 2;
/** Nothing happens in the world any more from then on but what the trouble has left to do. */
const FAULT_FREE_AFTER_MS = 2 * 60 * MINUTE;

/** Makes the trouble, watches what is said of it, and ends it when somebody was told. */
export class GapWatch {
  found: {
    readonly said: GapStage;
    readonly was: GapStage;
    readonly periods: number;
  } | null = null;
  isClosed = false;
  /** Applications that have nothing to do with the trouble, and of which a gap was told. */
  readonly accused: string[] = [];
  readonly #scenario: Scenario;
  readonly #planted: PlantedGap;
  readonly #ids: ReadonlySet<string>;
  /** How often the victim's application was checked since the event should have been here. */
  #checks = 0;
  #world: World | null = null;

  constructor(scenario: Scenario, planted: PlantedGap) {
    this.#scenario = scenario;
    this.#planted = planted;
    this.#ids = new Set(planted.victim.ids);
  }

  isInTime(): boolean {
    return this.found !== null && this.found.periods <= MOST_PERIODS;
  }

  /** What was wrong with what was told. */
  faults(): readonly string[] {
    const { found, isClosed } = this;
    if (found === null) return [`nobody was told of ${this.#planted.victim.name}`];
    const { said, was, periods } = found;
    return [
      ...(said === was ? [] : [`it was ${was}, and was said to be ${said}`]),
      ...(this.isInTime() ? [] : [`it was found by check ${periods}`]),
      ...(isClosed ? [] : ["nobody was told that it is closed"]),
    ];
  }

  incident(): Incident {
    const { trouble } = this.#planted;
    return {
      isOut: (service) => service === "event-source" && trouble === "held" && this.#isOn(),
      faultFreeAt: this.#scenario.endAt + FAULT_FREE_AFTER_MS,
      operate: (world) => {
        const { clock, cloud, onQueued } = world;
        this.#world = world;
        cloud.bus.addRule({
          matches: ({ detailType }) => detailType === DELIVERY_GAP_DETAIL_TYPE,
          deliver: ({ detail }) => {
            const wasFound = this.found !== null;
            if (!isNotice(detail)) return;
            this.#hear(detail);
            if (wasFound || this.found === null) return;
            onQueued();
            clock.after(REDRIVEN_AFTER_MS, () => {
              if (cloud.deadLetters.redriveTo(cloud.events) > 0) onQueued();
            });
          },
        });
      },
    };
  }

  faultPoints(): FaultPoints {
    const { trouble, refusal, victim } = this.#planted;
    return {
      ingest: (handle) => async (event) => {
        const isRefused = trouble === "refused" || trouble === "refused-for-minutes";
        return isRefused && this.#isOn() ? { statusCode: refusal, body: "" } : handle(event);
      },
      pollerDependencies: (right) => ({
        ...right,
        applications: withMethods(right.applications, {
          // Only a check reads it, and only if Alloy has answered: a witness is asked for, and not checked.
          history: async (token) => {
            if (token === victim.application.token && this.#now() > this.#dueAt())
              this.#checks += 1;
            return right.applications.history(token);
          },
        }),
      }),
      store: (right) => this.#store(right),
    };
  }

  #store(right: ApplicationStore): ApplicationStore {
    const { trouble } = this.#planted;
    const wrong = oneByOne({
      recordEvent: async (event) => {
        if (this.#ids.has(event.eventId) && this.#isOn()) {
          if (trouble === "failing") throw new TransientError("Recording an event: throttled");
          if (trouble === "poisoned") throw new PermanentError("nobody can record it");
        }
        return right.recordEvent(event);
      },
      mergeState: async (observation, check) => {
        const isSkipped =
          trouble === "not-applied" && this.#isOn() && this.#isOfVictim(observation);
        const before = isSkipped ? await right.readState(observation.applicationToken) : null;
        if (before === null) return right.mergeState(observation, check);
        // It is acknowledged, and lost.
        return { before, after: mergeOver(before, observation) };
      },
    });
    return withMethods(right, wrong);
  }

  #isOfVictim({ lastEnd }: ApplicationState): boolean {
    return lastEnd !== null && [...this.#ids].some((eventId) => lastEnd.stamp.endsWith(eventId));
  }

  #isOn(): boolean {
    const { from, until } = this.#planted;
    const now = this.#now();
    return now >= from && now < until && this.found === null;
  }

  #now(): number {
    return this.#world?.clock.now() ?? 0;
  }

  /** When the event should have been here for as long as the grace. */
  #dueAt(): number {
    const { victim, trouble } = this.#planted;
    const arrivedAt = trouble === "refused-for-minutes" ? this.#arrivedAt() : null;
    return (
      Math.max(...victim.times, arrivedAt ?? 0) +
      (arrivedAt === null ? POLLER_SETTINGS.gaps.graceMs : 0)
    );
  }

  /** When its webhook was recorded; null: it was not. */
  #arrivedAt(): number | null {
    const [record] = [...this.#ids].flatMap(
      (id) => this.#world?.cloud.applications.events.get(id) ?? [],
    );
    return record?.origin === "webhook" ? record.receivedAt : null;
  }

  #hear(notice: GapNotice): void {
    const { applicationToken, change, events } = notice;
    const own = events.find(({ eventId }) => this.#ids.has(eventId));
    if (applicationToken !== this.#planted.victim.application.token) {
      if (!this.#isWide()) this.accused.push(applicationToken);
      return;
    }
    if (change === "closed" && (this.found !== null || own?.stage === "late")) this.isClosed = true;
    // Of a submission of which nothing has come no event is named.
    const said = own?.stage ?? (notice.eventCount === 0 ? notice.stage : null);
    if (this.found !== null || said === null) return;
    const was = trueStageOf(this.#planted, {
      hasArrived: this.#arrivedAt() !== null,
      isDeadLettered: this.#isDeadLettered(),
    });
    this.found = { said, was, periods: this.#checks };
  }

  /** Whether others than the victim's application have the trouble too. */
  #isWide(): boolean {
    return ["refused", "refused-for-minutes", "held"].includes(this.#planted.trouble);
  }

  #isDeadLettered(): boolean {
    if (this.#world === null) return false;
    const { deadLetters, events } = this.#world.cloud;
    const given = events.messages().filter(({ receives }) => receives >= QUEUE.maxReceives);
    const dead = [...deadLetters.messages(), ...given];
    return dead.some(({ body }) => tellsOf(body, this.#planted.victim));
  }
}

/** The announcer puts nothing else there. */
function isNotice(detail: unknown): detail is GapNotice {
  return typeof detail === "object" && detail !== null && "gapId" in detail;
}

function tellsOf(message: string, { told }: TrueEvent): boolean {
  // Of the world's one body that no message holds, only the key is there.
  const isElsewhere = "reason" in told && message.includes(`"payloadKey":"`);
  return (
    isElsewhere ||
    (message.includes(told.journey_application_token) &&
      message.includes(`\\"type\\":\\"${told.type}\\"`) &&
      message.includes(
        JSON.stringify(`"timestamp":${JSON.stringify(told["timestamp"])}`).slice(1, -1),
      ))
  );
}
