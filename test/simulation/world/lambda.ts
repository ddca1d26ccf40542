import type { Context } from "aws-lambda";

import { lambdaContext } from "../../../tools/cloud-in-memory/builders.ts";

import type { Surroundings } from "../faults/sandbox.ts";
import { Sandbox } from "../faults/sandbox.ts";

/** How an invocation ended. */
export type Outcome<Result> =
  | { readonly kind: "answered"; readonly result: Result; readonly sandbox: Sandbox }
  | { readonly kind: "threw" | "crashed" | "timed-out" | "throttled" };

export type Handler<Event, Result> = (event: Event, context: Context) => Promise<Result>;

/** A Lambda function: sandboxes that are started, used again, frozen in between, and killed. */
export interface LambdaFunction<Event, Result> {
  /** How many invocations are under way. */
  readonly running: () => number;
  /**
   * @param subject - what the event is about, where that is one thing.
   * @param onEnd - called once, with how it ended.
   */
  readonly invoke: (
    event: Event,
    subject: string,
    onEnd: (outcome: Outcome<Result>) => void,
  ) => void;
}

/** Lambda's own way of taking an event: milliseconds into a warm sandbox, and a start before a new one. */
const WARM_MS = { least: 1, most: 5 };
const COLD_MS = { least: 150, most: 900 };
/** How long a sandbox that should have been killed is frozen, at most. */
const LONGEST_FREEZE_MS = 600_000;

/** @param options.make - what the function's `index.ts` does: wires a handler, once per sandbox. */
export function makeLambdaFunction<Event, Result>(
  world: Surroundings,
  options: {
    readonly name: string;
    readonly timeoutMs: number;
    readonly concurrency: number;
    /** How far a new sandbox's clock is ahead. */
    readonly skewMs: () => number;
    readonly make: (sandbox: Sandbox) => Handler<Event, Result>;
  },
): LambdaFunction<Event, Result> {
  const { clock, faults, story, random } = world;
  const { name, timeoutMs, concurrency, skewMs, make } = options;
  type Used = { readonly sandbox: Sandbox; readonly handle: Handler<Event, Result> };
  type OnEnd = (outcome: Outcome<Result>) => void;
  const idle: Used[] = [];
  let running = 0;
  let sandboxes = 0;
  let invocations = 0;

  return {
    running: () => running,
    invoke(event, subject, onEnd) {
      if (
        running >= concurrency ||
        faults.draw(`${name}.invoke`, ["function-throttled"], subject) !== null
      ) {
        story.tell(name, "is throttled");
        onEnd({ kind: "throttled" });
        return;
      }
      running += 1;
      const warm = takeIdle();
      if (warm !== null) {
        clock.after(random.between(WARM_MS.least, WARM_MS.most), () =>
          run(warm, event, subject, onEnd),
        );
        return;
      }
      const coldMs = random.between(COLD_MS.least, COLD_MS.most);
      if (faults.draw(`${name}.init`, ["init-crash"]) !== null) {
        story.tell(name, "FAULT init-crash");
        clock.after(coldMs, () => {
          running -= 1;
          onEnd({ kind: "crashed" });
        });
        return;
      }
      sandboxes += 1;
      const sandbox = new Sandbox(`${name}/${sandboxes}`, world, skewMs());
      const fresh = { sandbox, handle: make(sandbox) };
      clock.after(coldMs, () => run(fresh, event, subject, onEnd));
    },
  };

  function takeIdle(): Used | null {
    const used = idle.pop();
    if (used === undefined) return null;
    if (faults.draw(`${name}.reuse`, ["recycled"]) === null) return used;
    story.tell(used.sandbox.name, "FAULT recycled");
    used.sandbox.kill();
    return null;
  }

  function run(used: Used, event: Event, subject: string, onEnd: OnEnd): void {
    const { sandbox, handle } = used;
    const startedAt = clock.now();
    const deadline = startedAt + timeoutMs;
    invocations += 1;
    const id = `${name}-${invocations}`;
    const unhindered = { isCutShort: false, isHindered: false, refusedAt: null, faults: [] };
    const lostLocks = new Set<string>();
    const invocation = { id, subject, startedAt, deadline, lostLocks, ...unhindered };

    let isOver = false;
    const end = (outcome: Outcome<Result>) => {
      if (isOver) return;
      isOver = true;
      running -= 1;
      clock.cancel(timeout);
      onEnd(outcome);
    };
    const timeout = clock.at(deadline, () => {
      story.tell(sandbox.name, "runs out of time");
      invocation.isCutShort = true;
      end({ kind: "timed-out" });
      endAfterTimeout(sandbox);
    });
    sandbox.begin(invocation, () => {
      story.tell(sandbox.name, "dies");
      end({ kind: "crashed" });
    });
    const context = lambdaContext(() => deadline - clock.now(), id);
    const answer = async () => {
      const outcome = await outcomeOf(() => handle(event, context), sandbox);
      if (isOver) return;
      sandbox.end();
      idle.push(used);
      end(outcome);
    };
    void answer();
  }

  function endAfterTimeout(sandbox: Sandbox): void {
    const fault = faults.draw(`${name}.timeout`, ["resumes-after-timeout"]);
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

async function outcomeOf<Result>(
  handle: () => Promise<Result>,
  sandbox: Sandbox,
): Promise<Outcome<Result>> {
  try {
    return { kind: "answered", result: await handle(), sandbox };
  } catch {
    // Lambda tells whoever invoked it no more than that it failed.
    return { kind: "threw" };
  }
}
