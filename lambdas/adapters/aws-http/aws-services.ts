import { readAwsCredentials, readEndpoint } from "../../environment.ts";
import { CALL_LIMITS } from "../sdk-limits.ts";
import { codeOf, makeAwsClient } from "./aws-client.ts";
import type { AwsClient } from "./aws-client.ts";
import type { HttpAnswer } from "./http-exchange.ts";

/** How a function calls the services of AWS. */
export interface AwsServices {
  readonly call: AwsClient;
  readonly region: string;
  /** Another endpoint than AWS's own, by the service's name in the variables of AWS's SDKs. */
  readonly endpointOf: (service: string) => string | undefined;
  /** When a call that begins now has to be over, epoch milliseconds. */
  readonly deadline: () => number;
}

/** AWS refuses a signature whose time is five minutes from its own. */
const LARGEST_SKEW_MS = 5 * 60_000;

/** By what a service says that the time of a signature is wrong, or the signature. */
const SKEWED = /Skewed|Signature|RequestExpired|InTheFuture/;

/**
 * The services as a function calls them, within `CALL_LIMITS`. A clock that is wrong, as after a thaw, is put right by the
 * time of the answer that says so.
 *
 * @param environment - as Lambda sets it; read at each call.
 * @param clock - epoch milliseconds. @default - this machine's
 */
export function awsServices(
  region: string,
  environment: Readonly<Record<string, string | undefined>>,
  clock: () => number = Date.now,
): AwsServices {
  let skewMs = 0;
  const now = () => clock() + skewMs;
  const deadline = () => now() + CALL_LIMITS.callMs;
  const client = makeAwsClient({
    region,
    credentials: () => readAwsCredentials(environment),
    attempts: CALL_LIMITS.attempts,
    now,
    random: Math.random,
    xRay: () => environment["_X_AMZN_TRACE_ID"],
  });

  function isPutRight({ headers, body }: HttpAnswer): boolean {
    const aheadMs = Date.parse(headers.date ?? "") - now();
    if (!SKEWED.test(codeOf(body)) || !(Math.abs(aheadMs) >= LARGEST_SKEW_MS)) return false;
    skewMs += aheadMs;
    return true;
  }

  return {
    region,
    endpointOf: (service) => readEndpoint(service, environment),
    deadline,
    async call(request) {
      const result = await client(request);
      if ("answer" in result || result.said === undefined || !isPutRight(result.said)) {
        return result;
      }
      return client({ ...request, deadline: deadline() });
    },
  };
}
