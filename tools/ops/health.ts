import { METRICS } from "../../lambdas/settings/metrics.ts";
import type { Attention, Status } from "./health-schema.ts";
import { STATUS_METRICS } from "./status-metrics.ts";
import { isoOf } from "./timeline.ts";
import { counted } from "../terminal/counted.ts";

/** What was seen of a stack, before anybody says whether it is good. Times are epoch milliseconds. */
export interface Observed {
  readonly stack: string;
  readonly now: number;
  readonly alarms: readonly {
    readonly id: string;
    readonly severity: "page" | "ticket";
    readonly fact: string;
    readonly since: number | null;
    readonly runbook: string | null;
    /** Names of the queues and of the metrics of ours that it reads. */
    readonly reads: readonly string[];
  }[];
  /** What API Gateway answers to a GET; null: nothing. */
  readonly endpoint: {
    readonly url: string;
    readonly answer: number | null;
    readonly why: string;
    readonly ms: number;
  };
  readonly queues: readonly {
    readonly id: string;
    /** As AWS calls it. */
    readonly name: string;
    readonly waiting: number;
    readonly inFlight: number;
  }[];
  /** Last values of gauges, and the sums of counters over the hour; null: nothing came. */
  readonly values: ReadonlyMap<string, number | null>;
  /** The sums of the same hour a week ago. */
  readonly lastWeek: ReadonlyMap<string, number | null>;
  readonly lastWebhookAt: number | null;
  readonly lastPollAt: number | null;
}

/** A GET that no route has (docs/decisions/0025). */
export const GOOD_ANSWER = 404;
const SLOW_MS = 1_000;

/** More than the consumer works on at once. */
const LONG_QUEUE = 1_000;

const SEVERITIES = ["page", "ticket", "note"] as const;

/** Says whether a stack is healthy, why, and what needs attention. It is pure, and its result is JSON. */
export function healthOf(observed: Observed): Status {
  const { stack, now, endpoint, lastWebhookAt, lastPollAt } = observed;
  const measured = [...queuesIn(observed), ...gapsIn(observed)];
  // What an alarm already says is said once, with the alarm's severity.
  const isOfAlarm = (one: Measured) => observed.alarms.some((alarm) => isAbout(alarm, one));
  const attention = [
    ...alarmsIn(observed, measured),
    ...endpointIn(observed),
    ...measured.filter((one) => !isOfAlarm(one)).map(({ fault }) => fault),
    ...metricsIn(observed),
  ].toSorted((one, other) => SEVERITIES.indexOf(one.severity) - SEVERITIES.indexOf(other.severity));
  const faults = attention.filter(({ severity }) => severity !== "note");
  const isHealthy = faults.length === 0;
  return {
    v: 1,
    stack,
    at: isoOf(now) ?? "",
    isHealthy,
    why: isHealthy ? "no alarm, no gap, no dead letter" : whyOf(faults),
    lastWebhookAt: isoOf(lastWebhookAt),
    lastPollAt: isoOf(lastPollAt),
    endpoint: {
      url: endpoint.url,
      answer: endpoint.answer === null ? endpoint.why : String(endpoint.answer),
      ms: endpoint.ms,
      isFine: endpointIn(observed).length === 0,
    },
    attention,
    queues: observed.queues.map((queue) => {
      const { id, waiting, inFlight } = queue;
      return { id, waiting, inFlight, isFine: queueFault(queue) === null };
    }),
    metrics: STATUS_METRICS.map(({ name, kind, good, isZeroGood }) => {
      const value = observed.values.get(name) ?? null;
      const lastWeek = kind === "counter" ? (observed.lastWeek.get(name) ?? null) : null;
      return { name, kind, value, lastWeek, good, isFine: !isZeroGood || (value ?? 0) === 0 };
    }),
  };
}

function whyOf(faults: readonly Attention[]): string {
  const pages = faults.filter(({ kind, severity }) => kind === "alarm" && severity === "page");
  const tickets = faults.filter(({ kind, severity }) => kind === "alarm" && severity === "ticket");
  const named = (title: string, alarms: readonly Attention[]) =>
    alarms.length === 0 ? [] : [`${title} ${alarms.map(({ name }) => name).join(", ")}`];
  const others = faults.filter(({ kind }) => kind !== "alarm").map(({ sentence }) => sentence);
  return [...named("page", pages), ...named("ticket", tickets), ...others].join("; ");
}

/** A fault that was measured, and what an alarm about it reads; null: alarms read it for other reasons as well. */
interface Measured {
  readonly reading: string | null;
  readonly fault: Attention;
}

