import { judgeLimits } from "./call-refusal.ts";
import type { LimitRefusal } from "./limit-refusal.ts";
import { middlewareOf, operationOf } from "./middleware.ts";
import type { Handler } from "./middleware.ts";
import { answerToBatch, withoutRefused } from "./refused-entries.ts";

/** A call, or an entry of one, that was refused. */
export interface RefusedCall {
  readonly operation: string;
  readonly refusal: LimitRefusal;
}

/**
 * Has a client refuse what AWS refuses by its documented limits, whatever answers behind it. A call that AWS
 * would refuse as a whole does not go out; of a batch whose entries AWS judges one by one, the others do.
 *
 * @returns what was refused, in order; it grows. Asked again of one client, only the newer one does.
 */
export function refuseBeyondLimits(client: unknown): readonly RefusedCall[] {
  const refused: RefusedCall[] = [];
  middlewareOf(client).add(
    (next, context) => async (args) => {
      const operation = operationOf(context);
      const { whole, entries } = judgeLimits(operation, args.input);
      if (whole !== null) {
        refused.push({ operation, refusal: whole });
        throw whole;
      }
      for (const refusal of entries.values()) refused.push({ operation, refusal });
      return entries.size === 0 ? next(args) : sendTheOthers(operation, args, entries, next);
    },
    { step: "initialize", priority: "high", name: "refuseBeyondLimits", override: true },
  );
  return refused;
}

/**
 * Has the pages of a client's queries end after a few items, as they end after a megabyte: whoever reads one page
 * alone is seen without a megabyte.
 */
export function endPagesEarly(client: unknown, items: number): void {
  middlewareOf(client).add(
    (next, context) => (args) => {
      const isQuery = ["Query", "Scan"].includes(operationOf(context));
      const isPaged = isQuery && !("Limit" in args.input);
      return next(isPaged ? { ...args, input: { ...args.input, Limit: items } } : args);
    },
    { step: "initialize", priority: "high", name: "endPagesEarly", override: true },
  );
}

/** Has what a client sends changed before the limits see it: what a planted bug would send. */
export function changeCalls(
  client: unknown,
  change: (operation: string, input: object) => object,
): void {
  middlewareOf(client).addRelativeTo(
    (next, context) => (args) => next({ ...args, input: change(operationOf(context), args.input) }),
    { relation: "before", toMiddleware: "refuseBeyondLimits", name: "changeCalls" },
  );
}

async function sendTheOthers(
  operation: string,
  args: { readonly input: object },
  refusals: ReadonlyMap<number, LimitRefusal>,
  next: Handler,
) {
  const others = withoutRefused(args.input, refusals);
  const { output, response } =
    others === null
      ? { output: { $metadata: {} }, response: {} }
      : await next({ ...args, input: others });
  return {
    output: answerToBatch({ operation, input: args.input }, output, refusals),
    response,
  };
}
