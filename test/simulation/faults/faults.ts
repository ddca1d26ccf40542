import { Random, mix, numberOf } from "../../../tools/cloud-in-memory/random.ts";

/** Everything that can go wrong, and what it means. */
export const FAULT_KINDS = {
  // A call of one of our functions to AWS.
  "crash-before": "the sandbox dies before its call is sent",
  "crash-after": "the sandbox dies when its call has been applied",
  throttled: "the call is refused, and not applied",
  "timed-out": "the call gets no answer, and is not applied",
  "timed-out-though-applied": "the call gets no answer, and is applied",
  "applied-twice": "the client sends the call again after a time-out, and both are applied",
  slow: "the call takes seconds",
  stalled: "the sandbox stands still for seconds or minutes, with its call under way",
  "partly-refused": "the bus refuses some of the entries",
  // Lambda.
  "init-crash": "a new sandbox dies before it takes its first event",
  "function-throttled": "Lambda refuses the invocation",
  recycled: "an idle sandbox is put away, with whatever it had not ended",
  "resumes-after-timeout":
    "a sandbox that ran out of time is frozen, not killed, and goes on later",
  skewed: "a new sandbox's clock is up to a second off",
  // SQS and the event source.
  "queue-lags": "the queue hands out nothing for minutes",
  "delivered-twice": "a message is handed out although it is being worked on",
  "delete-failed": "the messages of a batch that is done are not deleted",
  // The way from Alloy to us.
  withheld: "Alloy never sends the webhook",
  copied: "Alloy sends the webhook more than once",
  "request-lost": "the webhook does not reach us",
  "answer-lost": "our answer does not reach Alloy",
  "gateway-throttled": "API Gateway answers 429",
  "rotated-too-early": "Alloy uses a new credential before we know it",
  // The poller.
  "tick-missed": "the schedule does not invoke the poller",
  "tick-twice": "the schedule invokes the poller twice",
  "metrics-unreadable": "CloudWatch does not answer",
  "alloy-failed": "Alloy's API answers 500, or garbage, or nothing",
  "alloy-rate-limited": "Alloy's API answers 429",
  "alloy-unauthorized": "Alloy's API answers 401",
  // People.
  "redriven-early": "somebody redrives the dead-letter queue in the middle of it",
  replayed: "somebody replays an event that has had its effect",
  // All at once.
  "table-out": "DynamoDB takes nothing for a while",
  "bus-out": "EventBridge takes nothing for a while",
  "queue-out": "SQS takes nothing for a while",
  "alloy-out": "Alloy's API answers nothing for a while",
  "ingest-out": "ingest answers nothing for a while",
  // Answers that say 200, and less than they should. The last, so that the others stay where they are.
  "answered-nothing": "the bus takes the entries, and answers {}",
  "answered-without-entries": "the bus answers a count of failures, and names no entry",
  "answered-without-one": "the queue does not name a message, whether it took it or not",
} as const;

export type FaultKind = keyof typeof FAULT_KINDS;

/** In a fixed order. */
export const ALL_FAULT_KINDS: readonly FaultKind[] = Object.keys(FAULT_KINDS).filter(isFaultKind);

function isFaultKind(name: string): name is FaultKind {
  return Object.hasOwn(FAULT_KINDS, name);
}

/** A fault that happened. */
export interface Fault<Kind extends FaultKind = FaultKind> {
  readonly kind: Kind;
  /** Where: a call of one of our functions, or a part of the world. */
  readonly site: string;
  /** What it was about: an event, an application; empty where the place says it all. */
  readonly subject: string;
  /** The how manieth of its place and subject, from 1. */
  readonly occurrence: number;
  /** Uniform over [0, 1): how long, how many, which. */
  readonly amount: number;
}

/** By which a fault is known from run to run, as long as what comes before it is the same. */
export function faultKey({ site, subject, occurrence }: Omit<Fault, "kind" | "amount">): string {
  return `${placeOf(site, subject)}#${occurrence}`;
}

function placeOf(site: string, subject: string): string {
  return subject === "" ? site : `${site} ${subject}`;
}

/** How likely each kind is where it can happen: the fault schedule of a seed. */
export type FaultSchedule = ReadonlyMap<FaultKind, number>;

