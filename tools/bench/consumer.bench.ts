import { HOUR } from "../cloud-in-memory/clock.ts";
import {
  LIVES_BEGIN,
  scenarioLives,
  startCountedConsumer,
} from "../cloud-in-memory/counted-consumer.ts";
import { batchOf, lambdaContext, webhookOf } from "../cloud-in-memory/builders.ts";
import type { CountedConsumer, ProcessBatch } from "../cloud-in-memory/counted-consumer.ts";
import { billOf } from "../cloud-in-memory/write-meter.ts";
import type { Bill } from "../cloud-in-memory/write-meter.ts";
import { Random } from "../cloud-in-memory/random.ts";
import { perRoute } from "../../lib/config/per-route.ts";
import type { Bench, Report, Target } from "./bench.ts";
import { makeNaiveConsumer } from "./subjects/naive-consumer.ts";

/** Configuration drops it by default. */
const IGNORED = "visited_node";

/** What one consumer is billed for, by the kind of thing that it is given. */
type Bills = Awaited<ReturnType<typeof measure>>;

export const bench: Bench = {
  title: "DynamoDB and EventBridge per event, beside Powertools around the handler",

  async run(): Promise<Report> {
    const consumer = await startCountedConsumer();
    try {
      const naive = makeNaiveConsumer({ ...consumer, ...consumer.dynamo });
      const ours = await measure("A", consumer, consumer.process);
      const theirs = await measure("B", consumer, naive);
      return report(ours, theirs, await measureQuiet());
    } finally {
      await consumer.dynamo.close();
    }
  },
};

/** Bodies larger than the usual kilobyte, in bytes, and the write units that they may cost. */
const LARGER_BODIES = [
  { bytes: 4_000, most: { unpublished: 3, published: 4, duplicate: 2 } },
  { bytes: 20_000, most: { unpublished: 5, published: 6, duplicate: 4 } },
] as const;

/** What a stage costs that does not publish `progressed`: a further event, and events with larger bodies. */
async function measureQuiet() {
  const quiet = await startCountedConsumer(
    perRoute((route) => ({ publish: route !== "progressed", publishLate: false })),
  );
  try {
    const bill = (webhook: string) =>
      billOf(async () => quiet.process(batchOf([webhook]), lambdaContext()));
    const of = (type: string, after: number) =>
      webhookOf(type, "JA-benchC00000000000001", LIVES_BEGIN + after);
    await bill(of("started_application", 0));
    const unpublished = await bill(of("started_evaluation", 1_000));
    const late = await bill(
      webhookOf("pending_review", "JA-benchC00000000000001", LIVES_BEGIN + 500),
    );
    const bodies = [];
    for (const [index, { bytes, most }] of LARGER_BODIES.entries()) {
      const at = 10_000 * (index + 1);
      const [step, waiting] = [
        largerBody(of("started_evaluation", at), bytes),
        largerBody(of("pending_review", at + 1_000), bytes),
      ];
      const measured = {
        unpublished: (await bill(step)).items,
        published: (await bill(waiting)).items,
        duplicate: Math.max((await bill(step)).items, (await bill(waiting)).items),
      };
      bodies.push({ bytes, most, measured });
    }
    return { unpublished, late, bodies };
  } finally {
    await quiet.dynamo.close();
  }
}

/** The same webhook with so many bytes: evaluations of three people by two workflows, each with a token of its own. */
function largerBody(webhook: string, bytes: number): string {
  const parsed: { readonly data: { readonly _embedded?: object } } = JSON.parse(webhook);
  const { data, ...rest } = parsed;
  const random = new Random(bytes);
  const token = (prefix: string) => {
    const digits = Array.from({ length: 2 }, () => random.next().toString(36).slice(2, 12));
    return `${prefix}-${digits.join("")}`;
  };
  const [people, workflows] = [
    ["P", "P", "P"].map((prefix) => token(prefix)),
    ["W", "W"].map((prefix) => token(prefix)),
  ];
  const oneOf = (several: readonly string[]) => several[Math.floor(random.next() * several.length)];
  const evaluations: object[] = [];
  for (;;) {
    const _embedded = { ...data._embedded, evaluations };
    const body = JSON.stringify({ ...rest, data: { ...data, _embedded } });
    if (body.length >= bytes) return body;
    const evaluation = token("S");
    evaluations.push({
      evaluation_token: evaluation,
      entity_token: oneOf(people),
      workflow_token: oneOf(workflows),
      timestamp: LIVES_BEGIN + Math.floor(random.next() * 1e6),
      outcome: oneOf(["Approved", "Manual Review", "Denied"]),
      score: Math.round(random.next() * 1_000) / 1_000,
      _links: { self: { href: `/v1/evaluations/${evaluation}` } },
    });
  }
}

