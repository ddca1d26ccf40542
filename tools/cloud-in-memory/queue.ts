import { messageRefusal, secondsRefusal } from "../strict-aws/limits-of-sqs.ts";

/** One message as a queue keeps it; times in epoch milliseconds. */
export interface QueuedMessage {
  readonly messageId: string;
  readonly body: string;
  /** Message attributes, all of type String. */
  readonly attributes: Readonly<Record<string, string>>;
  /** When it was sent; a move to the dead-letter queue leaves it, a redrive does not. */
  readonly sentAt: number;
  /** When it was received first; null: not yet. */
  readonly firstReceivedAt: number | null;
  readonly receives: number;
  /** Visible, and to be received, from then on. */
  readonly visibleAt: number;
  /** Of the last receive; an older one has no power any more. */
  readonly receiptHandle: string | null;
}

/** A message as a consumer gets it. */
export type ReceivedMessage = QueuedMessage & {
  readonly firstReceivedAt: number;
  readonly receiptHandle: string;
};

/** Why a queue did not do what it was asked; `code` is SQS's own. */
export class QueueRefusal extends Error {
  override readonly name = "QueueRefusal";
  readonly code: string;

  constructor(code: string, sentence: string) {
    super(sentence);
    this.code = code;
  }
}

/** What one receive hands over at most (SQS's own limit). */
const MESSAGES_PER_RECEIVE = 10;

/** After so many receives, SQS leaves a message out of the age of the oldest. */
const RECEIVES_IN_AGE = 3;

/**
 * A standard queue of SQS in memory, without its disorder: it hands out the oldest visible message
 * first, and each once per visibility timeout. What happens to time and order beyond that is `pick`'s.
 */
export class MemoryQueue {
  readonly #now: () => number;
  readonly #newId: () => string;
  readonly #retentionMs: number;
  readonly #visibilityMs: number;
  readonly #deadLetters: { readonly queue: MemoryQueue; readonly maxReceives: number } | null;
  readonly #pick: (visible: readonly QueuedMessage[], most: number) => readonly QueuedMessage[];
  readonly #messages = new Map<string, QueuedMessage>();
  /** The message that a handle was given out for. */
  readonly #handles = new Map<string, string>();

  constructor(options: {
    readonly now: () => number;
    /** Names messages and handles, each anew. */
    readonly newId: () => string;
    readonly retentionMs: number;
    readonly visibilityMs: number;
    /** Takes what was received in vain so often. @default - nothing: this queue is one itself */
    readonly deadLetters?: { readonly queue: MemoryQueue; readonly maxReceives: number };
    /** Chooses what a receive hands over. @default - the oldest */
    readonly pick?: (visible: readonly QueuedMessage[], most: number) => readonly QueuedMessage[];
  }) {
    this.#now = options.now;
    this.#newId = options.newId;
    this.#retentionMs = options.retentionMs;
    this.#visibilityMs = options.visibilityMs;
    this.#deadLetters = options.deadLetters ?? null;
    this.#pick = options.pick ?? ((visible, most) => visible.slice(0, most));
  }

  /** @throws QueueRefusal when the message is too large, empty, or of characters that SQS refuses. */
  send(body: string, attributes: Readonly<Record<string, string>> = {}): string {
    checkContents(body, attributes);
    return this.hold(body, attributes);
  }

