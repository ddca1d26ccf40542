import { EXAMPLE_PRODUCTION, SANDBOX } from "../../lib/config/default-stages.ts";
import { startCountedConsumer } from "../cloud-in-memory/counted-consumer.ts";
import { batchOf, lambdaContext } from "../cloud-in-memory/builders.ts";
import { LIVES_BEGIN, scenarioLives } from "../cloud-in-memory/counted-consumer.ts";
import { billOf } from "../cloud-in-memory/write-meter.ts";
import { CONSUMER_MS } from "../cost/arrival.ts";
import { PRICES, PRICES_AS_OF } from "../cost/prices.ts";
import { count, endsOf } from "../cost/report.ts";
import { MEMORY_MB } from "../../lambdas/settings/limits.ts";
import type { Bench, Report } from "./bench.ts";
import { rounded } from "./statistics.ts";
import { makeNaiveConsumer } from "./subjects/naive-consumer.ts";

const MILLION = 1_000_000;

/** A way to receive webhooks, and what of it a million costs that come one by one, in USD. */
interface Way {
  readonly name: string;
  readonly usd: number;
  /** Where the figure comes from. */
  readonly from: "counted" | "list prices";
  /** What it leaves to its user. */
  readonly leaves: string;
}

export const bench: Bench = {
  title: "a million webhooks that come one by one, beside what else a user would pick",

  async run(): Promise<Report> {
    const production = await count(EXAMPLE_PRODUCTION);
    const everything = await count({ ...EXAMPLE_PRODUCTION, routes: SANDBOX.routes });
    const [, ours] = endsOf(production);
    const [, all] = endsOf(everything);
    const ways: readonly Way[] = [
      {
        name: "this project, production's routes",
        usd: ours?.perMillion ?? 0,
        from: "counted",
        leaves: "nothing of the list below",
      },
      {
        name: "this project, everything published",
        usd: all?.perMillion ?? 0,
        from: "counted",
        leaves: "nothing of the list below",
      },
      {
        name: "Powertools around a handler, everything published",
        usd: await powertoolsPerMillion(),
        from: "counted",
        leaves: "order, a lost webhook, one effect per event",
      },
      {
        name: "API Gateway straight to SQS, read one by one",
        usd: MILLION * (PRICES.httpApiRequest + 3 * PRICES.sqsRequest),
        from: "list prices",
        leaves: "authentication by HMAC, all processing",
      },
      {
        name: "EventBridge's own webhook ingestion, into a queue that is read one by one",
        // Its own rate is not in our price list: priced as an event on a custom bus.
        usd: MILLION * (PRICES.busEvent + 3 * PRICES.sqsRequest),
        from: "list prices",
        leaves: "order, a second credential, a lost webhook, the switch-off, all processing",
      },
    ];
    return {
      columns: ["one by one", "USD a million", "figure", "leaves to its user"],
      rows: ways.map(({ name, usd, from, leaves }) => [name, usd.toFixed(2), from, leaves]),
      notes: [
        `Prices of ${PRICES_AS_OF}, us-east-1. Counted: the operations of the real code, on a DynamoDB in this process.`,
        "The composition with Powertools is counted without its log. The first two have theirs, and their poller.",
        "List prices: nothing of it can be run here. EventBridge's ingestion is priced as an event on a custom bus.",
      ],
      targets: [],
      figures: ways.map(({ usd, ...way }) => ({ ...way, usd: rounded(usd) })),
    };
  },
};

/** The same way in and the same queue; then the composition that tutorials teach. */
async function powertoolsPerMillion(): Promise<number> {
  const consumer = await startCountedConsumer();
  try {
    const process = makeNaiveConsumer({ ...consumer, ...consumer.dynamo });
    let [events, writes, reads] = [0, 0, 0];
    for (const webhooks of scenarioLives("alternative", ["visited_node"])) {
      for (const webhook of webhooks) {
        const bill = await billOf(async () => {
          await process(batchOf([webhook], LIVES_BEGIN), lambdaContext());
        });
        events += 1;
        writes += bill.items + bill.indexes;
        reads += bill.reads;
      }
    }
    const published = consumer.busEvents() / events;
    const gbSeconds = ((CONSUMER_MS.batch + CONSUMER_MS.event) * MEMORY_MB.consumer) / 1_024_000;
    return (
      MILLION *
      (PRICES.httpApiRequest +
        2 * PRICES.lambdaRequest +
        gbSeconds * PRICES.lambdaGbSecond +
        3 * PRICES.sqsRequest +
        (writes / events) * PRICES.dynamoWriteUnit +
        (reads / events) * PRICES.dynamoReadUnit +
        published * (PRICES.busEvent + PRICES.sqsRequest))
    );
  } finally {
    await consumer.dynamo.close();
  }
}
