import type { PayloadReader } from "../domain/ports.ts";

/**
 * The payload bucket, of which one body is read at a time: a batch may bring ten bodies of 6 MB, and
 * each is several times as large while it is read and parsed.
 */
export function oneAtATime(payloads: PayloadReader): PayloadReader {
  let last: Promise<unknown> = Promise.resolve();
  return {
    async read(payloadKey) {
      const turn = last.then(() => payloads.read(payloadKey));
      // The next one's turn comes whatever becomes of this one.
      last = turn.catch(() => undefined);
      return turn;
    },
  };
}
