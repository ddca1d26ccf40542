import { ConfigurationError } from "./stage-configuration.ts";

/** Regions of other partitions than `aws` begin so: China, GovCloud, the European Sovereign Cloud, the isolated ones. */
const OTHER_PARTITIONS = /^(?:cn|us-gov|eusc|us-iso|eu-iso)[a-z]*-/;

/**
 * Ingest and the poller call S3 and Secrets Manager by names under amazonaws.com, which not every partition has, and
 * nothing here has been tried in another one: there every webhook might be answered 503.
 *
 * @param region - of the deployment; undefined when nobody has said it yet.
 * @throws ConfigurationError when the region is in another partition.
 */
export function refuseOtherPartitions(region: string | undefined): void {
  if (region === undefined || !OTHER_PARTITIONS.test(region)) return;
  throw new ConfigurationError(
    `The region ${region} is not in the partition aws, and only there the functions find the endpoints that they call; choose another one with AWS_REGION.`,
  );
}
