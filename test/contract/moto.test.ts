import { describe, expect, it } from "vitest";

import { awsServices } from "../../lambdas/adapters/aws-http/aws-services.ts";
import { DynamoApplicationStore } from "../../lambdas/adapters/dynamo/dynamo-application-store.ts";
import { DynamoDueApplications } from "../../lambdas/adapters/dynamo/dynamo-due-applications.ts";
import { DynamoIdempotencyRecords } from "../../lambdas/adapters/dynamo/dynamo-idempotency-records.ts";
import { DynamoInvestigations } from "../../lambdas/adapters/dynamo/dynamo-investigations.ts";
import { PowertoolsIdempotency } from "../../lambdas/adapters/powertools-idempotency.ts";
import { S3PayloadBucket } from "../../lambdas/adapters/aws-http/s3-payload-bucket.ts";
import { S3PayloadReader } from "../../lambdas/adapters/s3-payload-reader.ts";
import {
  makeMotoBucket,
  makeMotoTables,
  MOTO_CREDENTIALS,
  MOTO_REGION,
  noMoto,
  useMoto,
} from "../support/moto.ts";
import { clientsOf } from "../support/own-clients.ts";
import { dynamoWithinLimits } from "../support/refusals.ts";
import { forgetIn, openDynamoStore } from "../support/open-stores.ts";
import { describeApplicationStore } from "./application-store.ts";
import { describeDueApplications } from "./due-applications.ts";
import { describeDynamoLimits } from "./dynamo-limits.ts";
import { describeIdempotency } from "./idempotency.ts";
import { describeInvestigations } from "./investigations.ts";
import { describePayloads } from "./payloads.ts";

/** Histories tried per law: each of their writes is a request to a server in Python. */
const HISTORIES = 5;

/** A second, independent implementation (docs/decisions/0024). */
describe.skipIf(noMoto !== null)("moto", () => {
  const endpoint = useMoto();

  function ownClients() {
    const services = awsServices(MOTO_REGION, {
      AWS_ENDPOINT_URL: endpoint(),
      AWS_ACCESS_KEY_ID: MOTO_CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: MOTO_CREDENTIALS.secretAccessKey,
    });
    const { dynamo, s3 } = clientsOf(services);
    return { dynamo: dynamoWithinLimits(dynamo), s3, call: services.call };
  }

  it("is up", () => {
    expect(endpoint()).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  });

  describeApplicationStore(
    "DynamoDB of moto",
    async () => {
      const { client, applicationTableName: tableName, close } = await makeMotoTables(endpoint());
      return openDynamoStore({ client, calls: ownClients().dynamo, tableName, close });
    },
    HISTORIES,
  );

  describeDynamoLimits("moto", () => makeMotoTables(endpoint()), [
    // It ends in an error of its own, 500.
    "an expression of more than 4 KB",
    "an expression with more than 300 operators",
    "a placeholder of more than 255 bytes",
    "an empty text as the key of an index, by an update",
    "an attribute of more than 32 levels",
    "the removal of what has such a key",
    "a number for a text as the key of an index",
    "a number of more than 38 digits",
  ]);

  describeDueApplications("DynamoDB of moto", async () => {
    const { client, applicationTableName: tableName, close } = await makeMotoTables(endpoint());
    return {
      due: new DynamoDueApplications(ownClients().dynamo, tableName),
      store: new DynamoApplicationStore({
        client: ownClients().dynamo,
        tableName,
        eventRetentionMs: null,
      }),
      forget: forgetIn({ client, tableName }),
      close,
    };
  });

  describeInvestigations("DynamoDB of moto", async () => {
    const { applicationTableName, close } = await makeMotoTables(endpoint());
    return { kept: new DynamoInvestigations(ownClients().dynamo, applicationTableName), close };
  });

  describeIdempotency("Powertools on DynamoDB of moto", async () => {
    const { idempotencyTableName: tableName, close } = await makeMotoTables(endpoint());
    return {
      newSandbox: () =>
        new PowertoolsIdempotency(new DynamoIdempotencyRecords(ownClients().dynamo, tableName)),
      close,
    };
  });

  describePayloads("S3 of moto", async () => {
    const { client, bucket } = await makeMotoBucket(endpoint());
    const { call, s3 } = ownClients();
    return {
      bucket: new S3PayloadBucket(call, bucket, MOTO_REGION, endpoint()),
      reader: new S3PayloadReader(s3, bucket),
      close: async () => client.destroy(),
    };
  });
});
