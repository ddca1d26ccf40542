import { middlewareOf, operationOf } from "../middleware.ts";
import type { Caller } from "./call.ts";
import type { Denial, IamGuard } from "./guard.ts";

/** As much of a guard as a client needs. */
type Guard = Pick<IamGuard, "refusal" | "refusalOfMissingKey">;

/** AWS's answer to a call that a policy does not allow, as the SDK throws it. */
export class AccessDenied extends Error {
  readonly $fault = "client";
  readonly $metadata: { readonly httpStatusCode: number };

  constructor({ sentence }: Denial, service: string) {
    super(`IAM refuses: ${sentence}`);
    // S3 and SQS have names and codes of their own; the SDK gives the name as the service says it.
    this.name = service === "S3" || service === "SQS" ? "AccessDenied" : "AccessDeniedException";
    this.$metadata = { httpStatusCode: service === "S3" || service === "SQS" ? 403 : 400 };
  }
}

/**
 * Has a client of the SDK ask IAM before each call, in the name of a caller. A refused call does not go out: the client
 * throws what AWS would answer, and the guard remembers it. Without a caller, nobody is asked.
 */
export function guardClient(client: unknown, guard: Guard, caller: () => Caller | null): void {
  middlewareOf(client).add(
    (next, context) => async (args) => {
      const operation = operationOf(context);
      const service = context.clientName?.replace(/Client$/, "") ?? "";
      const { input } = args;
      const by = caller();
      if (by === null) return next(args);
      const denial = guard.refusal({ operation, input }, by);
      if (denial !== null) throw new AccessDenied(denial, service);
      try {
        return await next(args);
      } catch (error) {
        if (!(error instanceof Error) || !isMissingKey(error)) throw error;
        const unlisted = guard.refusalOfMissingKey(input, by);
        throw unlisted === null ? error : new AccessDenied(unlisted, service);
      }
    },
    { step: "initialize", priority: "high", name: "askIam" },
  );
}

function isMissingKey({ name }: Error): boolean {
  return name === "NoSuchKey" || name === "NotFound";
}
