import type { SQSRecord } from "aws-lambda";

import type { Work } from "./work.ts";

/** The records of a batch: which are still under way, and which go back to the queue. */
export class OpenRecords {
  readonly #open: Map<SQSRecord, Work | null>;
  readonly #back: SQSRecord[] = [];
  #isOver = false;

  constructor(records: readonly SQSRecord[]) {
    this.#open = new Map(records.map((record) => [record, null]));
  }

  /** All have been answered for: what comes to its end later has no say any more. */
  get isOver(): boolean {
    return this.#isOver;
  }

  get back(): readonly SQSRecord[] {
    return this.#back;
  }

  /** The record has been read. */
  read(record: SQSRecord, work: Work): void {
    this.#open.set(record, work);
  }

  /** @param back - those of the records that go back to the queue. */
  settle(records: readonly SQSRecord[], back: readonly SQSRecord[]): void {
    if (this.#isOver) return;
    for (const record of records) this.#open.delete(record);
    this.#back.push(...back);
  }

  /** Ends the batch; what is still under way goes back. */
  end(): readonly (readonly [SQSRecord, Work | null])[] {
    const left = [...this.#open];
    this.#isOver = true;
    this.#back.push(...left.map(([record]) => record));
    return left;
  }
}
