import type { Clock } from "../../../tools/cloud-in-memory/clock.ts";
import type { Random } from "../../../tools/cloud-in-memory/random.ts";
import { faultKey } from "./faults.ts";
import type { Fault, FaultKind, Faults } from "./faults.ts";
import type { Story } from "./story.ts";

/** The parts of the world that everything in it needs. */
export interface Surroundings {
  readonly clock: Clock;
  readonly faults: Faults;
  readonly story: Story;
  /** For what is no fault: how long things take, which message comes first. */
  readonly random: Random;
  /** What people call an event or an application, by its id. */
  readonly nameOf: (id: string) => string;
  /** Whether a whole service is out at this moment. */
  readonly isOut: (service: Service) => boolean;
}

/** What can be out as a whole. */
export type Service = "table" | "bus" | "queue" | "event-source" | "alloy" | "ingest";

/** One run of a function's handler. */
export interface Invocation {
  readonly id: string;
  /** What it is about, where that is one thing. */
  readonly subject: string;
  readonly startedAt: number;
  /** When Lambda ends it. */
  readonly deadline: number;
  /** It ended without an answer: a crash, or Lambda's time-out. */
  isCutShort: boolean;
  /** Something was in its way: a fault, an outage, or another invocation that works on the same. */
  isHindered: boolean;
  /** When a service that was out last refused it a call; null: never. */
  refusedAt: number | null;
  /** Keys whose locks another invocation took away: Powertools' removal of a record has no condition. */
  readonly lostLocks: Set<string>;
  /** What went wrong in it, and when. */
  readonly faults: {
    readonly kind: FaultKind;
    readonly site: string;
    readonly at: number;
  }[];
}

/** What can go wrong with a call. */
export type CallFault = Extract<
  FaultKind,
  | "crash-before"
  | "crash-after"
  | "throttled"
  | "timed-out"
  | "timed-out-though-applied"
  | "applied-twice"
  | "slow"
  | "stalled"
  | "metrics-unreadable"
>;

/** How a call of AWS fails: what the adapter would throw, or answer. */
export interface CallLimits<Result> {
  /** With which this call fails; null: none that can be out. */
  readonly service: Service | null;
  /** Which faults can happen here. */
  readonly kinds: readonly CallFault[];
  /** What the caller gets when it fails; it may throw instead. */
  readonly refuse: (cause: "throttled" | "timeout") => Result;
  /** When the client gives up waiting for an answer, from now. */
  readonly timeoutMs: number;
}

/** An answer of AWS in the usual case. */
const USUAL_MS = { least: 2, most: 25 };
/** Longer than the visibility timeout, so that a sandbox can wake when its work is another's. */
const LONGEST_STALL_MS = 240_000;

/**
 * What a function runs in: its memory lives from one invocation to the next, and ends with it.
 *
 * Everything that a handler waits for comes through `call` or `sleep`. A sandbox that died never hears of
 * it; one that is frozen, between two invocations or because it stands still, hears of it later.
 */
export class Sandbox {
  readonly name: string;
  invocation: Invocation | null = null;
  readonly #world: Surroundings;
  readonly #skewMs: number;
  #state: "awake" | "frozen" | "dead" = "awake";
  #backlog: (() => void)[] = [];
  #onDeath: (() => void) | null = null;

  /** @param skewMs - how far its clock is ahead. */
  constructor(name: string, world: Surroundings, skewMs: number) {
    this.name = name;
    this.#world = world;
    this.#skewMs = skewMs;
  }

  get isDead(): boolean {
    return this.#state === "dead";
  }

  /** By its own clock, epoch milliseconds. */
  readonly now = (): number => this.#world.clock.now() + this.#skewMs;

  readonly sleep = async (ms: number): Promise<void> =>
    new Promise((resolve) => {
      this.#world.clock.after(Math.round(ms), () => this.#hear(resolve));
    });

  readonly schedule = (ms: number, task: () => void): (() => void) => {
    const timer = this.#world.clock.after(Math.round(ms), () => this.#hear(task));
    return () => this.#world.clock.cancel(timer);
  };

  /** Begins an invocation: what was frozen goes on. @param onDeath - it ends without an answer. */
  begin(invocation: Invocation, onDeath: () => void): void {
    this.invocation = invocation;
    this.#onDeath = onDeath;
    this.thaw();
  }

