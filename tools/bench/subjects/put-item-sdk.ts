/** A write of the application table by the SDK's client. */
import { DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";

import { anItem } from "./put-item.ts";

const client = new DynamoDBClient({});

export const call = () => client.send(new PutItemCommand(anItem()));
