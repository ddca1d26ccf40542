import type { AlloyApi } from "../../../lambdas/domain/polling/polling-ports.ts";
import { checkInvestigation } from "../../../lambdas/domain/reconciliation/investigation-check.ts";
import { parseInvestigationPage } from "../../../lambdas/domain/reconciliation/investigation-list.ts";
import { METRICS } from "../../../lambdas/settings/metrics.ts";
import { MemoryInvestigations } from "../../../tools/cloud-in-memory/investigations.ts";
import {
  anInvestigationEvent,
  CREATED_AT,
  investigationListOf,
  listedInvestigation,
} from "../../support/investigations.ts";
import { aPoller, START } from "../../support/poller.ts";
import { alloyAnswer, refuseList } from "../../../tools/cloud-in-memory/builders.ts";
import { POLLER_SETTINGS } from "../../../tools/cloud-in-memory/runtime.ts";
import { withMethods } from "../../../tools/cloud-in-memory/faults.ts";
import type { Mutants } from "./mutant.ts";
import { inConsumer, inPoller } from "./plant.ts";
import { HOUR } from "../../../tools/cloud-in-memory/clock.ts";

/** What can go wrong where Investigations are compared with Alloy's list. */
export const INVESTIGATION_MUTANTS: Mutants = {
  "first-page-of-investigations": {
    what: "only the first page of Alloy's list of Investigations is read",
    async hunt(isPlanted) {
      const poller = await runWith(async (page) => {
        const answer = pageOf(page, 3);
        return isPlanted ? { ...answer, page: { ...answer.page, isLast: true } } : answer;
      });
      return poller.sent.length === 3 ? null : `${poller.sent.length} of 3 pages are healed`;
    },
  },
  "investigations-never-listed": {
    what: "Alloy's list of Investigations is never asked for, and a lost webhook stays lost",
    needs: "investigations",
    plant: () => inPoller(({ settings }) => ({ settings: { ...settings, investigations: false } })),
  },
  "promotion-by-its-time": {
    what: "a promotion of the list is another one than the webhook's, as its time is another one",
    needs: "investigations",
    plant: () =>
      inConsumer(({ investigations }) => ({
        investigations: withMethods(investigations, {
          join: (event, origin) => investigations.join({ ...event, isTimeLatest: false }, origin),
        }),
      })),
  },
  "step-joined-for-each-report": {
    what: "each report of a step is one of its own: nobody looks at what is known of the Investigation",
    needs: "investigations",
    plant: () =>
      inConsumer(({ investigations }) => ({
        investigations: withMethods(investigations, {
          join: async (event, origin) => ({
            ...(await investigations.join(event, origin)),
            eventId: event.eventId,
          }),
        }),
      })),
  },
  "refused-list-is-silent": {
    what: "a refusal of the list is taken for a list of no Investigations, and no alarm is told",
    async hunt(isPlanted) {
      const none = { investigations: [], unreadable: 0, isLast: true };
      const poller = await runWith(
        isPlanted ? async () => ({ ...pageOf(1, 1), page: none }) : refuseList,
      );
      return poller.metric(METRICS.investigationsUnlisted) === 1 ? null : "nobody is told";
    },
  },
  "failed-step-taken-for-told": {
    what: "a step that was joined, and whose effect failed for good, is not missing to the poller",
    async hunt(isPlanted) {
      const page = parseInvestigationPage(investigationListOf([listedInvestigation()]), 1);
      const [listed = null] = page?.investigations ?? [];
      const { eventId, status, at } = anInvestigationEvent();
      const origin = "webhook" as const;
      const report = { eventId, status, at, isTimeLatest: false, origin, late: false };
      const failedAt = CREATED_AT + HOUR;
      const failure = { eventId, eventType: status, reason: "", failedAt, deadLettered: true };
      const known = { investigationToken: "INV-1", reports: [report], gap: null };
      const { gap } = checkInvestigation(
        listed,
        { ...known, failures: isPlanted ? [] : [failure] },
        {
          since: CREATED_AT - HOUR,
          gaps: POLLER_SETTINGS.gaps,
          delivery: null,
          now: CREATED_AT + 2 * HOUR,
        },
      );
      return gap?.stage === "dead-lettered" ? null : "it is in no gap";
    },
  },
};

/** A run of the poller to which Alloy lists its Investigations so. */
async function runWith(list: AlloyApi["listInvestigations"]) {
  const investigations = new MemoryInvestigations();
  await investigations.keepCursor({ since: START, readTo: START, rest: null });
  const answer = () => alloyAnswer("JA-1", []);
  const changes = { investigations: true };
  const now = START + 2 * HOUR;
  const poller = aPoller(new Map(), { answer, changes, now, investigations, list });
  await poller.run();
  return poller;
}

/** A page with one Investigation that moved an hour after `START`. */
function pageOf(page: number, pages: number) {
  const moved = new Date(START + HOUR).toISOString();
  const one = { investigation_token: `INV-${page}`, created_at: moved, updated_at: moved };
  const body = investigationListOf([listedInvestigation(one)], { page, pages });
  const parsed = parseInvestigationPage(body, page);
  if (parsed === null) throw new Error("this is no page");
  return { kind: "investigations", page: parsed } as const;
}