/**
 * Decides what goes wrong. Each decision depends on the seed, its place and its number there, and on
 * nothing else: taking one fault out of a schedule leaves most of the others in it where they are.
 */
export class Faults {
  readonly happened: Fault[] = [];
  readonly #options: FaultOptions;
  /** By site, then by subject. */
  readonly #places = new Map<string, Map<string, Place>>();
  /** Of a list of kinds, how likely it is that one of them happens. */
  readonly #likelihoods = new Map<readonly FaultKind[], number>();

  constructor(options: FaultOptions) {
    this.#options = options;
  }

  /**
   * What goes wrong here now, of what can; null: nothing.
   *
   * @param kinds - a list of more than one is a constant: its likelihood is remembered.
   */
  draw<Kind extends FaultKind>(
    site: string,
    kinds: readonly Kind[],
    subject = "",
  ): Fault<Kind> | null {
    const { faultSchedule, only, until, now } = this.#options;
    if (faultSchedule === null || now() >= until) return null;
    const place = this.#placeAt(site, subject);
    place.count += 1;
    let roll = mix(place.seed, place.count) / 2 ** 32;
    if (kinds.length > 1 && roll > this.#likelihoodOf(kinds, faultSchedule)) return null;
    for (const kind of kinds) {
      const probability = faultSchedule.get(kind) ?? 0;
      if (roll < probability) {
        const fault = { kind, site, subject, occurrence: place.count, amount: roll / probability };
        if (only !== null && !only.has(faultKey(fault))) return null;
        this.happened.push(fault);
        return fault;
      }
      roll -= probability;
    }
    return null;
  }

  #placeAt(site: string, subject: string): Place {
    let ofSite = this.#places.get(site);
    if (ofSite === undefined) {
      ofSite = new Map();
      this.#places.set(site, ofSite);
    }
    let place = ofSite.get(subject);
    if (place === undefined) {
      place = { seed: mix(this.#options.seed, numberOf(placeOf(site, subject))), count: 0 };
      ofSite.set(subject, place);
    }
    return place;
  }

  /** A little more than the sum, which is rounded: for what no kind can make of a roll. */
  #likelihoodOf(kinds: readonly FaultKind[], faultSchedule: FaultSchedule): number {
    const known = this.#likelihoods.get(kinds);
    if (known !== undefined) return known;
    const sum = kinds.reduce((all, kind) => all + (faultSchedule.get(kind) ?? 0), 0) + 1e-9;
    this.#likelihoods.set(kinds, sum);
    return sum;
  }
}

interface FaultOptions {
  readonly seed: number;
  /** Null: nothing goes wrong. */
  readonly faultSchedule: FaultSchedule | null;
  /** Keys of the faults that may happen; null: all of the schedule. */
  readonly only: ReadonlySet<string> | null;
  /** From then on nothing goes wrong, epoch milliseconds. */
  readonly until: number;
  readonly now: () => number;
}

/** Where faults are drawn, and how often one was. */
interface Place {
  readonly seed: number;
  count: number;
}

/** Those that last, or change everything: rare, or nothing else would be seen. */
const RARE: ReadonlySet<FaultKind> = new Set<FaultKind>(["queue-lags"]);

/** Those that are drawn once in a world, or once per event. */
const SELDOM_DRAWN: ReadonlySet<FaultKind> = new Set<FaultKind>([
  "table-out",
  "bus-out",
  "queue-out",
  "alloy-out",
  "ingest-out",
  "rotated-too-early",
  "redriven-early",
]);

/** The fault schedule of a seed: some kinds are absent, some are usual, some come all the time. */
export function faultScheduleOf(seed: number): FaultSchedule {
  const random = new Random(mix(seed, numberOf("weather")));
  const usual = random.pick([0.004, 0.012, 0.024]);
  return new Map(
    ALL_FAULT_KINDS.map((kind) => {
      const share = random.pick([0, 0, 1, 1, 1, 3]);
      if (SELDOM_DRAWN.has(kind)) return [kind, share * 0.1];
      return [kind, share * usual * (RARE.has(kind) ? 0.2 : 1)];
    }),
  );
}
