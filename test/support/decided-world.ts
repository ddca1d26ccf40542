import { makeConsumerHandler } from "../../lambdas/consumer/handler.ts";
import { encodeEnvelope } from "../../lambdas/domain/event/envelope.ts";
import type { AlloyAnswer } from "../../lambdas/domain/polling/polling-ports.ts";
import type { PublishedEvent } from "../../lambdas/domain/routing/published-event.ts";
import type { ApplicationStore } from "../../lambdas/domain/ports.ts";
import type { AlloyApplication } from "../../lambdas/domain/reconciliation/alloy-application.ts";
import { parseAlloyApplication } from "../../lambdas/domain/reconciliation/alloy-application.ts";
import { makePollerHandler } from "../../lambdas/poller/handler.ts";
import type { DecisionSettings } from "../../lambdas/settings/poller-settings.ts";
import { lambdaContext, alloyThatAnswers } from "../../tools/cloud-in-memory/builders.ts";
import { makeMemoryCloud } from "../../tools/cloud-in-memory/cloud.ts";
import { HOUR, MINUTE, SECOND } from "../../tools/cloud-in-memory/clock.ts";
import { settleBatch, sqsEventOf } from "../../tools/cloud-in-memory/event-source.ts";
import { oneByOne, withMethods } from "../../tools/cloud-in-memory/faults.ts";
import { MemoryIdempotency } from "../../tools/cloud-in-memory/idempotency.ts";
import { Random } from "../../tools/cloud-in-memory/random.ts";
import {
  CONSUMER_SETTINGS,
  POLLER_SETTINGS,
  consumerOver,
  pollerOver,
} from "../../tools/cloud-in-memory/runtime.ts";
import { keptTelemetry } from "./telemetry.ts";

export const DECISION_SETTINGS: DecisionSettings = {
  outcomeReasons: true,
  tags: true,
  outputAttributes: ["credit_limit"],
  dashboardUrl: "https://alloy.example/applications/{applicationToken}",
};

/** In every reason: found where no reason may be. */
export const MARK = "Q7marked";

type Output = Readonly<Record<string, unknown>>;

interface TrueApplication {
  readonly token: string;
  readonly events: object[];
  status: string;
  outcome: string | null;
  output: Output | null;
  /** Its answers lack the fields until then, epoch milliseconds. */
  bareUntil: number;
  /** What it decided, one after the other. */
  readonly decisions: string[];
}

/** How a decision reads, at Alloy and on the bus. */
function textOf(outcome: string | null, reasons: readonly string[]): string {
  return `${outcome} because of ${reasons.toSorted().join(", ")}`;
}

/**
 * Applications that end, change, are reopened and rerun, over the real poller and consumer. Webhooks are lost and doubled,
 * messages come twice, answers are refused or lack the fields, and writes fail after they were made.
 */
export class DecidedWorld {
  readonly cloud;
  readonly telemetry = keptTelemetry();
  readonly applications: TrueApplication[] = [];
  readonly #random: Random;
  readonly #run: () => Promise<unknown>;
  readonly #consume: ReturnType<typeof makeConsumerHandler>;
  #now = 1_760_000_000_000;
  #receipts = 0;

  readonly #read: (application: AlloyApplication) => AlloyApplication;

