import type { Idempotency } from "../domain/ports.ts";
import { AliasInProgress } from "./event-steps.ts";
import { isIgnored } from "./ignored.ts";
import type { MessageLogger } from "../telemetry/powertools-logger.ts";
import { isElsewhere, keepApart } from "./other-environment.ts";
import type { OpenRecords } from "./open-records.ts";
import { processWork } from "./process.ts";
import type { ProcessDependencies, Publish } from "./process.ts";
import { TooLate } from "./publish-gate.ts";
import type { PublishGate } from "./publish-gate.ts";
import { isRemembered } from "./remembered.ts";
import type { makeSettle, Result } from "./settle.ts";
import { LEFT_MS } from "./time-left.ts";
import type { TimeLeft } from "./time-left.ts";
import type { Work } from "./work.ts";

export interface RunDependencies extends Omit<ProcessDependencies, "once"> {
  readonly idempotency: Idempotency;
  readonly settle: ReturnType<typeof makeSettle>;
  readonly gate: PublishGate;
  readonly records: OpenRecords;
  readonly time: TimeLeft;
  readonly logger: MessageLogger;
}

/** Makes the function that takes one work of a batch from its beginning to its end. */
export function makeRun(dependencies: RunDependencies) {
  const { idempotency, settle, gate, records, time, settings } = dependencies;
  const once: Idempotency["once"] = (eventId, effect) =>
    idempotency.once(eventId, inTime(isOver, effect));

  /** @param arrived - called when it waits at the gate, or has ended. */
  return async (work: Work, arrived: () => void): Promise<void> => {
    let isAtGate = false;
    const result = await resultOf(work, async (published) => {
      // A sandbox that stood still hears of the last call late.
      if (time.isBelow(LEFT_MS.lastCall)) throw new TooLate();
      isAtGate = true;
      const answer = gate.publish(published);
      arrived();
      return answer;
    });
    if (!isAtGate) {
      gate.pass();
      arrived();
    }
    if (records.isOver) return;
    records.settle(work.records, await settle(work.records, work, result));
  };

  async function resultOf(work: Work, publish: Publish): Promise<Result> {
    if (isIgnored(work.subject, settings)) return { kind: "ignored" };
    if (time.isBelow(LEFT_MS.lastCall)) return { kind: "postponed" };
    let isDone = false;
    const action = async () => {
      const processed = await processWork(work, publish, { ...dependencies, once });
      isDone = true;
      return processed;
    };
    try {
      if (isElsewhere(work.subject, settings)) return { kind: await keepApart(work, dependencies) };
      if (!isRemembered(work, settings)) return { kind: await action() };
      return {
        kind: await once(work.key, async () => {
          await action();
        }),
      };
    } catch (error) {
      if (isDone) return { kind: "unremembered" };
      if (error instanceof AliasInProgress) return { kind: "in-conflict" };
      return error instanceof TooLate ? { kind: "postponed" } : { kind: "failed", error };
    }
  }

  function isOver(): boolean {
    return records.isOver || time.isBelow(LEFT_MS.cutOff);
  }
}

/**
 * An effect that neither begins nor fails once its batch is over, also in a sandbox that stood still.
 * By then its records are another invocation's, whose idempotency record a late failure would remove:
 * Powertools' delete has no condition. A late success may still be remembered, for it is one.
 */
function inTime(isOver: () => boolean, effect: () => Promise<void>): () => Promise<void> {
  return async () => {
    if (isOver()) await never();
    try {
      await effect();
    } catch (error) {
      if (isOver()) await never();
      throw error;
    }
  };
}

/** A promise of its own each time, so that what waits for it can be forgotten. */
async function never(): Promise<never> {
  return new Promise(() => {});
}
