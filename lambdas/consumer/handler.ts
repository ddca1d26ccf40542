import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";

import { Deadline } from "../domain/deadline.ts";
import type { Schedule } from "../domain/deadline.ts";
import type { EventPublisher, PayloadReader } from "../domain/ports.ts";
import type { PublishedEvent } from "../domain/routing/published-event.ts";
import { errorOf } from "../domain/refusal.ts";
import type { Refusal } from "../domain/refusal.ts";
import { eventWithinLimits } from "../domain/routing/within-limits.ts";
import { METRICS } from "../settings/metrics.ts";
import { complete, makeAcknowledge } from "./complete.ts";
import type { CompleteDependencies, Publication, Result } from "./complete.ts";
import { deduplicate, oneAtATime, readMessage } from "./message.ts";
import type { Message } from "./message.ts";
import { groupsToMerge, recordAndMerge } from "./prepare.ts";
import type { PrepareDependencies, Prepared } from "./prepare.ts";

export interface ConsumerDependencies extends PrepareDependencies, CompleteDependencies {
  readonly publisher: EventPublisher;
  readonly payloads: PayloadReader;
  readonly schedule: Schedule;
}

/**
 * The consumer: one effect per event, and an answer for each record before Lambda's time-out.
 *
 * 1. Read the records into messages, and merge duplicates.
 * 2. Prepare each message: lock, record, merge. Applications run concurrently, the messages of one in order and in groups.
 * 3. Publish the events of all prepared messages in one call.
 * 4. Complete each message or release it; a message without an event does not wait for the publication.
 * 5. Acknowledge, retry or dead-letter its records.
 * 6. At the deadline, retry what is unfinished.
 */
export function makeConsumerHandler(dependencies: ConsumerDependencies) {
  const { schedule, metrics } = dependencies;
  const acknowledge = makeAcknowledge(dependencies);

  return async ({ Records }: SQSEvent, context: Context): Promise<SQSBatchResponse> => {
    const deadline = new Deadline(() => context.getRemainingTimeInMillis(), schedule);
    /** Whether a record is retried. A record without an entry is unfinished. */
    const isRetried = new Map<SQSRecord, boolean>();
    const end = async (records: readonly SQSRecord[], message: Message | null, result: Result) => {
      if (deadline.isPast("completeBy")) return;
      const retried = await acknowledge(records, message, result);
      for (const record of records) isRetried.set(record, retried.includes(record));
    };

    const { messages, unreadable } = await readAll(Records, deadline, dependencies);
    const preparations = prepareAll(messages, deadline, dependencies);
    const published = publishAll(preparations, deadline, dependencies);
    const resultOf = async ({ prepared }: WithEvent) => {
      const publication = (await published).get(prepared) ?? null;
      return complete(prepared, publication, deadline, dependencies);
    };
    const completions = preparations.map(async (preparation) => {
      const one = await preparation;
      const { message } = one.prepared;
      await end(message.records, message, "result" in one ? one.result : await resultOf(one));
    });
    const deadLetters = unreadable.map(async ({ record, error }) =>
      end([record], null, { kind: "failed", error }),
    );
    await deadline.wait("completeBy", Promise.all([...completions, ...deadLetters]));

    const failures = Records.filter((record) => isRetried.get(record) ?? true);
    const unfinished = failures.filter((record) => !isRetried.has(record));
    const retries = unfinished.map(async (record) => {
      const message = messages.find(({ records }) => records.includes(record)) ?? null;
      await acknowledge([record], message, { kind: "unfinished" });
    });
    await deadline.wait("answerBy", Promise.all(retries));
    deadline.end();

    metrics.count(METRICS.recordsHandled, Records.length);
    // A zero would be 58 bytes of log for each batch; the alarm takes a silent metric for none.
    if (failures.length > 0) metrics.count(METRICS.recordsFailed, failures.length);
    metrics.flush();
    return { batchItemFailures: failures.map(({ messageId }) => ({ itemIdentifier: messageId })) };
  };
}

/** @returns what is read by the deadline; a record that is in neither list is not read yet. */
async function readAll(
  records: readonly SQSRecord[],
  deadline: Deadline,
  { payloads, settings }: ConsumerDependencies,
) {
  const messages: Message[] = [];
  const unreadable: { readonly record: SQSRecord; readonly error: unknown }[] = [];
  const inTurn = oneAtATime(payloads);
  const reading = records.map(async (record) => {
    try {
      messages.push(await readMessage(record, inTurn, settings));
    } catch (error) {
      unreadable.push({ record, error });
    }
  });
  await deadline.wait("readBy", Promise.all(reading));
  return { messages: deduplicate(messages), unreadable: [...unreadable] };
}

/** A prepared message whose event is to be published. */
interface WithEvent {
  readonly prepared: Prepared;
  readonly event: PublishedEvent;
}

/** A message after its preparation. One without an event is completed: the next one must not find it locked. */
type Preparation = WithEvent | { readonly prepared: Prepared; readonly result: Result };

/** A message is prepared once the previous message of its application is; several of them are merged together. */
function prepareAll(
  messages: readonly Message[],
  deadline: Deadline,
  dependencies: ConsumerDependencies,
): readonly Promise<Preparation>[] {
  const endOne = async (prepared: Prepared): Promise<Preparation> => {
    const event = "event" in prepared.outcome ? prepared.outcome.event : null;
    if (event !== null) return { prepared, event };
    return { prepared, result: await complete(prepared, null, deadline, dependencies) };
  };
  return [...Map.groupBy(messages, ({ subject }) => subject).values()].flatMap((ofOne) => {
    let previous: Promise<unknown> = Promise.resolve();
    const inOrder = ofOne.toSorted((one, other) => one.at - other.at);
    return groupsToMerge(inOrder).flatMap((group) => {
      const merging = previous.then(() => recordAndMerge(group, deadline, dependencies));
      previous = merging;
      return group.map((message) => {
        const preparation = previous.then(async () => endOne(await (await merging)(message)));
        previous = preparation;
        return preparation;
      });
    });
  });
}

/** Publishes what is prepared by the deadline. @returns an entry for each event that the bus was given. */
async function publishAll(
  preparations: readonly Promise<Preparation>[],
  deadline: Deadline,
  { publisher, metrics }: ConsumerDependencies,
): Promise<ReadonlyMap<Prepared, Publication>> {
  const due: WithEvent[] = [];
  const ended = preparations.map(async (preparation) => {
    const one = await preparation;
    if ("event" in one && !deadline.isPast("publishBy")) due.push(one);
  });
  await deadline.wait("publishBy", Promise.all(ended));
  // A frozen sandbox may wake when the messages are another invocation's.
  if (due.length === 0 || deadline.isPast("completeBy")) return new Map();

  const given = [...due];
  const events = given.map(({ event }) => {
    const within = eventWithinLimits(event);
    if (within !== event) metrics.count(METRICS.eventsCut);
    return within;
  });
  try {
    const answers = await publisher.publish(events);
    return new Map(given.map(({ prepared }, index) => [prepared, publicationOf(answers[index])]));
  } catch (error) {
    // Nobody knows what the bus took: each event is published again, under its stable id.
    return new Map(given.map(({ prepared }) => [prepared, { error }]));
  }
}

/** An answer that is too short does not say that the event was taken. */
function publicationOf(refusal: Refusal | null | undefined): Publication {
  if (refusal === null) return "published";
  const unnamed = { kind: "transient", reason: "nothing was said of it" } as const;
  return { error: errorOf("The bus did not take the event", refusal ?? unnamed) };
}
