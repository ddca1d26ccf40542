import { SQSClient } from "@aws-sdk/client-sqs";
import type { ListMessageMoveTasksResultEntry, MessageAttributeValue } from "@aws-sdk/client-sqs";
import * as v from "valibot";
import { answered } from "../../tools/cloud-in-memory/clients.ts";
import { makeMemoryCloud } from "../../tools/cloud-in-memory/cloud.ts";
import type { MemoryCloud } from "../../tools/cloud-in-memory/cloud.ts";
import type { MemoryQueue, QueuedMessage } from "../../tools/cloud-in-memory/queue.ts";
import { withinLimits } from "./refusals.ts";

/** What the operations used here are asked with. */
const InputSchema = v.looseObject({
  QueueUrl: v.optional(v.string(), ""),
  MessageBody: v.optional(v.string(), ""),
  MessageAttributes: v.optional(v.record(v.string(), v.object({ StringValue: v.string() })), {}),
  MaxNumberOfMessages: v.optional(v.number(), 1),
  ReceiptHandle: v.optional(v.string(), ""),
  VisibilityTimeout: v.optional(v.number(), 0),
  Entries: v.optional(v.array(v.object({ Id: v.string(), MessageBody: v.string() })), []),
  SourceArn: v.optional(v.string(), ""),
});
type Input = v.InferOutput<typeof InputSchema>;

/** SQS as the operators' tool calls it, over the queues of a cloud in memory. */
export class MemorySqs {
  /** What was asked, in order: the operation and the queue. */
  readonly calls: string[] = [];
  /** What `ListMessageMoveTasks` answers, one after the other, and then each move; null when SQS knows no move tasks. */
  moveTasks: (ListMessageMoveTasksResultEntry | undefined)[] | null = null;
  /** What `StartMessageMoveTask` was asked, and what it answers. */
  readonly started: unknown[] = [];
  startFailure: Error | null = null;
  /** Answers a send with 200, names no message, and has not taken it. */
  losesMessages = false;
  /** Called before each operation; what it throws is the operation's failure. */
  onCall: (call: string) => void = () => undefined;
  /** Called when something has come into the event queue. */
  onQueued: () => void = () => undefined;
  readonly #events: MemoryQueue;
  readonly #deadLetters: MemoryQueue;
  /** The dead letters that SQS itself has moved. */
  readonly #movedBySqs = new Set<string>();

  constructor(cloud: Pick<MemoryCloud, "events" | "deadLetters"> = makeMemoryCloud(UNTIMED)) {
    this.#events = cloud.events;
    this.#deadLetters = cloud.deadLetters;
  }

  /** The same, as the tool takes it: a client whose calls end here. */
  get client(): SQSClient {
    const client = answered(new SQSClient({ region: "us-east-1" }), (input, commandName) =>
      this.#answer(commandName, v.parse(InputSchema, input)),
    );
    withinLimits(client);
    return client;
  }

  /** What SQS would not take, too: the tool has to show whatever it finds. */
  put(
    queue: string,
    body: string,
    options: {
      readonly reason?: string;
      readonly sentAt?: number;
      readonly movedBySqs?: boolean;
      readonly attributes?: Readonly<Record<string, string>>;
    } = {},
  ): void {
    const { reason, sentAt, movedBySqs = false } = options;
    const attributes = { ...options.attributes, ...(reason !== undefined && { reason }) };
    const messageId = this.#at(queue).hold(body, attributes, sentAt);
    if (movedBySqs) this.#movedBySqs.add(messageId);
  }

  /** Bodies and attributes of what can be received from a queue. */
  visible(queue: string) {
    return this.#at(queue)
      .visible()
      .map((message) => ({ Body: message.body, MessageAttributes: attributesOf(message) }));
  }

  all(queue: string): readonly string[] {
    return this.#at(queue)
      .messages()
      .map(({ body }) => body);
  }

  #answer(commandName: string, input: Input): object {
    const { QueueUrl, ReceiptHandle, MessageBody, Entries, SourceArn } = input;
    const queue = this.#at(QueueUrl);
    switch (commandName) {
      case "ReceiveMessageCommand":
        this.#note("receive", QueueUrl);
        return {
          Messages: queue.receive(input.MaxNumberOfMessages).map((message) => ({
            MessageId: message.messageId,
            ReceiptHandle: message.receiptHandle,
            Body: message.body,
            Attributes: {
              SentTimestamp: String(message.sentAt),
              ...(this.#movedBySqs.has(message.messageId) && {
                DeadLetterQueueSourceArn: "arn:aws:sqs:::events",
              }),
            },
            MessageAttributes: attributesOf(message),
          })),
        };
      case "SendMessageCommand": {
        this.#note("send", QueueUrl);
        if (this.losesMessages) return {};
        const attributes = Object.entries(input.MessageAttributes);
        const texts = attributes.map(([name, { StringValue }]) => [name, StringValue]);
        return { MessageId: queue.send(MessageBody, Object.fromEntries(texts)) };
      }
      case "SendMessageBatchCommand": {
        this.#note("send", QueueUrl);
        const sent = Entries.map(({ Id, MessageBody: body }) => ({
          Id,
          MessageId: queue.send(body),
        }));
        this.onQueued();
        return { Successful: sent };
      }
      case "DeleteMessageCommand":
        this.#note("delete", QueueUrl);
        queue.delete(ReceiptHandle);
        return {};
      case "ChangeMessageVisibilityCommand":
        queue.changeVisibility(ReceiptHandle, input.VisibilityTimeout);
        return {};
      case "GetQueueAttributesCommand": {
        const waiting = String(queue.visible().length);
        const Attributes = { QueueArn: `arn:${QueueUrl}`, ApproximateNumberOfMessages: waiting };
        return { Attributes };
      }
      case "StartMessageMoveTaskCommand":
        this.#note("start", SourceArn);
        if (this.moveTasks === null) throw unknownOperation("StartMessageMoveTask");
        if (this.startFailure !== null) throw this.startFailure;
        this.started.push(input);
        this.moveTasks.push({
          Status: "COMPLETED",
          ApproximateNumberOfMessagesMoved: this.#deadLetters.redriveTo(this.#events),
        });
        return { TaskHandle: "handle" };
      case "ListMessageMoveTasksCommand": {
        if (this.moveTasks === null) throw unknownOperation("ListMessageMoveTasks");
        const task = this.moveTasks.shift();
        return { Results: task === undefined ? [] : [task] };
      }
      default:
        throw new Error(`${commandName} is not known here.`);
    }
  }

  #note(operation: string, queue: string): void {
    this.calls.push(`${operation} ${queue}`);
    this.onCall(`${operation} ${queue}`);
  }

  #at(url: string): MemoryQueue {
    return /dead/i.test(url) ? this.#deadLetters : this.#events;
  }
}

/** No message grows too old, or becomes visible by itself. */
const UNTIMED = { now: () => 0 };

function attributesOf({ attributes }: QueuedMessage): Record<string, MessageAttributeValue> {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, StringValue]) => [
      name,
      { DataType: "String", StringValue },
    ]),
  );
}

/** As MiniStack answers. */
function unknownOperation(action: string): Error {
  const error = new Error(`The action ${action} is not valid for this endpoint.`);
  error.name = "InvalidAction";
  return error;
}