  /** The invocation has its answer. */
  end(): void {
    this.#onDeath = null;
    this.freeze();
  }

  freeze(): void {
    if (this.#state === "awake") this.#state = "frozen";
  }

  thaw(): void {
    if (this.#state !== "frozen") return;
    this.#state = "awake";
    const backlog = this.#backlog;
    this.#backlog = [];
    for (const task of backlog) task();
  }

  kill(): void {
    if (this.#state === "dead") return;
    this.#state = "dead";
    this.#backlog = [];
    if (this.#onDeath !== null && this.invocation !== null) this.invocation.isCutShort = true;
    const onDeath = this.#onDeath;
    this.#onDeath = null;
    onDeath?.();
  }

  /**
   * A call of AWS: it takes its time, and what is drawn for it happens.
   *
   * @param site - the place in the code: `store.mergeState`.
   * @param id - of what it is about: an event, an application.
   * @param apply - what it does in the cloud.
   */
  async call<Result>(
    site: string,
    id: string,
    apply: () => Promise<Result>,
    { service, kinds, refuse, timeoutMs }: CallLimits<Result>,
  ): Promise<Result> {
    const { clock, faults, random, isOut, nameOf } = this.#world;
    const fault = faults.draw(site, kinds, nameOf(id));
    const tookMs = random.between(USUAL_MS.least, USUAL_MS.most);
    return new Promise((resolve, reject) => {
      const answer = (outcome: Promise<Result>) => {
        outcome.then(
          (result) => this.#hear(() => resolve(result)),
          (error: unknown) => this.#hear(() => reject(error)),
        );
      };
      const isServiceOut = service !== null && isOut(service);
      // As a rule.
      if (fault === null && !isServiceOut) {
        clock.after(tookMs, () => answer(apply()));
        return;
      }
      const fail = (cause: "throttled" | "timeout") => {
        this.#hear(() => {
          try {
            resolve(refuse(cause));
          } catch (error) {
            reject(error);
          }
        });
      };
      if (fault === null || isServiceOut) {
        if (this.invocation !== null) {
          this.invocation.isHindered = true;
          this.invocation.refusedAt = clock.now();
        }
        clock.after(tookMs, () => fail("throttled"));
        return;
      }
      this.suffer(fault);
      const { kind } = fault;
      switch (kind) {
        case "crash-before":
          clock.after(tookMs, () => this.kill());
          return;
        case "throttled":
          clock.after(tookMs, () => fail("throttled"));
          return;
        case "metrics-unreadable":
        case "timed-out":
          clock.after(timeoutMs, () => fail("timeout"));
          return;
        case "timed-out-though-applied":
          clock.after(tookMs, () => void apply().catch(nobodyListens));
          clock.after(timeoutMs, () => fail("timeout"));
          return;
        case "applied-twice":
          clock.after(tookMs, () => void apply().catch(nobodyListens));
          clock.after(tookMs + Math.round(timeoutMs / 3), () => answer(apply()));
          return;
        case "slow":
          clock.after(tookMs + Math.round(fault.amount * timeoutMs), () => answer(apply()));
          return;
        case "crash-after":
          clock.after(tookMs, () => {
            void apply().catch(nobodyListens);
            this.kill();
          });
          return;
        case "stalled":
          clock.after(tookMs, () => {
            this.freeze();
            answer(apply());
            clock.after(Math.round(fault.amount * LONGEST_STALL_MS), () => this.thaw());
          });
          return;
      }
    });
  }

  /** Something goes wrong with a call of this sandbox's. */
  suffer(fault: Fault): void {
    const { clock, story } = this.#world;
    const { kind, site } = fault;
    this.invocation?.faults.push({ kind, site, at: clock.now() });
    if (this.invocation !== null) this.invocation.isHindered = true;
    story.tell(this.name, `FAULT ${fault.kind} at ${faultKey(fault)}`);
  }

  #hear(task: () => void): void {
    if (this.#state === "awake") task();
    else if (this.#state === "frozen") this.#backlog.push(task);
  }
}

/** Of an answer that gets lost on its way. */
function nobodyListens(): void {}
