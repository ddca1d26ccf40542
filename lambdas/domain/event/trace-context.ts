/*
 * Trace context from the request to the routes (docs/contracts.md#trace-context): in the envelope and in the detail as
 * W3C's `traceparent`, beside the entry of the bus as X-Ray's header.
 */

/** W3C Trace Context, version 00. Of another form, nothing is taken: a sender may write anything. */
const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** What AWS says of a trace: `Root=1-<8 hex>-<24 hex>;Parent=<16 hex>;Sampled=0|1`, and more. */
const X_RAY =
  /^Root=1-([0-9a-f]{8})-([0-9a-f]{24});Parent=([0-9a-f]{16})(?:;Sampled=([01]))?(?:;|$)/;

/** The longest text that is looked at; AWS's own has about 100 characters. */
const MOST = 512;

/** A `traceparent` as somebody else wrote it; null when it is none. */
export function readTraceparent(value: unknown): string | null {
  return typeof value === "string" && value.length <= MOST && TRACEPARENT.test(value)
    ? value
    : null;
}

/** The `traceparent` of a trace of X-Ray (`_X_AMZN_TRACE_ID`, `AWSTraceHeader`); null when there is none. */
export function traceparentOfXRay(header: string | undefined): string | null {
  const match = header === undefined || header.length > MOST ? null : X_RAY.exec(header);
  if (match === null) return null;
  const [, time = "", id = "", parent = "", sampled = "0"] = match;
  return readTraceparent(`00-${time}${id}-${parent}-0${sampled}`);
}

/** The same trace as X-Ray names it. @param traceparent - as `readTraceparent` takes it. */
export function xRayOf(traceparent: string): string {
  const [, trace = "", parent = "", flags = "00"] = traceparent.split("-");
  // The lowest bit says that the trace is recorded.
  const sampled = Number.parseInt(flags, 16) % 2;
  return `Root=1-${trace.slice(0, 8)}-${trace.slice(8)};Parent=${parent};Sampled=${sampled}`;
}
