import { DynamoDB } from "@aws-sdk/client-dynamodb";

import { DynamoApplicationStore } from "../../lambdas/adapters/dynamo/dynamo-application-store.ts";
import { makeConsumerHandler } from "../../lambdas/consumer/handler.ts";
import { encodeEnvelope } from "../../lambdas/domain/event/envelope.ts";
import { consumerOver } from "../../tools/cloud-in-memory/runtime.ts";
import { batchOfMessages, lambdaContext } from "../../tools/cloud-in-memory/builders.ts";
import { answered } from "../../tools/cloud-in-memory/clients.ts";
import { anEnvelope } from "./poll-envelope.ts";

/*
 * A process of its own: the consumer takes one batch of ten large bodies, each of which stands in the
 * payload bucket. Its arguments are the shape of the bodies and their bytes; it prints what became of them.
 */

const AT = 1_760_000_000_000;

const FILLINGS: Readonly<Record<string, string>> = {
  objects: `{"a":1,"b":"x"},`,
  "empty objects": "{},",
  numbers: "12345678901234567890,",
  texts: `"${"é".repeat(500)}",`,
};

const [shape = "", bytes = "0"] = process.argv.slice(2);
const filling = FILLINGS[shape] ?? "";
const times = Math.floor(Number(bytes) / Buffer.byteLength(filling));
const list = Buffer.from(`"list":[${filling.repeat(times)}0]}}`);

/** A webhook of about so many bytes: a Journey event, or one of another family. */
function bodyOf(index: number): Uint8Array {
  const frame =
    index % 2 === 0
      ? `"journey_application_token":"JA-${index}","journey_token":"J-1","type":"error","timestamp":${AT}`
      : `"review_token":"R-${index}"`;
  return Buffer.concat([Buffer.from(`{"type":"x","data":{${frame},`), list]);
}

let inFlight = 0;
let mostInFlight = 0;
let puts = 0;
const client = answered(new DynamoDB({ region: "us-east-1" }), (_, commandName) => {
  if (commandName === "PutItemCommand") puts += 1;
  return {};
});
const handle = makeConsumerHandler(
  consumerOver({
    store: new DynamoApplicationStore({ client, tableName: "table", eventRetentionMs: null }),
    publisher: { publish: async (events) => events.map(() => null) },
    deadLetters: {
      async send(_, reason) {
        throw new Error(reason);
      },
    },
    payloads: {
      async read(key) {
        inFlight += 1;
        mostInFlight = Math.max(mostInFlight, inFlight);
        await new Promise((resolve) => setTimeout(resolve, 1));
        inFlight -= 1;
        return bodyOf(Number(key));
      },
    },
  }),
);

const event = batchOfMessages(
  Array.from({ length: 10 }, (_, index) =>
    encodeEnvelope(anEnvelope({ receiptId: `receipt-${index}`, payloadKey: String(index) })),
  ),
);
const { batchItemFailures } = await handle(event, lambdaContext());
const peakMb = Math.round(process.resourceUsage().maxRSS / 1_024);
process.stdout.write(
  JSON.stringify({ recorded: puts, failed: batchItemFailures.length, mostInFlight, peakMb }),
);
