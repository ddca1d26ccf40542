import { TransientError } from "../../../lambdas/domain/errors.ts";
import type { DueApplications } from "../../../lambdas/domain/polling/polling-ports.ts";
import type { ApplicationStore } from "../../../lambdas/domain/ports.ts";
import { withMethods } from "../../../tools/cloud-in-memory/faults.ts";
import type { Scenario } from "../scenario/scenario-type.ts";
import type { Sandbox, Surroundings } from "./sandbox.ts";

/*
 * A table in which nothing can be done with one application's item, whatever has made it so: a hand, a bug, a
 * size. What is refused is refused for good, and looks like any other refusal.
 */

type World = Pick<Surroundings, "clock"> & { readonly scenario: Scenario };

/** Whether nothing can be done with the application's item now. */
export function isDamaged(applicationToken: string, { clock, scenario }: World): boolean {
  const { damagedAt = Number.POSITIVE_INFINITY } = scenario.applicationOf(applicationToken) ?? {};
  return clock.now() >= damagedAt;
}

function refuse(what: string): never {
  throw new TransientError(`${what}: ValidationException`);
}

export function damagedStoreIn(
  sandbox: Sandbox,
  store: ApplicationStore,
  world: World,
): ApplicationStore {
  const check = (applicationToken: string, what: string) => {
    if (!isDamaged(applicationToken, world)) return;
    if (sandbox.invocation !== null) sandbox.invocation.isHindered = true;
    refuse(what);
  };
  return withMethods(store, {
    async mergeState(observation, request) {
      check(observation.applicationToken, "Merging into an application's state");
      return store.mergeState(observation, request);
    },
    async mergeEach(steps) {
      for (const { observation } of steps) {
        check(observation.applicationToken, "Merging into an application's state");
      }
      return store.mergeEach(steps);
    },
    async readState(applicationToken) {
      check(applicationToken, "Reading an application's state");
      return store.readState(applicationToken);
    },
  });
}

export function damagedDue(due: DueApplications, world: World): DueApplications {
  return withMethods(due, {
    async take(one) {
      if (isDamaged(one.applicationToken, world)) refuse("Reading an application");
      return due.take(one);
    },
    async claim(one, claim) {
      if (isDamaged(one.applicationToken, world)) refuse("Claiming an application");
      return due.claim(one, claim);
    },
  });
}
