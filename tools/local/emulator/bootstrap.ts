import { CREDENTIALS, REGION } from "./emulator.ts";

/** The qualifier of CDK's bootstrap stack, which nothing here changes. */
const QUALIFIER = "hnb659fds";

/** Above what any template asks for; the CLI's own is not asked for its number. */
const VERSION = "30";

/**
 * Puts into an emulator's account what a deployment asks of CDK's bootstrap stack: the bucket of the assets, and the version
 * (CDK's guide, "Bootstrap template"). The stack's roles are for accounts in which a call can be refused, and `cdk bootstrap`
 * would take longer than the rest of the start.
 */
export async function bootstrap(endpoint: string, account: string): Promise<void> {
  // Half of a tenth of a second each to load, and only a deployment needs them.
  const [{ CreateBucketCommand, S3Client }, { PutParameterCommand, SSMClient }] = await Promise.all(
    [import("@aws-sdk/client-s3"), import("@aws-sdk/client-ssm")],
  );
  const configuration = { endpoint, region: REGION, credentials: CREDENTIALS };
  const s3 = new S3Client({ ...configuration, forcePathStyle: true });
  // In this region AWS answers 200 for a bucket that is one's own already (API reference of CreateBucket).
  await s3.send(
    new CreateBucketCommand({ Bucket: `cdk-${QUALIFIER}-assets-${account}-${REGION}` }),
  );
  const ssm = new SSMClient(configuration);
  await ssm.send(
    new PutParameterCommand({
      Name: `/cdk-bootstrap/${QUALIFIER}/version`,
      Type: "String",
      Value: VERSION,
      Overwrite: true,
    }),
  );
}
