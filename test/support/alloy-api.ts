import { HttpAlloyApi } from "../../lambdas/adapters/alloy/alloy-api.ts";
import {
  BasicAuthorization,
  BearerAuthorization,
} from "../../lambdas/adapters/alloy/alloy-authorization.ts";
import type { AlloyApiKey } from "../../lambdas/adapters/alloy/alloy-authorization.ts";

export const RIGHT_KEY: AlloyApiKey = { token: "key", secret: "secret" };

export interface AlloyApiOptions {
  readonly auth?: "basic" | "bearer";
  /** The keys of the secret, one per read; the last one stays. */
  readonly keys?: readonly (AlloyApiKey | null)[];
  readonly fetch?: typeof fetch;
  readonly now?: () => number;
}

/** The poller's way to Alloy's API at this address; by Basic authentication, unless said otherwise. */
export function anAlloyApi(baseUrl: string, options: AlloyApiOptions = {}): HttpAlloyApi {
  const { auth = "basic", keys = [RIGHT_KEY], now = Date.now } = options;
  const { fetch = globalThis.fetch } = options;
  let current = -1;
  const readKey = async ({ isForced }: { readonly isForced: boolean }) => {
    if (isForced || current < 0) current = Math.min(current + 1, keys.length - 1);
    return keys[current] ?? null;
  };
  const authorization =
    auth === "basic"
      ? new BasicAuthorization(readKey)
      : new BearerAuthorization({ baseUrl, readKey, fetch, now });
  return new HttpAlloyApi({ baseUrl, authorization, fetch, now });
}
