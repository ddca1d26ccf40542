import type { PollerSettings } from "../../lambdas/settings/poller-settings.ts";
import { bareState } from "../../lambdas/domain/application/application-state.ts";
import { mergeOver } from "../../lambdas/domain/application/withholding.ts";
import type { DeliveryRecord } from "../../lambdas/domain/reconciliation/delivery.ts";
import type { Envelope } from "../../lambdas/domain/event/envelope.ts";
import type { GapNotice, InvestigationGapNotice } from "../../lambdas/domain/routing/gap-notice.ts";
import { NEVER_CHECKED } from "../../lambdas/domain/polling/polling-ports.ts";
import type { AlloyAnswer, AlloyApi, History } from "../../lambdas/domain/polling/polling-ports.ts";
import { timeOfCheck } from "../../lambdas/domain/polling/polling-schedule.ts";
import { stateOfEvent } from "../../lambdas/domain/application/observation.ts";
import { reportOf } from "../../lambdas/domain/reconciliation/reconciliation.ts";
import type {
  RecordedEvent,
  RecordedFailure,
} from "../../lambdas/domain/reconciliation/reconciliation.ts";
import type { JourneyEvent } from "../../lambdas/domain/event/journey-event.ts";
import { makePollerHandler } from "../../lambdas/poller/handler.ts";
import type { Refusal } from "../../lambdas/domain/refusal.ts";
import { alloyAnswer, refuseList } from "../../tools/cloud-in-memory/builders.ts";
import { POLLER_SETTINGS, pollerOver } from "../../tools/cloud-in-memory/runtime.ts";
import { MemoryApplicationTable } from "../../tools/cloud-in-memory/application-table.ts";
import type { KeptApplication } from "../../tools/cloud-in-memory/application-table.ts";
import type { MemoryInvestigations } from "../../tools/cloud-in-memory/investigations.ts";
import { MemoryPayloadBucket } from "../../tools/cloud-in-memory/payload-bucket.ts";
import { Clock } from "../../tools/cloud-in-memory/clock.ts";
import { aJourneyEvent } from "./journey-event.ts";
import { keptTelemetry } from "./telemetry.ts";

export const START = 1_760_000_000_000;
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** An application as the table keeps it, with its history. */
export interface StoredApplication extends KeptApplication {
  readonly events: readonly RecordedEvent[];
  readonly failures: readonly RecordedFailure[];
}

/** A table of these applications, whose histories are theirs. */
class TableOf extends MemoryApplicationTable {
  override readonly applications: Map<string, StoredApplication>;

  readonly #isAlone: ((stored: StoredApplication | undefined) => boolean) | undefined;

  constructor(
    applications: Map<string, StoredApplication>,
    isAlone?: (stored: StoredApplication | undefined) => boolean,
  ) {
    super();
    this.applications = applications;
    this.#isAlone = isAlone;
  }

  /** How often what is recorded was read. */
  historiesRead = 0;

  override async history(applicationToken: string): Promise<History> {
    this.historiesRead += 1;
    const { events = [], failures = [] } = this.applications.get(applicationToken) ?? {};
    return { events, failures };
  }

  protected override isAlone(applicationToken: string): boolean {
    const stored = this.applications.get(applicationToken);
    return this.#isAlone?.(stored) ?? stored?.failures.length === 0;
  }
}

export function recordOf(event: JourneyEvent, changes: Partial<RecordedEvent> = {}): RecordedEvent {
  return {
    ...reportOf(event),
    receivedAt: event.at + 500,
    origin: "webhook",
    isWithheld: false,
    ...changes,
  };
}

export const TIMED_OUT: AlloyAnswer = { kind: "failed", cause: "timeout", retryAfterMs: null };

/** One for all runs: to note where an error was made takes longer than a run. */
const NO_METRICS = new Error("no metrics");

