import * as v from "valibot";

import type { LimitRefusal } from "./limit-refusal.ts";

const BatchSchema = v.looseObject({ Entries: v.array(v.looseObject({})) });
const AnswerSchema = v.looseObject({
  Entries: v.optional(v.array(v.unknown()), []),
  Successful: v.optional(v.array(v.unknown()), []),
  Failed: v.optional(v.array(v.unknown()), []),
  FailedEntryCount: v.optional(v.number(), 0),
});

/** Refusals of a batch's entries, by their place in it. */
type Refusals = ReadonlyMap<number, LimitRefusal>;

/** A batch's call without the entries that are refused; null when none is left to send. */
export function withoutRefused(input: unknown, refusals: Refusals): object | null {
  const { Entries, ...others } = v.parse(BatchSchema, input);
  const left = Entries.filter((_, index) => !refusals.has(index));
  return left.length === 0 ? null : { ...others, Entries: left };
}

/** What AWS answers to the whole batch, by what was answered to those of its entries that were sent. */
export function answerToBatch(
  { operation, input }: { readonly operation: string; readonly input: unknown },
  output: object,
  refusals: Refusals,
): object {
  const { Entries } = v.parse(BatchSchema, input);
  const answer = v.parse(AnswerSchema, output);
  if (operation === "PutEvents") {
    const taken = answer.Entries.values();
    const entries = Entries.map((_, index) => {
      const refusal = refusals.get(index);
      if (refusal === undefined) return taken.next().value;
      return { ErrorCode: refusal.name, ErrorMessage: refusal.message };
    });
    const FailedEntryCount = answer.FailedEntryCount + refusals.size;
    return { ...output, Entries: entries, FailedEntryCount };
  }
  const Failed = [...refusals].map(([index, { name, message }]) => ({
    Id: Entries[index]?.["Id"],
    Code: name,
    Message: message,
    SenderFault: true,
  }));
  return { ...output, Successful: answer.Successful, Failed: [...answer.Failed, ...Failed] };
}
