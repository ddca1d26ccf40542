import type { QueuedMessage } from "../cloud-in-memory/queue.ts";
import { QUEUE } from "../../lambdas/settings/limits.ts";
import { readDeadLetter } from "../ops/dead-letter.ts";
import type { DeadLetter } from "../ops/dead-letter.ts";
import type { DeadLetterGroup } from "./view.ts";

/** So many tokens of a group are worth a link. */
const NAMED = 20;

/** What SQS moved there itself carries no reason of the consumer's. */
const UNNAMED = "failed on every receive";

/** A message of the dead-letter queue in memory, as `ops dead-letters` reads one of SQS. */
export function readLetterOfQueue(message: QueuedMessage): Promise<DeadLetter> {
  const { messageId, body, attributes, sentAt } = message;
  const reason = attributes[QUEUE.reasonAttribute];
  return readDeadLetter({
    MessageId: messageId,
    Body: body,
    Attributes: { SentTimestamp: String(sentAt) },
    ...(reason !== undefined && {
      MessageAttributes: {
        [QUEUE.reasonAttribute]: { DataType: "String", StringValue: reason },
      },
    }),
  });
}

/** Dead letters by their reason, the largest group first. */
export function groupLetters(letters: readonly DeadLetter[]): readonly DeadLetterGroup[] {
  const groups = Map.groupBy(letters, ({ reason }) => reason ?? UNNAMED);
  return [...groups]
    .map(([reason, own]) => ({
      reason,
      count: own.length,
      oldestAt: own.reduce<number | null>(
        (oldest, { sentAt }) => (oldest === null || sentAt < oldest ? sentAt : oldest),
        null,
      ),
      tokens: [...new Set(own.flatMap(({ applicationToken }) => applicationToken ?? []))].slice(
        0,
        NAMED,
      ),
    }))
    .toSorted((one, other) => other.count - one.count);
}