  /** The same, of a message that SQS would not take today, or took at another time. */
  hold(
    body: string,
    attributes: Readonly<Record<string, string>>,
    sentAt: number = this.#now(),
  ): string {
    const messageId = this.#newId();
    this.#messages.set(messageId, {
      messageId,
      body,
      attributes,
      sentAt,
      firstReceivedAt: null,
      receives: 0,
      visibleAt: this.#now(),
      receiptHandle: null,
    });
    return messageId;
  }

  /** Hands over what is visible, and hides it for the visibility timeout. */
  receive(most: number = MESSAGES_PER_RECEIVE): readonly ReceivedMessage[] {
    const now = this.#now();
    this.#expire(now);
    this.#giveUp(now);
    return this.#pick(this.visible(), Math.min(most, MESSAGES_PER_RECEIVE)).map((message) => {
      const receiptHandle = this.#newId();
      const received = {
        ...message,
        receives: message.receives + 1,
        firstReceivedAt: message.firstReceivedAt ?? now,
        visibleAt: now + this.#visibilityMs,
        receiptHandle,
      };
      if (message.receiptHandle !== null) this.#handles.delete(message.receiptHandle);
      this.#handles.set(receiptHandle, message.messageId);
      this.#messages.set(message.messageId, received);
      return received;
    });
  }

  /** Removes a message, also when it is visible again; a handle of an earlier receive removes nothing. */
  delete(receiptHandle: string): void {
    const messageId = this.#handles.get(receiptHandle);
    if (messageId === undefined) return;
    this.#remove(messageId);
  }

  /** @throws QueueRefusal when the handle is not the last one, the message is visible again, or no wait is so long. */
  changeVisibility(receiptHandle: string, seconds: number): void {
    const refusal = secondsRefusal({ visibilitySeconds: seconds });
    if (refusal !== null) throw new QueueRefusal(refusal.name, refusal.message);
    const messageId = this.#handles.get(receiptHandle);
    const message = messageId === undefined ? undefined : this.#messages.get(messageId);
    if (message === undefined) {
      throw new QueueRefusal("InvalidParameterValue", "the receipt handle is not valid any more");
    }
    const now = this.#now();
    if (message.visibleAt <= now) {
      throw new QueueRefusal("MessageNotInflight", "the message is visible again");
    }
    this.#messages.set(message.messageId, { ...message, visibleAt: now + seconds * 1_000 });
  }

  /**
   * Moves everything visible to another queue, as a redrive does: new message ids, new times of
   * sending, no memory of receives. @returns how many.
   */
  redriveTo(target: MemoryQueue): number {
    const moving = this.visible();
    for (const { messageId, body, attributes } of moving) {
      target.send(body, attributes);
      this.#remove(messageId);
    }
    return moving.length;
  }

  /** What a receive could hand over now. */
  visible(): readonly QueuedMessage[] {
    const now = this.#now();
    return this.messages().filter(({ visibleAt }) => visibleAt <= now);
  }

  /** All that is there, the oldest first, the hidden included. */
  messages(): readonly QueuedMessage[] {
    this.#expire(this.#now());
    return [...this.#messages.values()];
  }

  /** When the oldest was sent, as SQS's metric knows it: without what was received too often; null: nothing. */
  oldestSentAt(): number | null {
    const times = this.messages().flatMap(({ receives, sentAt }) =>
      receives < RECEIVES_IN_AGE ? [sentAt] : [],
    );
    return times.length === 0 ? null : Math.min(...times);
  }

  /** When a receive would hand over something next, epoch milliseconds; null: the queue is empty. */
  nextVisibleAt(): number | null {
    this.#expire(this.#now());
    let next: number | null = null;
    for (const { visibleAt } of this.#messages.values()) {
      if (next === null || visibleAt < next) next = visibleAt;
    }
    return next;
  }

  /** SQS keeps a standard queue's message from when it was first sent, dead-lettered or not. */
  #expire(now: number): void {
    for (const { messageId, sentAt } of this.#messages.values()) {
      if (now - sentAt > this.#retentionMs) this.#remove(messageId);
    }
  }

  /** Moves what was received in vain; SQS does so with the next receive, not at the timeout. */
  #giveUp(now: number): void {
    if (this.#deadLetters === null) return;
    const { queue, maxReceives } = this.#deadLetters;
    for (const message of this.#messages.values()) {
      if (message.receives < maxReceives || message.visibleAt > now) continue;
      this.#remove(message.messageId);
      queue.#messages.set(message.messageId, { ...message, receiptHandle: null });
    }
  }

  #remove(messageId: string): void {
    const handle = this.#messages.get(messageId)?.receiptHandle ?? null;
    if (handle !== null) this.#handles.delete(handle);
    this.#messages.delete(messageId);
  }
}

function checkContents(body: string, attributes: Readonly<Record<string, string>>): void {
  const refusal = messageRefusal({
    body,
    attributes: Object.entries(attributes).map(([name, value]) => ({
      name,
      type: "String",
      value,
    })),
  });
  if (refusal !== null) throw new QueueRefusal(refusal.name, refusal.message);
}
