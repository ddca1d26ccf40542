import { LOG_EVENT_OVERHEAD_BYTES } from "../../lambdas/telemetry/metrics.ts";
import { PRICES } from "../cost/prices.ts";
import type { Counts } from "../cost/report.ts";
import { usualAccessLogLine } from "../cost/count-template.ts";

/** Who reads each member of a line of the access log. A member that nobody reads is not logged. */
const ACCESS_LOG_READERS: Readonly<Record<string, string>> = {
  requestId: "people: the line of ingest about the same request, and a case at AWS",
  sourceIp: "the filter of `AlloyRefused`; people, after a run of guesses",
  userAgent: "people, after a run of guesses",
  status:
    "the filters of `WebhooksReceived`, `AlloyRefused` and, with tokens, `CredentialsRejected`",
  responseLatency: "people, when `ingest-slow` rings",
  integrationStatus:
    "with tokens the filter of `CredentialsRejected`; people: whether ingest or API Gateway answered",
  integrationError: "people, when `ingest-failing` rings and ingest has no line",
  stage: "the filters: it is the dimension `Stage`",
};

/**
 * What is logged of a webhook that comes by itself, and who reads it.
 *
 * @throws Error when a member of the access log has no reader here.
 */
export function logRows({ stage, ingest, lives }: Counts): readonly (readonly string[])[] {
  const line: unknown = JSON.parse(usualAccessLogLine(stage));
  const members = Object.entries(typeof line === "object" && line !== null ? line : {});
  const fields = members.map(([name, value]) => {
    const reader = ACCESS_LOG_READERS[name];
    if (reader === undefined) throw new Error(`Nobody reads ${name} of the access log.`);
    return row(`access log, \`${name}\``, JSON.stringify({ [name]: value }).length - 1, reader);
  });
  return [
    ...fields,
    row("access log, the line itself", LOG_EVENT_OVERHEAD_BYTES + 1, "CloudWatch bills it"),
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
