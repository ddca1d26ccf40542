import { LOG_EVENT_OVERHEAD_BYTES } from "../../lambdas/telemetry/metrics.ts";
import { PRICES } from "../cost/prices.ts";
import type { Counts } from "../cost/report.ts";

/** What each field of the access log is, and who reads it. A field that nobody reads is not logged. */
const ACCESS_LOG_READERS: ReadonlyMap<string, readonly [name: string, reader: string]> = new Map([
  [
    "$context.requestId",
    ["requestId", "people: the line of ingest about the same request, and a case at AWS"],
  ],
  [
    "$context.identity.sourceIp",
    ["sourceIp", "the filter of `AlloyRefused`; people, after a run of guesses"],
  ],
  [
    "$context.status",
    [
      "status",
      "the filters of `WebhooksReceived`, `AlloyRefused` and, with tokens, `CredentialsRejected`",
    ],
  ],
  ["$context.responseLatency", ["responseLatency", "people, when `ingest-slow` rings"]],
  [
    "$context.integrationStatus",
    [
      "integrationStatus",
      "with tokens the filter of `CredentialsRejected`; people: whether ingest or API Gateway answered",
    ],
  ],
  ['"$context.identity.userAgent"', ["userAgent", "people, after a run of guesses"]],
  [
    "$context.integrationErrorMessage",
    ["integrationError", "people, when `ingest-failing` rings and ingest has no line"],
  ],
]);

/**
 * What is logged of a webhook that comes by itself, and who reads it.
 *
 * @throws Error when a field of the access log has no reader here.
 */
export function logRows({
  stage,
  accessLog: all,
  ingest,
  lives,
}: Counts): readonly (readonly string[])[] {
  const fields = all.map(({ format, text }, at) => {
    const [name, reader] =
      format === stage.stage
        ? (["stage", "the filters: it is the dimension `Stage`"] as const)
        : (ACCESS_LOG_READERS.get(format) ?? []);
    if (reader === undefined) throw new Error(`Nobody reads ${format} of the access log.`);
    const space = at === all.length - 1 ? 0 : 1;
    return row(`access log, \`${name}\``, Buffer.byteLength(text) + space, reader);
  });
  return [
    ...fields,
    row("access log, the line itself", LOG_EVENT_OVERHEAD_BYTES, "CloudWatch bills it"),
    row(
      "ingest",
      ingest.logBytes,
      "nothing, while webhooks are stored. A fault is a line of its metric, and one for people",
    ),
    row(
      "consumer",
      lives.logBytesAlone,
      "the filters of the usual counts; in the mean over the scenarios, faults and larger batches embed theirs",
    ),
  ];
}

function row(what: string, bytes: number, reader: string): readonly string[] {
  return [what, String(bytes), (bytes * 1e6 * (PRICES.logGb / 1e9)).toFixed(3), reader];
}