  /** @param wrong - bugs to plant: of the store of the consumer, and in what the poller reads. */
  constructor(
    seed: number,
    decision: DecisionSettings | null,
    wrong: {
      readonly store?: (right: ApplicationStore) => Partial<ApplicationStore>;
      readonly read?: (application: AlloyApplication) => AlloyApplication;
    } = {},
  ) {
    this.#read = wrong.read ?? ((application) => application);
    this.#random = new Random(seed);
    const now = () => this.#now;
    const cloud = makeMemoryCloud({ now });
    this.cloud = cloud;
    const { metrics, logger } = this.telemetry;
    const random = this.#random;
    const failing = async <Result>(done: Promise<Result>, chance: number): Promise<Result> => {
      const result = await done;
      if (random.chance(chance)) throw new Error("cut off after the call");
      return result;
    };
    const right = cloud.applications;
    const store = withMethods(right, wrong.store?.(right) ?? {});
    const idempotency = new MemoryIdempotency(cloud.idempotency, now);
    this.#consume = makeConsumerHandler(
      consumerOver({
        cloud,
        now,
        metrics,
        logger,
        settings: { ...CONSUMER_SETTINGS, decides: decision !== null },
        store: withMethods(
          store,
          oneByOne({ mergeState: (...given) => failing(store.mergeState(...given), 0.02) }),
        ),
        idempotency: {
          begin: (...given) => idempotency.begin(...given),
          isCompleted: (...given) => idempotency.isCompleted(...given),
          release: (...given) => idempotency.release(...given),
          complete: (...given) =>
            random.chance(0.03)
              ? Promise.reject(new Error("cut off before the call"))
              : idempotency.complete(...given),
        },
      }),
    );
    const polling = {
      ...POLLER_SETTINGS.polling,
      rateMs: MINUTE,
      callsPerRun: 10_000,
      // Changes that no webhook reports are found all the same.
      rerunCheckMs: 8 * HOUR,
    };
    const handle = makePollerHandler(
      pollerOver({
        cloud,
        now,
        metrics,
        logger,
        random: () => random.next(),
        settings: { ...POLLER_SETTINGS, decision, polling },
        alloy: alloyThatAnswers(({ applicationToken }) => this.#answer(applicationToken)),
      }),
    );
    this.#run = () => handle({});
  }

  /** Lets so many applications end, and change up to twice. */
  async play(count: number): Promise<void> {
    for (let number = 1; number <= count; number += 1) this.#open(`JA-${number}`);
    for (const application of this.applications) this.#end(application);
    await this.#wait();
    for (let change = 0; change < 2; change += 1) {
      const isChanging = () => this.#random.chance(0.6);
      for (const application of this.applications.filter(isChanging)) {
        await this.#change(application);
      }
      await this.#wait();
    }
  }

  decided(): readonly PublishedEvent[] {
    return this.published().filter(({ route }) => route === "decided");
  }

  published(): readonly PublishedEvent[] {
    return this.cloud.bus.published;
  }

  /** What the bus said of an application, one entry for each `eventId`. */
  decisionsOnBus(token: string): readonly string[] {
    const own = this.decided().filter(({ applicationToken }) => applicationToken === token);
    const byId = new Map(own.map((event) => [event.eventId, event]));
    return [...byId.values()].map(({ outcome, decision }) =>
      textOf(
        outcome,
        (decision?.outcomeReasons ?? []).map(({ name }) => name),
      ),
    );
  }

  /** Those of which the bus has other decisions than Alloy made. */
  wrong(): readonly TrueApplication[] {
    return this.applications.filter(
      ({ token, decisions }) =>
        JSON.stringify(this.decisionsOnBus(token)) !== JSON.stringify(decisions),
    );
  }