async function measure(mark: string, consumer: CountedConsumer, process: ProcessBatch) {
  let applications = 900;
  const newToken = () => {
    applications += 1;
    return `JA-bench${mark}${String(applications).padStart(14, "0")}`;
  };
  const bill = (...webhooks: readonly string[]) =>
    billOf(async () => {
      await process(batchOf(webhooks), lambdaContext());
    });

  const lives: Bill[][] = [];
  for (const webhooks of scenarioLives(`bench${mark}`, [IGNORED])) {
    const life: Bill[] = [];
    for (const webhook of webhooks) life.push(await bill(webhook));
    lives.push(life);
  }

  const again = webhookOf("pending_review", newToken(), LIVES_BEGIN);
  await bill(again);
  const sentAgain = { ...JSON.parse(again), timestamp: LIVES_BEGIN + 24 * HOUR };
  const duplicate = await bill(JSON.stringify(sentAgain));
  const copy = await bill(again);

  const callsBefore = consumer.busCalls();
  await bill(
    ...Array.from({ length: 10 }, () => webhookOf("started_application", newToken(), LIVES_BEGIN)),
  );
  return {
    /** The first event of an application that nobody announced. */
    first: mostOf(lives.flatMap((life) => life.slice(0, 1))),
    /** Each further event of every scenario, in the order in which it happened. */
    further: lives.flatMap((life) => life.slice(1)),
    /** A later attempt of Alloy's. */
    duplicate,
    /** The same webhook in another message. */
    copy,
    /** Calls of PutEvents for a batch of ten new events. */
    busCalls: consumer.busCalls() - callsBefore,
    /** Per event, over the lives of all scenarios' applications. */
    mean: meanOf(lives.flat()),
  };
}

function meanOf(bills: readonly Bill[]): Bill {
  const mean = (of: readonly number[]) =>
    Math.round((100 * of.reduce((sum, one) => sum + one, 0)) / of.length) / 100;
  return together(bills, mean);
}

function mostOf(bills: readonly Bill[]): Bill {
  return together(bills, (of) => Math.max(...of));
}

function together(bills: readonly Bill[], as: (of: readonly number[]) => number): Bill {
  return {
    items: as(bills.map(({ items }) => items)),
    indexes: as(bills.map(({ indexes }) => indexes)),
    reads: as(bills.map(({ reads }) => reads)),
  };
}

function report(
  ours: Bills,
  naive: Bills,
  { unpublished, late, bodies }: Awaited<ReturnType<typeof measureQuiet>>,
): Report {
  const columns = [
    "per event, webhooks of about 1 KB",
    "ours: items",
    "index entries",
    "reads",
    "naive: items",
    "index entries",
    "reads",
  ];
  const cells = ({ items, indexes, reads }: Bill) => [items, indexes, reads].map(String);
  const row = (name: string, of: (bills: Bills) => Bill) => [
    name,
    ...cells(of(ours)),
    ...cells(of(naive)),
  ];
  const rows = [
    row("first event of an application", ({ first }) => first),
    row("further event, mean", ({ further }) => meanOf(further)),
    row("further event, most", ({ further }) => mostOf(further)),
    ["further event, not published", ...cells(unpublished), "", "", ""],
    ["further event, late on a published route", ...cells(late), "", "", ""],
    ...bodies.flatMap(({ bytes, measured }) =>
      Object.entries(measured).map(([kind, units]) => [
        `body of ${bytes / 1_000} KB, ${kind}`,
        String(units),
        "",
        "",
        "",
        "",
        "",
      ]),
    ),
    row("mean over the scenarios' lives", ({ mean }) => mean),
    row("duplicate (a later attempt of Alloy's)", ({ duplicate }) => duplicate),
    row("duplicate (a copy of the first)", ({ copy }) => copy),
    ["PutEvents per batch of ten", String(ours.busCalls), "", "", String(naive.busCalls), "", ""],
  ];
  const further = mostOf(ours.further);
  const atMost = (what: string, measured: number, wanted: number, unit: string): Target => ({
    what,
    limit: "at most",
    wanted,
    measured,
    unit,
  });
  return {
    columns,
    rows,
    notes: [
      "Write units of items and of index entries, counted by size where dynalite writes; refused writes pay too.",
      "Each event comes in a batch of its own, the dearest case. An application's two index entries (its check,",
      "its external id) are put once in its life, by its first event or by its submission; an end without an",
      "outcome moves the check to now, which is the two of the further events' most.",
    ],
    targets: [
      atMost("write units of items, first event", ours.first.items, 3, "units"),
      atMost("write units of items, further event", further.items, 3, "units"),
      atMost("write units of items, not published", unpublished.items, 2, "units"),
      atMost("write units of items, late", late.items, 2, "units"),
      atMost("index entries, first event", ours.first.indexes, 2, "units"),
      atMost("reads, any new event", Math.max(ours.first.reads, further.reads), 0, "reads"),
      atMost("write units, duplicate", ours.duplicate.items + ours.duplicate.indexes, 1, "units"),
      atMost("reads, duplicate", ours.duplicate.reads, 0, "reads"),
      atMost("write units, copy", ours.copy.items + ours.copy.indexes, 1, "units"),
      ...bodies.flatMap(({ bytes, most, measured }) =>
        (["unpublished", "published", "duplicate"] as const).map((kind) =>
          atMost(
            `write units, body of ${bytes / 1_000} KB, ${kind}`,
            measured[kind],
            most[kind],
            "units",
          ),
        ),
      ),
      atMost("PutEvents per batch of ten", ours.busCalls, 1, "calls"),
    ],
    figures: { ours: { ...summaryOf(ours), unpublished, bodies }, naive: summaryOf(naive) },
  };
}

function summaryOf({ first, further, duplicate, copy, busCalls, mean }: Bills) {
  return {
    first,
    further: { mean: meanOf(further), most: mostOf(further) },
    mean,
    duplicate,
    copy,
    putEventsPerBatchOfTen: busCalls,
  };
}
