import { randomUUID } from "node:crypto";
import { SQSClient } from "@aws-sdk/client-sqs";
import type {
  ListMessageMoveTasksResultEntry,
  Message,
  MessageAttributeValue,
} from "@aws-sdk/client-sqs";
import * as v from "valibot";
import { withinLimits } from "./refusals.ts";
import { answered } from "../../tools/cloud-in-memory/clients.ts";

/** What the operations used here are asked with. */
const InputSchema = v.looseObject({
  QueueUrl: v.optional(v.string(), ""),
  MessageBody: v.optional(v.string(), ""),
  MessageAttributes: v.optional(
    v.record(v.string(), v.object({ DataType: v.string(), StringValue: v.optional(v.string()) })),
    {},
  ),
  MaxNumberOfMessages: v.optional(v.number(), 1),
  ReceiptHandle: v.optional(v.string(), ""),
  Entries: v.optional(v.array(v.object({ Id: v.string(), MessageBody: v.string() })), []),
  SourceArn: v.optional(v.string(), ""),
});
type Input = v.InferOutput<typeof InputSchema>;

interface Held {
  readonly message: Message;
  hidden: boolean;
}

/** Two queues of SQS in memory, as far as the operators' tool uses them. */
export class MemorySqs {
  readonly #queues = new Map<string, Held[]>();
  /** What was asked, in order: the operation and the queue. */
  readonly calls: string[] = [];
  /** What `ListMessageMoveTasks` answers, one after the other; null when SQS knows no move tasks. */
  moveTasks: (ListMessageMoveTasksResultEntry | undefined)[] | null = null;
  /** What `StartMessageMoveTask` was asked, and what it answers. */
  readonly started: unknown[] = [];
  startFailure: Error | null = null;
  /** Answers a send with 200, names no message, and has not taken it. */
  losesMessages = false;
  /** Called before each operation; what it throws is the operation's failure. */
  onCall: (call: string) => void = () => undefined;

  /** The same, as the tool takes it: a client whose calls end here. */
  get client(): SQSClient {
    const client = answered(new SQSClient({ region: "us-east-1" }), (input, commandName) =>
      this.#answer(commandName, v.parse(InputSchema, input)),
    );
    withinLimits(client);
    return client;
  }

  put(
    queue: string,
    body: string,
    options: {
      readonly reason?: string;
      readonly sentAt?: number;
      readonly movedBySqs?: boolean;
      readonly attributes?: Readonly<Record<string, MessageAttributeValue>>;
    } = {},
  ): void {
    const { reason, sentAt = 0, movedBySqs = false, attributes = {} } = options;
    const message: Message = {
      MessageId: randomUUID(),
      Body: body,
      Attributes: {
        SentTimestamp: String(sentAt),
        ...(movedBySqs && { DeadLetterQueueSourceArn: "arn:aws:sqs:::events" }),
      },
      MessageAttributes: {
        ...(reason !== undefined && { reason: { DataType: "String", StringValue: reason } }),
        ...attributes,
      },
    };
    this.#of(queue).push({ message, hidden: false });
  }

  /** Bodies and attributes of what can be received from a queue. */
  visible(queue: string) {
    return this.#of(queue)
      .filter(({ hidden }) => !hidden)
      .map(({ message: { Body, MessageAttributes } }) => ({ Body, MessageAttributes }));
  }

  all(queue: string): readonly (string | undefined)[] {
    return this.#of(queue).map(({ message }) => message.Body);
  }

  #answer(commandName: string, input: Input): object {
    const { QueueUrl, ReceiptHandle, SourceArn } = input;
    switch (commandName) {
      case "ReceiveMessageCommand":
        return this.#receive(input);
      case "SendMessageCommand":
        this.#note("send", QueueUrl);
        if (this.losesMessages) return {};
        this.put(QueueUrl, input.MessageBody, { attributes: input.MessageAttributes });
        return { MessageId: randomUUID() };
      case "SendMessageBatchCommand":
        this.#note("send", QueueUrl);
        for (const { MessageBody } of input.Entries) this.put(QueueUrl, MessageBody);
        return { Successful: input.Entries.map(({ Id }) => ({ Id, MessageId: randomUUID() })) };
      case "DeleteMessageCommand": {
        this.#note("delete", QueueUrl);
        const held = this.#of(QueueUrl);
        const rest = held.filter(({ message }) => message.MessageId !== ReceiptHandle);
        this.#queues.set(QueueUrl, rest);
        return {};
      }
      case "ChangeMessageVisibilityCommand":
        for (const held of this.#of(QueueUrl)) {
          if (held.message.MessageId === ReceiptHandle) held.hidden = false;
        }
        return {};
      case "GetQueueAttributesCommand": {
        const waiting = String(this.visible(QueueUrl).length);
        const Attributes = { QueueArn: `arn:${QueueUrl}`, ApproximateNumberOfMessages: waiting };
        return { Attributes };
      }
      case "StartMessageMoveTaskCommand":
        this.#note("start", SourceArn);
        if (this.moveTasks === null) throw unknownOperation("StartMessageMoveTask");
        if (this.startFailure !== null) throw this.startFailure;
        this.started.push(input);
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

  #receive({ QueueUrl, MaxNumberOfMessages }: Input) {
    this.#note("receive", QueueUrl);
    const taken = this.#of(QueueUrl)
      .filter(({ hidden }) => !hidden)
      .slice(0, MaxNumberOfMessages);
    for (const held of taken) held.hidden = true;
    return {
      Messages: taken.map(({ message }) => ({ ...message, ReceiptHandle: message.MessageId })),
    };
  }

  #note(operation: string, queue: string): void {
    this.calls.push(`${operation} ${queue}`);
    this.onCall(`${operation} ${queue}`);
  }

  #of(queue: string): Held[] {
    const held = this.#queues.get(queue) ?? [];
    this.#queues.set(queue, held);
    return held;
  }
}

/** As MiniStack answers. */
function unknownOperation(action: string): Error {
  const error = new Error(`The action ${action} is not valid for this endpoint.`);
  error.name = "InvalidAction";
  return error;
}