  #open(token: string): TrueApplication {
    const application: TrueApplication = {
      token,
      events: [],
      status: "running",
      outcome: null,
      output: null,
      bareUntil: 0,
      decisions: [],
    };
    this.applications.push(application);
    this.#raise(application, "started_application");
    return application;
  }

  #end(application: TrueApplication): void {
    const outcome = this.#random.pick(["Approved", "Denied"]);
    this.#raise(application, "completed_application", { outcome });
    application.status = "completed";
    if (this.#random.chance(0.1)) application.bareUntil = this.#now + 5 * MINUTE;
    this.#decide(application, outcome);
  }

  #decide(application: TrueApplication, outcome: string, isSame = false): void {
    application.outcome = outcome;
    const number = this.#random.between(1, 1e9);
    if (!isSame || application.output === null) {
      application.output = {
        outcome_reasons: [
          { name: `${MARK} ${number}`, type: "adverse_action" },
          { name: `${MARK} other`, type: null },
        ],
        tags: [`${MARK} tag`, "second"],
        output_attributes: { credit_limit: `${MARK} ${number}`, unasked: `${MARK} unasked` },
        matrix_models: {},
      };
    }
    const reasons = reasonsIn(application.output);
    application.decisions.push(textOf(outcome, reasons));
  }

  async #change(application: TrueApplication): Promise<void> {
    const { outcome } = application;
    const other = outcome === "Approved" ? "Denied" : "Approved";
    const how = this.#random.pick(["reasons", "end", "reopening", "rerun", "order", "bare"]);
    if (how === "reasons") this.#decide(application, outcome ?? other);
    if (how === "end") {
      this.#raise(application, "completed_application", { outcome: other });
      this.#decide(application, other);
    }
    if (how === "reopening") {
      this.#raise(application, "application_unarchived");
      this.#now += 3 * SECOND;
      const isSame = this.#random.chance(0.5);
      const again = isSame ? (outcome ?? other) : other;
      this.#raise(application, "completed_application", { outcome: again });
      this.#decide(application, again, isSame);
    }
    if (how === "rerun") {
      const rerun = this.#open(`JA-${this.applications.length + 1}r`);
      this.#raise(application, "started_rerun_application", {
        rerun_journey_application_token: rerun.token,
      });
      this.#end(rerun);
    }
    // The same decision in another order, or without what it said before.
    if (how === "order") application.output = reversed(application.output);
    if (how === "bare") application.bareUntil = this.#now + 2 * HOUR;
  }

  #raise({ token, events }: TrueApplication, type: string, more: object = {}): void {
    const event = { type, timestamp: this.#now, ...more };
    events.push(event);
    this.#now += SECOND;
    // Of an application whose first webhook is lost too, nobody would know.
    const isFirst = type === "started_application" && !token.endsWith("r");
    if (!isFirst && this.#random.chance(0.3)) return;
    const data = {
      journey_application_token: token,
      journey_token: "J-1",
      journey_name: "Onboarding",
      ...event,
    };
    const type_ = "update:journeyapplications:sandbox";
    const body = JSON.stringify({ request_token: "r", timestamp: this.#now, type: type_, data });
    for (let copies = this.#random.chance(0.2) ? 2 : 1; copies > 0; copies -= 1) {
      this.#receipts += 1;
      const receipt = { receiptId: `webhook-${this.#receipts}`, receivedAt: this.#now };
      const rest = { payloadKey: null, sourceIp: null };
      this.cloud.events.send(encodeEnvelope({ v: 1, kind: "webhook", ...receipt, body, ...rest }));
    }
  }

  #answer(token: string): AlloyAnswer {
    if (this.#random.chance(0.05)) {
      return { kind: "failed", cause: "server-error", retryAfterMs: null };
    }
    const application = this.applications.find((one) => one.token === token);
    if (application === undefined) throw new Error(`Alloy has no ${token}`);
    const { status, outcome, events, output, bareUntil } = application;
    const body = JSON.stringify({
      journey_application_token: token,
      status,
      complete_outcome: outcome,
      sandbox: true,
      updated_at: this.#now,
      terminal_reconciliation_output: bareUntil > this.#now ? null : output,
      _embedded: { journey: { journey_token: "J-1", journey_name: "Onboarding" }, events },
    });
    const parsed = parseAlloyApplication(body, { applicationToken: token, journeyToken: "J-1" });
    if ("reason" in parsed) throw new Error(parsed.reason);
    return { kind: "application", application: this.#read(parsed.application) };
  }

  /** Forty minutes by the minute, and then until the two next checks that are planned have been made. */
  async #wait(): Promise<void> {
    for (let tick = 0; tick < 40; tick += 1) await this.#tick(MINUTE);
    for (let tick = 0; tick < 36; tick += 1) await this.#tick(HOUR / 2);
  }

  async #tick(ms: number): Promise<void> {
    const end = this.#now + ms;
    await this.#drain();
    const runs = this.#random.chance(0.1) ? 2 : 1;
    await Promise.all(Array.from({ length: runs }, () => this.#run()));
    for (const { body } of this.cloud.events.messages()) {
      if (this.#random.chance(0.1)) this.cloud.events.send(body);
    }
    await this.#drain();
    this.#now = Math.max(end, this.#now);
  }

  async #drain(): Promise<void> {
    for (;;) {
      const messages = this.cloud.events.receive();
      if (messages.length === 0) return;
      this.#now += 10;
      settleBatch(
        this.cloud.events,
        messages,
        await this.#consume(sqsEventOf(messages), lambdaContext()),
      );
    }
  }
}

function reasonsIn(output: Output): readonly string[] {
  const { outcome_reasons: reasons } = output;
  return Array.isArray(reasons) ? reasons.map(({ name }) => String(name)) : [];
}

function reversed(output: Output | null): Output | null {
  if (output === null) return null;
  const lists = Object.entries(output).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.toReversed() : value,
  ]);
  return Object.fromEntries(lists);
}
