import { CREDENTIALS, REGION } from "./emulator.ts";

/** The qualifier of CDK's bootstrap stack, which nothing here changes. */
const QUALIFIER = "hnb659fds";

/** Above what any template or CLI asks for. */
const VERSION = "30";

/**
 * Puts into an emulator's account what a deployment asks of CDK's bootstrap stack: the bucket of the assets, and the version
 * (CDK's guide, "Bootstrap template"). The rest of that stack are roles, and the CDK CLI goes on with its own credentials
 * where it can assume none. `cdk bootstrap` would start the CLI a second time.
 *
 * @throws the SDK's error when the emulator does not take it.
 */
export async function bootstrap(
  endpoint: string,
  account: string,
  abortSignal: AbortSignal,
): Promise<void> {
  // Only a deployment needs them.
  const [{ CreateBucketCommand, S3Client }, { PutParameterCommand, SSMClient }] = await Promise.all(
    [import("@aws-sdk/client-s3"), import("@aws-sdk/client-ssm")],
  );
  const configuration = { endpoint, region: REGION, credentials: CREDENTIALS };
  const s3 = new S3Client({ ...configuration, forcePathStyle: true });
  // In this region AWS answers 200 for a bucket that is one's own already (API reference of CreateBucket).
  await s3.send(
    new CreateBucketCommand({ Bucket: `cdk-${QUALIFIER}-assets-${account}-${REGION}` }),
    { abortSignal },
  );
  const ssm = new SSMClient(configuration);
  await ssm.send(
    new PutParameterCommand({
      Name: `/cdk-bootstrap/${QUALIFIER}/version`,
      Type: "String",
      Value: VERSION,
      Overwrite: true,
    }),
    { abortSignal },
  );
}
