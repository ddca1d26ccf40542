import type { MetricName, PollerSettings } from "../../lambdas/settings.ts";
import { mergeState } from "../../lambdas/domain/application/application-state.ts";
import type { ApplicationState } from "../../lambdas/domain/application/application-state.ts";
import type { DeliveryRecord } from "../../lambdas/domain/reconciliation/delivery.ts";
import type { Envelope } from "../../lambdas/domain/event/envelope.ts";
import type { GapNotice, InvestigationGapNotice } from "../../lambdas/domain/routing/gap-notice.ts";
import type { Gap } from "../../lambdas/domain/reconciliation/gap.ts";
import { NEVER_CHECKED } from "../../lambdas/domain/polling/polling-ports.ts";
import type {
  AlloyAnswer,
  AlloyApi,
  CheckMemory,
  Witness,
} from "../../lambdas/domain/polling/polling-ports.ts";
import { stateOfEvent } from "../../lambdas/domain/application/observation.ts";
import { reportOf } from "../../lambdas/domain/reconciliation/reconciliation.ts";
import type {
  RecordedEvent,
  RecordedFailure,
} from "../../lambdas/domain/reconciliation/reconciliation.ts";
import type { JourneyEvent } from "../../lambdas/domain/event/journey-event.ts";
import { makePollerHandler } from "../../lambdas/poller/handler.ts";
import type { LogFields } from "../../lambdas/telemetry/line-logger.ts";
import type { Metrics } from "../../lambdas/telemetry/metrics.ts";
import type { Refusal } from "../../lambdas/domain/refusal.ts";
import { refuseList } from "../../tools/cloud-in-memory/builders.ts";
import { POLLER_SETTINGS, pollerOver } from "../../tools/cloud-in-memory/runtime.ts";
import type { MemoryInvestigations } from "../../tools/cloud-in-memory/investigations.ts";
import { MemoryPayloadBucket } from "../../tools/cloud-in-memory/payload-bucket.ts";
import { Clock } from "../../tools/cloud-in-memory/clock.ts";

export const START = 1_760_000_000_000;

/** What an application looks like to the poller. */
export interface StoredApplication {
  readonly state: ApplicationState;
  readonly memory: CheckMemory;
  readonly dueAt: number | null;
  /** Null while no run has claimed it. */
  readonly claimedUntil: number | null;
  readonly events: readonly RecordedEvent[];
  readonly failures: readonly RecordedFailure[];
  readonly gap: Gap | null;
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

const TIMED_OUT: AlloyAnswer = { kind: "failed", cause: "timeout", retryAfterMs: null };

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
  const metrics = new Map<string, number>();
  const logs: { readonly code: string; readonly fields: LogFields }[] = [];
  let renewals = 0;
  let flushes = 0;
  let witness: Witness | null = null;

  const collect: Metrics = {
    count(name, value = 1, dimensions = {}) {
      const key = [name, ...Object.values(dimensions)].join(" ");
      metrics.set(key, (metrics.get(key) ?? 0) + value);
    },
    milliseconds(name, value) {
      metrics.set(name, value);
    },
    flush() {
      flushes += 1;
    },
  };
  const log = (code: string, fields: LogFields = {}) => void logs.push({ code, fields });

  const handle = makePollerHandler(
    pollerOver({
      settings: { ...POLLER_SETTINGS, ...options.changes },
      applications: {
        async list(now, limit) {
          return [...applications]
            .filter(([, { dueAt }]) => dueAt !== null && dueAt <= now)
            .map(([applicationToken, { dueAt, memory }]) => ({
              applicationToken,
              dueAt: dueAt ?? 0,
              hasFailed: memory.failedChecks > 0,
            }))
            .toSorted(
              (one, other) =>
                Number(one.hasFailed) - Number(other.hasFailed) || one.dueAt - other.dueAt,
            )
            .slice(0, limit);
        },
        async countDue(before) {
          return [...applications.values()].filter(({ dueAt }) => dueAt !== null && dueAt < before)
            .length;
        },
        async claim({ applicationToken, dueAt }, { now, until, again }) {
          const stored = applications.get(applicationToken);
          if (stored === undefined || stored.dueAt !== dueAt) return null;
          const { claimedUntil } = stored;
          if (claimedUntil !== null && claimedUntil > now) return null;
          const failedChecks = stored.memory.failedChecks + (claimedUntil === null ? 0 : 1);
          const claimed = {
            ...stored,
            memory: { ...stored.memory, failedChecks },
            dueAt: claimedUntil === null ? dueAt : Math.max(until, again(failedChecks)),
            claimedUntil: until,
          };
          applications.set(applicationToken, claimed);
          return { ...claimed, revision: 1 };
        },
        async look(applicationToken) {
          return applications.get(applicationToken) ?? null;
        },
        async history(applicationToken) {
          const { events = [], failures = [] } = applications.get(applicationToken) ?? {};
          return { events, failures };
        },
        async plan({ state: { applicationToken } }, { dueAt, memory, gap }) {
          const stored = applications.get(applicationToken);
          if (stored === undefined) throw new Error(`${applicationToken} is not there`);
          applications.set(applicationToken, { ...stored, dueAt, claimedUntil: null, memory, gap });
        },
        async openGaps(since) {
          return [...applications].flatMap(([applicationToken, { state, gap }]) =>
            gap !== null && gap.since <= since
              ? [{ applicationToken, journeyToken: state.journeyToken, stage: gap.stage }]
              : [],
          );
        },
        async witness() {
          return witness;
        },
        async keepWitness(changes) {
          const nobody = { applicationToken: "", journeyToken: "", knownAt: 0, askedAt: null };
          witness = { ...(witness ?? nobody), ...changes };
        },
      },
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
          if (options.delivery === undefined) throw new Error("no metrics");
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
      metrics: collect,
      logger: { debug: log, info: log, warn: log, error: log },
      now: clock.now,
      sleep: clock.sleep,
    }),
  );

  return {
    run: async () => {
      const report = await clock.during(() => handle({}));
      if ("dryRun" in report) throw new Error("this was no dry run");
      return report;
    },
    dryRun: () => clock.during(() => handle({ dryRun: true })),
    probe: () => clock.during(() => handle({ probe: true })),
    sent,
    payloads,
    notices,
    investigationNotices,
    calls,
    logs,
    /** @param dimension - the value of the one extra dimension. */
    metric: (name: MetricName, dimension?: string) =>
      metrics.get(dimension === undefined ? name : `${name} ${dimension}`),
    metrics,
    renewals: () => renewals,
    flushes: () => flushes,
    advance: (ms: number) => {
      clock.skip(ms);
    },
    now: clock.now,
  };
}

/** An application of which these events are recorded, and applied; due now. */
export function withRecorded(
  events: readonly JourneyEvent[],
  changes: Partial<StoredApplication> = {},
): StoredApplication {
  return {
    state: events.map((event) => stateOfEvent(event)).reduce(mergeState),
    memory: NEVER_CHECKED,
    dueAt: START,
    claimedUntil: null,
    events: events.map((event) => recordOf(event)),
    failures: [],
    gap: null,
    ...changes,
  };
}
