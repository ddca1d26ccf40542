import { PutEventsCommand } from "@aws-sdk/client-eventbridge";
import type { EventBridgeClient } from "@aws-sdk/client-eventbridge";

import { TransientError } from "../domain/errors.ts";
import type { GapNotice } from "../domain/gap-notice.ts";
import type { GapAnnouncer } from "../domain/polling-ports.ts";
import { DELIVERY_GAP_DETAIL_TYPE, EVENT_SOURCE } from "../settings.ts";
import { translateAwsError } from "./aws-error.ts";

/** `GapAnnouncer` on an EventBridge bus. A check has one or two notices, which one call takes. */
export class EventBridgeGapAnnouncer implements GapAnnouncer {
  readonly #client: EventBridgeClient;
  readonly #busName: string;

  constructor(client: EventBridgeClient, busName: string) {
    this.#client = client;
    this.#busName = busName;
  }

  async announce(notices: readonly GapNotice[]): Promise<void> {
    const refused = await this.#put(notices);
    if (refused.length === 0) return;
    throw new TransientError(`The bus did not take a delivery gap: ${refused.join(", ")}.`);
  }

  async #put(notices: readonly GapNotice[]): Promise<readonly string[]> {
    try {
      const { Entries = [] } = await this.#client.send(
        new PutEventsCommand({
          Entries: notices.map((notice) => ({
            EventBusName: this.#busName,
            Source: EVENT_SOURCE,
            DetailType: DELIVERY_GAP_DETAIL_TYPE,
            Resources: [],
            Detail: JSON.stringify(notice),
          })),
        }),
      );
      return Entries.flatMap(({ ErrorCode }) => ErrorCode ?? []);
    } catch (error) {
      throw translateAwsError("Publishing a delivery gap", error);
    }
  }
}
