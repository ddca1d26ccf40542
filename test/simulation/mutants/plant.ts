import type { ConsumerDependencies } from "../../../lambdas/consumer/handler.ts";
import type { ApplicationStore } from "../../../lambdas/domain/ports.ts";
import type { IngestDependencies } from "../../../lambdas/ingest/handler.ts";
import type { PollerDependencies } from "../../../lambdas/poller/handler.ts";
import { withMethods } from "../../../tools/cloud-in-memory/faults.ts";
import type { FaultPoints, SandboxContext } from "../faults/fault-points.ts";

/** A consumer of which these dependencies are wrong. */
export function inConsumer(
  wrong: (right: ConsumerDependencies) => Partial<ConsumerDependencies>,
): FaultPoints {
  return { consumerDependencies: (right) => ({ ...right, ...wrong(right) }) };
}

/** A consumer whose store has these methods. */
export function inStore(
  wrong: (right: ApplicationStore) => Partial<ApplicationStore>,
): FaultPoints {
  return inConsumer(({ store }) => ({ store: withMethods(store, wrong(store)) }));
}

/** A poller of which these dependencies are wrong. */
export function inPoller(
  wrong: (right: PollerDependencies) => Partial<PollerDependencies>,
): FaultPoints {
  return { pollerDependencies: (right) => ({ ...right, ...wrong(right) }) };
}

/** An ingest of which these dependencies are wrong. */
export function inIngest(
  wrong: (right: IngestDependencies, context: SandboxContext) => Partial<IngestDependencies>,
): FaultPoints {
  return { ingestDependencies: (right, context) => ({ ...right, ...wrong(right, context) }) };
}