/** @returns the alarms, each with those faults that it was the first to ring for, of the most severe */
function alarmsIn({ alarms }: Observed, measured: readonly Measured[]): readonly Attention[] {
  const byRank = alarms.toSorted(
    (one, other) =>
      SEVERITIES.indexOf(one.severity) - SEVERITIES.indexOf(other.severity) ||
      (one.since ?? Infinity) - (other.since ?? Infinity),
  );
  return alarms.map((alarm) => {
    const { id, severity, fact, since, runbook } = alarm;
    const faults = measured.filter((fault) => byRank.find((one) => isAbout(one, fault)) === alarm);
    const found = faults.map(({ fault: { sentence } }) => sentence).join(", ");
    return {
      kind: "alarm",
      name: id,
      severity,
      sentence: found === "" ? fact : `${fact} (${found})`,
      since: isoOf(since),
      next: faults[0]?.fault.next ?? null,
      runbook,
    };
  });
}

function isAbout(
  { reads }: Pick<Observed["alarms"][number], "reads">,
  { reading }: Measured,
): boolean {
  return reading !== null && reads.includes(reading);
}

function endpointIn({ endpoint: { answer, why, ms } }: Observed): readonly Attention[] {
  const isFine = answer === GOOD_ANSWER && ms < SLOW_MS;
  if (isFine) return [];
  const sentence =
    answer === GOOD_ANSWER
      ? `the endpoint took ${ms} ms`
      : `the endpoint answered ${answer ?? why}, not ${GOOD_ANSWER}`;
  const severity = answer === GOOD_ANSWER ? "note" : "page";
  return [attentionTo("endpoint", "WebhookUrl", severity, sentence, "logs ingest")];
}

const isOfDeadLetters = ({ id }: Pick<Observed["queues"][number], "id">) =>
  id.endsWith("DeadLetterQueue");

function queueFault({ id, waiting }: Observed["queues"][number]): Attention | null {
  if (waiting === 0) return null;
  if (isOfDeadLetters({ id })) {
    const option = id === "DeadLetterQueue" ? "" : ` --queue ${id}`;
    const sentence = `${waiting} in ${id}`;
    return attentionTo("queue", id, "ticket", sentence, `dead-letters${option}`);
  }
  if (id === "HeldEventQueue") {
    const sentence = `${counted(waiting, "event")} of paused routes held`;
    return attentionTo("queue", id, "note", sentence, null);
  }
  if (id === "EventQueue" && waiting >= LONG_QUEUE) {
    return attentionTo("queue", id, "ticket", `${waiting} events wait in ${id}`, "logs consumer");
  }
  return null;
}

function queuesIn({ queues }: Observed): readonly Measured[] {
  return queues.flatMap((queue) => {
    const fault = queueFault(queue);
    const reading = isOfDeadLetters(queue) ? queue.name : null;
    return fault === null ? [] : [{ reading, fault }];
  });
}

function gapsIn({ values }: Observed): readonly Measured[] {
  const count = values.get(METRICS.deliveryGaps) ?? 0;
  if (count === 0) return [];
  const sentence = counted(count, "application in gap", "applications in gap");
  const fault = attentionTo("gaps", METRICS.deliveryGaps, "ticket", sentence, "gaps");
  return [{ reading: METRICS.deliveryGaps, fault }];
}

/** Counters that are unusual by themselves; alarms say when they are more than that. */
function metricsIn({ values, lastWeek, now, lastWebhookAt }: Observed): readonly Attention[] {
  const unusual = STATUS_METRICS.filter(
    ({ name, isZeroGood }) =>
      isZeroGood && name !== METRICS.deliveryGaps && (values.get(name) ?? 0) > 0,
  ).map(({ name, kind }) => {
    const value = values.get(name) ?? 0;
    const sentence = kind === "gauge" ? `${name} is ${value}` : `${name} ${value} in the last hour`;
    return attentionTo("metric", name, "note", sentence, null);
  });
  const before = lastWeek.get(METRICS.webhooksReceived) ?? 0;
  const received = values.get(METRICS.webhooksReceived) ?? 0;
  // A quarter is less than the noise of one hour in a week of a small bank.
  if (before < 20 || received >= before / 4) return unusual;
  const last = lastWebhookAt === null ? "" : `, the last ${agoText(now - lastWebhookAt)} ago`;
  const sentence = `${received} webhooks in the last hour, ${before} in the same hour last week${last}`;
  const about = attentionTo("arrival", METRICS.webhooksReceived, "note", sentence, "logs ingest");
  return [about, ...unusual];
}

function attentionTo(
  kind: Attention["kind"],
  name: string,
  severity: Attention["severity"],
  sentence: string,
  next: string | null,
): Attention {
  return { kind, name, severity, sentence, since: null, next, runbook: null };
}

/** "12 min", as people say it. */
export function agoText(ms: number): string {
  const minutes = Math.max(0, Math.round(ms / 60_000));
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} days`;
}
