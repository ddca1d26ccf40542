import type { Context } from "aws-lambda";

import { lambdaContext } from "../../../tools/cloud-in-memory/builders.ts";

import type { Surroundings } from "../faults/sandbox.ts";
import { Sandbox } from "../faults/sandbox.ts";

/** How an invocation ended. */
export type Outcome<Result> =
  | { readonly kind: "answered"; readonly result: Result; readonly sandbox: Sandbox }
  | { readonly kind: "threw" | "crashed" | "timed-out" | "throttled" };

type Answer<Result> =
  | { readonly kind: "answered"; readonly result: Result }
  | { readonly kind: "threw" };

type Handler<Event, Result> = (event: Event, context: Context) => Promise<Result>;

/** Lambda's own way of taking an event: milliseconds into a warm sandbox, and a start before a new one. */
const WARM_MS = { least: 1, most: 5 };
const COLD_MS = { least: 150, most: 900 };
/** How long a sandbox that should have been killed is frozen, at most. */
const LONGEST_FREEZE_MS = 600_000;

/** A Lambda function: sandboxes that are started, used again, frozen in between, and killed. */
export class LambdaFunction<Event, Result> {
  readonly #world: Surroundings;
  readonly #name: string;
  readonly #timeoutMs: number;
  readonly #concurrency: number;
  readonly #skewMs: () => number;
  readonly #make: (sandbox: Sandbox) => Handler<Event, Result>;
  readonly #idle: { readonly sandbox: Sandbox; readonly handle: Handler<Event, Result> }[] = [];
  #running = 0;
  #sandboxes = 0;
  #invocations = 0;

  /** @param options.make - what the function's `index.ts` does: wires a handler, once per sandbox. */
  constructor(
    world: Surroundings,
    options: {
      readonly name: string;
      readonly timeoutMs: number;
      readonly concurrency: number;
      /** How far a new sandbox's clock is ahead. */
      readonly skewMs: () => number;
      readonly make: (sandbox: Sandbox) => Handler<Event, Result>;
    },
  ) {
    this.#world = world;
    this.#name = options.name;
    this.#timeoutMs = options.timeoutMs;
    this.#concurrency = options.concurrency;
    this.#skewMs = options.skewMs;
    this.#make = options.make;
  }

  get running(): number {
    return this.#running;
  }

  /**
   * @param subject - what the event is about, where that is one thing.
   * @param onEnd - called once, with how it ended.
   */
  invoke(event: Event, subject: string, onEnd: (outcome: Outcome<Result>) => void): void {
    const { clock, faults, story, random } = this.#world;
    if (
      this.#running >= this.#concurrency ||
      faults.draw(`${this.#name}.invoke`, ["function-throttled"], subject) !== null
    ) {
      story.tell(this.#name, "is throttled");
      onEnd({ kind: "throttled" });
      return;
    }
    this.#running += 1;
    const warm = this.#takeIdle();
    if (warm !== null) {
      clock.after(random.between(WARM_MS.least, WARM_MS.most), () =>
        this.#run(warm, event, subject, onEnd),
      );
      return;
    }
    const coldMs = random.between(COLD_MS.least, COLD_MS.most);
    if (faults.draw(`${this.#name}.init`, ["init-crash"]) !== null) {
      story.tell(this.#name, "FAULT init-crash");
      clock.after(coldMs, () => {
        this.#running -= 1;
        onEnd({ kind: "crashed" });
      });
      return;
    }
    this.#sandboxes += 1;
    const sandbox = new Sandbox(`${this.#name}/${this.#sandboxes}`, this.#world, this.#skewMs());
    const fresh = { sandbox, handle: this.#make(sandbox) };
    clock.after(coldMs, () => this.#run(fresh, event, subject, onEnd));
  }

  #takeIdle() {
    const { faults, story } = this.#world;
    const idle = this.#idle.pop();
    if (idle === undefined) return null;
    if (faults.draw(`${this.#name}.reuse`, ["recycled"]) === null) return idle;
    story.tell(idle.sandbox.name, "FAULT recycled");
    idle.sandbox.kill();
    return null;
  }

  #run(
    used: { readonly sandbox: Sandbox; readonly handle: Handler<Event, Result> },
    event: Event,
    subject: string,
    onEnd: (outcome: Outcome<Result>) => void,
  ): void {
    const { clock, story } = this.#world;
    const { sandbox, handle } = used;
    const startedAt = clock.now();
    const deadline = startedAt + this.#timeoutMs;
    this.#invocations += 1;
    const id = `${this.#name}-${this.#invocations}`;
    const unhindered = { isCutShort: false, isHindered: false, refusedAt: null, faults: [] };
    const lostLocks = new Set<string>();
    const invocation = { id, subject, startedAt, deadline, lostLocks, ...unhindered };

    let isOver = false;
    const end = (outcome: Outcome<Result>) => {
      if (isOver) return;
      isOver = true;
      this.#running -= 1;
      clock.cancel(timeout);
      onEnd(outcome);
    };
    const timeout = clock.at(deadline, () => {
      story.tell(sandbox.name, "runs out of time");
      invocation.isCutShort = true;
      end({ kind: "timed-out" });
      this.#endAfterTimeout(sandbox);
    });
    sandbox.begin(invocation, () => {
      story.tell(sandbox.name, "dies");
      end({ kind: "crashed" });
    });
    void this.#answer(
      () =>
        handle(
          event,
          lambdaContext(() => deadline - clock.now(), id),
        ),
      (answer) => {
        if (isOver) return;
        sandbox.end();
        this.#idle.push(used);
        end(answer.kind === "answered" ? { ...answer, sandbox } : answer);
      },
    );
  }

  async #answer(
    handle: () => Promise<Result>,
    onEnd: (answer: Answer<Result>) => void,
  ): Promise<void> {
    let result: Result;
    try {
      result = await handle();
    } catch {
      // Lambda tells whoever invoked it no more than that it failed.
      onEnd({ kind: "threw" });
      return;
    }
    onEnd({ kind: "answered", result });
  }

  #endAfterTimeout(sandbox: Sandbox): void {
    const { clock, faults, story } = this.#world;
    const fault = faults.draw(`${this.#name}.timeout`, ["resumes-after-timeout"]);
    if (fault === null) {
      sandbox.kill();
      return;
    }
    sandbox.freeze();
    clock.after(Math.round(fault.amount * LONGEST_FREEZE_MS), () => {
      story.tell(sandbox.name, "FAULT resumes-after-timeout");
      sandbox.thaw();
    });
  }
}
