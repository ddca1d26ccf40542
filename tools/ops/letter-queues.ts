import { ROUTE_IDS } from "../../lambdas/settings/routes.ts";
import type { RouteId } from "../../lambdas/settings/routes.ts";
import { pascalCase } from "../../lib/pascal-case.ts";
import { OperatorError, UsageError } from "./operator-error.ts";
import type { ConnectedStack } from "./stack.ts";
import { resourcesOf } from "./verify-resources.ts";

/** A dead-letter queue of the stack. */
export interface LetterQueue {
  /** Its logical id. */
  readonly id: string;
  readonly url: string;
  readonly kind: "events" | "route" | "submission" | "schedule" | "bus";
  /** Of a route's queue; null: it is none. */
  readonly route: RouteId | null;
}

const OTHERS = {
  submission: "SubmissionDeadLetterQueue",
  schedule: "ScheduleDeadLetterQueue",
  bus: "BusDeadLetterQueue",
} as const;

/**
 * A dead-letter queue by what people write: its logical id, as `status` prints it, the id of a route, `submission`,
 * `schedule`, `bus`, or `events`, which is the one that no name means.
 *
 * @throws UsageError when no queue has that name, OperatorError when the stack has no such queue.
 */
export async function letterQueueNamed(
  stack: ConnectedStack,
  given: string | null | undefined,
): Promise<LetterQueue> {
  const name = given ?? "events";
  const own: LetterQueue = {
    id: "DeadLetterQueue",
    url: stack.deadLetterQueueUrl,
    kind: "events",
    route: null,
  };
  if (name === "events" || name === own.id) return own;
  const wanted = namedQueue(name);
  const queues = (await resourcesOf(stack)).ofType("AWS::SQS::Queue");
  const found = queues.find(({ id }) => id === wanted.id);
  if (found !== undefined) return { ...wanted, url: found.name };
  throw new OperatorError(
    `The stack has no ${wanted.id}. It has ${queues
      .map(({ id }) => id)
      .filter((id) => id.endsWith("DeadLetterQueue"))
      .join(", ")}.`,
  );
}

/** As the beginning of a sentence. */
export function nameOf({ kind, id }: LetterQueue): string {
  return kind === "events" ? "The dead-letter queue" : id;
}

function namedQueue(name: string): Omit<LetterQueue, "url"> {
  const route = ROUTE_IDS.find((id) => name === id || name === `${pascalCase(id)}DeadLetterQueue`);
  if (route !== undefined)
    return { id: `${pascalCase(route)}DeadLetterQueue`, kind: "route", route };
  for (const kind of ["submission", "schedule", "bus"] as const) {
    if (name === kind || name === OTHERS[kind]) return { id: OTHERS[kind], kind, route: null };
  }
  throw new UsageError(
    `There is no dead-letter queue "${name}". Write events, submission, schedule, bus, or a route: ${ROUTE_IDS.join(", ")}.`,
  );
}