/** A poller among memory, in virtual time. */
export function aPoller(
  applications: Map<string, StoredApplication>,
  options: {
    readonly answer: (applicationToken: string, call: number) => AlloyAnswer;
    readonly changes?: Partial<PollerSettings>;
    readonly now?: number;
    /** How webhooks fared; unreadable unless given. */
    readonly delivery?: DeliveryRecord;
    /** Whether the bus takes nothing at this moment. */
    readonly isBusOut?: () => boolean;
    /** Why the queue does not take an envelope; it takes each unless given. */
    readonly refuse?: (envelope: Envelope) => Refusal | null;
    /** Whether the queue refuses what is sent. */
    readonly isQueueOut?: () => boolean;
    /** Alloy's list of Investigations. @default - refused */
    readonly list?: AlloyApi["listInvestigations"];
    /** What is known of Investigations. @default - nothing */
    readonly investigations?: MemoryInvestigations;
    /** Whether nothing stands beside a state. @default - where there is no failure */
    readonly isAlone?: (stored: StoredApplication | undefined) => boolean;
    /** How long each call takes. */
    readonly callMs?: number | ((applicationToken: string) => number);
  },
) {
  const clock = new Clock(options.now ?? START);
  const { callMs = 100 } = options;
  const sent: Envelope[] = [];
  const payloads = new MemoryPayloadBucket();
  const calls: { readonly applicationToken: string; readonly at: number }[] = [];
  const notices: GapNotice[] = [];
  const investigationNotices: InvestigationGapNotice[] = [];
  const { metrics, logger, kept } = keptTelemetry();
  let renewals = 0;

  const table = new TableOf(applications, options.isAlone);
  const handle = makePollerHandler(
    pollerOver({
      settings: { ...POLLER_SETTINGS, ...options.changes },
      applications: table,
      ...(options.investigations !== undefined && { investigations: options.investigations }),
      alloy: {
        async getApplication({ applicationToken }, timeoutMs) {
          calls.push({ applicationToken, at: clock.now() });
          const call = calls.length;
          const tookMs = typeof callMs === "number" ? callMs : callMs(applicationToken);
          await clock.sleep(Math.min(tookMs, timeoutMs));
          return tookMs > timeoutMs ? TIMED_OUT : options.answer(applicationToken, call);
        },
        listInvestigations: options.list ?? refuseList,
        renewCredentials() {
          renewals += 1;
        },
      },
      deliveries: {
        async record() {
          if (options.delivery === undefined) throw NO_METRICS;
          return options.delivery;
        },
      },
      gaps: {
        async announce(announced) {
          if (options.isBusOut?.()) throw new Error("the bus is out");
          for (const notice of announced) {
            if ("investigationToken" in notice) investigationNotices.push(notice);
            else notices.push(notice);
          }
        },
      },
      queue: {
        async send(envelopes) {
          if (options.isQueueOut?.() === true && envelopes.length > 0) {
            throw new Error("the queue is out");
          }
          const answers = envelopes.map((envelope) => options.refuse?.(envelope) ?? null);
          sent.push(...envelopes.filter((_, index) => answers[index] === null));
          return answers;
        },
      },
      payloads,
      metrics,
      logger,
      now: clock.now,
      sleep: clock.sleep,
    }),
  );

  const run = async () => {
    const report = await clock.during(() => handle({}));
    if ("dryRun" in report) throw new Error("this was no dry run");
    return report;
  };
  return {
    run,
    /** A run so many milliseconds later. */
    async runAfter(ms: number) {
      clock.skip(ms);
      return run();
    },
    /** So many runs, each so long after the one before has begun. */
    async runs(count: number, tickMs: number = POLLER_SETTINGS.polling.rateMs) {
      const first = clock.now();
      for (let number = 0; number < count; number += 1) {
        clock.skip(first + number * tickMs - clock.now());
        await run();
      }
    },
    dryRun: () => clock.during(() => handle({ dryRun: true })),
    probe: () => clock.during(() => handle({ probe: true })),
    sent,
    payloads,
    notices,
    investigationNotices,
    calls,
    ...kept,
    renewals: () => renewals,
    historiesRead: () => table.historiesRead,
    advance: (ms: number) => {
      clock.skip(ms);
    },
    now: clock.now,
  };
}

/** A poller over one application, JA-1: of which Alloy has these events, or of which it answers so. */
export function aPollerOf(
  stored: StoredApplication,
  atAlloy: readonly JourneyEvent[] | (() => AlloyAnswer),
  options: Omit<Parameters<typeof aPoller>[1], "answer"> & {
    /** What the answer says besides. */
    readonly says?: Readonly<Record<string, unknown>>;
  } = {},
) {
  const { says, ...given } = options;
  const applications = new Map([["JA-1", stored]]);
  const answer = typeof atAlloy === "function" ? atAlloy : () => alloyAnswer("JA-1", atAlloy, says);
  const poller = aPoller(applications, { ...given, answer });
  const now = () => applications.get("JA-1") ?? stored;
  return {
    ...poller,
    stored: now,
    /** When it is checked next, epoch milliseconds; null: never. */
    nextCheckAt() {
      const { dueAt, memory } = now();
      return timeOfCheck(dueAt, memory.wait);
    },
    change: (changes: Partial<StoredApplication>) =>
      void applications.set("JA-1", { ...now(), ...changes }),
  };
}

/** The same after its first run, with what the run reported. */
export async function afterRun(...given: Parameters<typeof aPollerOf>) {
  const poller = aPollerOf(...given);
  return { ...poller, report: await poller.run() };
}

/** Open applications, all due, each a millisecond after the one before it. */
export function openApplications(...tokens: readonly string[]): Map<string, StoredApplication> {
  return new Map(
    tokens.map((applicationToken, index) => {
      const event = aJourneyEvent({ applicationToken, at: START - 20 * MINUTE });
      return [applicationToken, withRecorded([event], { dueAt: START - tokens.length + index })];
    }),
  );
}

/** So many tokens, in their order. */
export const numbered = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${prefix}-${String(index).padStart(4, "0")}`);

/** The failure of an event, which rests in the dead-letter queue unless said otherwise. */
export function failureOf(
  { eventId, type }: Pick<JourneyEvent, "eventId" | "type">,
  changes: Partial<RecordedFailure> = {},
): RecordedFailure {
  return {
    eventId,
    eventType: type,
    failedAt: START - 15 * MINUTE,
    reason: "the bus is down",
    deadLettered: true,
    ...changes,
  };
}

/** An application of which these events are recorded, and applied; due now. */
export function withRecorded(
  events: readonly JourneyEvent[],
  changes: Partial<StoredApplication> = {},
): StoredApplication {
  return {
    state: events
      .map((event) => stateOfEvent(event))
      .reduce(
        (before, heard) => mergeOver(before, heard),
        bareState(events[0]?.applicationToken ?? "JA-1"),
      ),
    memory: NEVER_CHECKED,
    revision: 1,
    dueAt: START,
    hasFailed: (changes.memory?.failedChecks ?? 0) > 0,
    claimedUntil: null,
    settledAt: null,
    events: events.map((event) => recordOf(event)),
    failures: [],
    gap: null,
    tally: null,
    ...changes,
  };
}
