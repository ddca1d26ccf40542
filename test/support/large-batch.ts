import { DynamoDB } from "@aws-sdk/client-dynamodb";

import { DynamoApplicationStore } from "../../lambdas/adapters/dynamo/dynamo-application-store.ts";
import { makeConsumerHandler } from "../../lambdas/consumer/handler.ts";
import { encodeEnvelope } from "../../lambdas/domain/event/envelope.ts";
import { EXTERNAL_INPUT } from "../../lambdas/settings/limits.ts";
import { consumerOver } from "../../tools/cloud-in-memory/runtime.ts";
import { batchOfMessages, lambdaContext } from "../../tools/cloud-in-memory/builders.ts";
import { answered } from "../../tools/cloud-in-memory/clients.ts";
import { anEnvelope } from "./poll-envelope.ts";

/*
 * A process of its own: the consumer takes one batch of ten large bodies, each of which stands in the
 * payload bucket. It prints what became of them.
 */

const AT = 1_760_000_000_000;
const BYTES = 4_000_000;

/** Three bytes of the text each, they take most of all memory. So many are the most that is parsed at all. */
const emptyObjects = listOf("{},", EXTERNAL_INPUT.jsonNodes - 100);
const others = [`{"a":1,"b":"x"},`, "12345678901234567890,", `"${"é".repeat(500)}",`].map(
  (filling) => listOf(filling, Math.floor(BYTES / Buffer.byteLength(filling))),
);

function listOf(filling: string, times: number): Buffer {
  return Buffer.from(`"list":[${filling.repeat(times)}0]}}`);
}

/** A webhook: a Journey event, or one of another family, whose whole content has an id. */
function bodyOf(index: number): Uint8Array {
  const isJourneyEvent = index % 2 === 0;
  const frame = isJourneyEvent
    ? `"journey_application_token":"JA-${index}","journey_token":"J-1","type":"error","timestamp":${AT}`
    : `"review_token":"R-${index}"`;
  const list = isJourneyEvent ? emptyObjects : (others[(index - 1) / 2] ?? emptyObjects);
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
