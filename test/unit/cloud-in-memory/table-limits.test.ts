import { describe, expect, test } from "vitest";

import { PermanentError } from "../../../lambdas/domain/errors.ts";
import { stateOfEvent } from "../../../lambdas/domain/application/observation.ts";
import { MemoryApplicationTable } from "../../../tools/cloud-in-memory/application-table.ts";
import { checkStateKeys } from "../../../tools/cloud-in-memory/table-limits.ts";
import { aJourneyEvent } from "../../support/journey-event.ts";

const CHECK = { when: "first", dueAt: 1_760_000_000_000 } as const;
const NO_IDS = { group: null, entity: null, partner: null, application: null };

describe("the application table in memory", () => {
  test("refuses for good a token that is longer than a key", async () => {
    const longest = "J".repeat(2_048 - "APPLICATION#".length);
    const merge = (applicationToken: string) =>
      new MemoryApplicationTable().mergeState(
        stateOfEvent(aJourneyEvent({ applicationToken })),
        CHECK,
      );

    await expect(merge(longest)).resolves.toMatchObject({ before: null });
    await expect(merge(`${longest}J`)).rejects.toThrow(PermanentError);
  });

  test.each(["", "x".repeat(2_049), "é".repeat(1_025)])(
    "takes an application whose external id no index takes: %s",
    (group) => {
      const event = aJourneyEvent({ externalIds: { ...NO_IDS, group } });

      expect(() => checkStateKeys(stateOfEvent(event))).not.toThrow();
    },
  );
});
