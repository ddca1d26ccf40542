/** A write of the application table by the functions' own client. */
import { awsServices } from "../../../lambdas/adapters/aws-http/aws-services.ts";
import { makeDynamoDb } from "../../../lambdas/adapters/aws-http/json-services.ts";
import { anItem } from "./put-item.ts";

const dynamo = makeDynamoDb(awsServices("us-east-1", process.env));

export const call = () => dynamo.putItem(anItem());
