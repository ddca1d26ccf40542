import * as v from "valibot";

/**
 * What may be wrong with Alloy's API:
 * `none`; `error` 500; `unavailable` 503; `unauthorized` 401, as after a revoked secret; `garbage` 200
 * with a page that is not JSON; `hang` no answer at all; `rate-limit` 429 beyond `limit` calls in
 * `windowSeconds`. With `calls`, the fault is over after so many calls that it spoilt.
 */
export const ApiFaultSchema = v.variant("kind", [
  v.strictObject({
    kind: v.picklist(["none", "error", "unavailable", "unauthorized", "garbage", "hang"]),
    calls: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
  }),
  v.strictObject({
    kind: v.literal("rate-limit"),
    limit: v.pipe(v.number(), v.integer(), v.minValue(0)),
    windowSeconds: v.pipe(v.number(), v.minValue(0.001)),
    calls: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
  }),
]);

export type ApiFault = v.InferOutput<typeof ApiFaultSchema>;

/** What a fault does to one call; null when it lets the call pass. */
type Spoiling =
  | { readonly kind: "error" | "unavailable" | "unauthorized" | "garbage" | "hang" }
  | { readonly kind: "rate-limit"; readonly headers: Readonly<Record<string, string>> };

export type ApiFaults = Readonly<ReturnType<typeof makeApiFaults>>;

export function makeApiFaults(now: () => number) {
  let fault: ApiFault = { kind: "none" };
  let spoilt = 0;
  let windowEndsAt = 0;
  let callsInWindow = 0;

  function limitCall(limit: number, windowSeconds: number): Spoiling | null {
    if (now() >= windowEndsAt) {
      windowEndsAt = now() + windowSeconds * 1_000;
      callsInWindow = 0;
    }
    callsInWindow += 1;
    if (callsInWindow <= limit) return null;
    return {
      kind: "rate-limit",
      headers: {
        "alloy-ratelimit-limit": String(limit),
        "alloy-ratelimit-remaining": "0",
        // A Unix timestamp; seconds or milliseconds is not documented, seconds are the custom.
        "alloy-ratelimit-reset": String(Math.ceil(windowEndsAt / 1_000)),
        "retry-after": String(Math.max(1, Math.ceil((windowEndsAt - now()) / 1_000))),
      },
    };
  }

  return {
    set: (wanted: ApiFault) => {
      fault = wanted;
      spoilt = 0;
      windowEndsAt = 0;
    },
    current: (): ApiFault => fault,
    /** Counts a call and says what becomes of it. */
    spoil: (): Spoiling | null => {
      if (fault.kind === "none") return null;
      const { calls } = fault;
      const spoiling =
        fault.kind === "rate-limit"
          ? limitCall(fault.limit, fault.windowSeconds)
          : { kind: fault.kind };
      if (spoiling === null) return null;
      spoilt += 1;
      if (calls !== undefined && spoilt >= calls) fault = { kind: "none" };
      return spoiling;
    },
  };
}
