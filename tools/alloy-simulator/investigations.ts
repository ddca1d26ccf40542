import type { RouteId } from "../../lambdas/settings/routes.ts";
import type { Deliveries } from "./deliveries.ts";
import type { Tokens } from "./tokens.ts";
import { inJsonbOrder } from "./webhook.ts";
import type { WebhookBody } from "./webhook.ts";

/** What becomes of the simulated Investigation, by Alloy's page "Investigations Events" and its reference of the list. */
const STEPS = [
  [0, "created", "alert_review", "investigation-created"],
  [1_800, "promoted_to_case", "case_review", "investigation-promoted"],
  // Nobody hears of it, but by the list.
  [3_600, "closed", "case_review_closed", "investigation-closed"],
] as const satisfies readonly (readonly [
  afterSeconds: number,
  status: string,
  state: string,
  route: RouteId,
])[];

/** An Investigation as Alloy holds it. */
export interface HeldInvestigation {
  readonly token: string;
  /** The routes of its steps so far, in their order. */
  readonly routes: readonly RouteId[];
}

interface Investigation {
  readonly token: string;
  readonly entityToken: string;
  readonly createdAt: number;
  updatedAt: number;
  closedAt: number | null;
  state: string;
  readonly routes: RouteId[];
}

/** What the log of deliveries wants to know of a webhook. */
const NO_EVENT = {
  journey_application_token: "",
  timestamp: 0,
  entity_token: null,
  entity_application_token: null,
};

/** Alloy's ongoing monitoring, as far as Investigations are concerned. */
export function makeInvestigations(dependencies: {
  readonly now: () => number;
  /** Runs the task so many seconds of Alloy's from now. */
  readonly after: (seconds: number, task: () => void) => void;
  readonly tokens: Tokens;
  readonly deliveries: Deliveries;
}) {
  const { now, after, tokens, deliveries } = dependencies;
  const all: Investigation[] = [];

  function take(investigation: Investigation, [, status, state, route]: Step): void {
    const { token, entityToken } = investigation;
    const at = now();
    investigation.updatedAt = at;
    investigation.state = state;
    if (status === "closed") investigation.closedAt = at;
    investigation.routes.push(route);
    const data = {
      status_changed_at: at,
      status,
      agent: null,
      investigation_token: token,
      alert_tokens: [tokens.token("JA")],
      entity_tokens: [entityToken],
    };
    const write = ({ requestToken, sentAt, reread }: WebhookBody) => {
      const verb = status === "created" ? "create" : "update";
      const envelope = {
        request_token: requestToken,
        timestamp: sentAt,
        type: `${verb}:investigationevents:investigation_event_type_id`,
        description: `Notify on Investigation ${status === "created" ? "creation" : "status change"}`,
        data,
      };
      return JSON.stringify(reread ? inJsonbOrder(envelope) : envelope);
    };
    const event = { token: tokens.eventToken(), body: { ...NO_EVENT, type: status } };
    deliveries.send({ event, write, withheld: status === "closed" });
  }

  return {
    /** Lets one be created, promoted to a case and closed; the webhook of its closing is lost. */
    play: (): Promise<HeldInvestigation> => {
      const at = now();
      const investigation: Investigation = {
        token: tokens.token("INV"),
        entityToken: tokens.token("P"),
        createdAt: at,
        updatedAt: at,
        closedAt: null,
        state: "",
        routes: [],
      };
      all.push(investigation);
      return new Promise((resolve) => {
        const next = (index: number) => {
          const step = STEPS[index];
          if (step === undefined) resolve(investigation);
          else
            after(step[0], () => {
              take(investigation, step);
              next(index + 1);
            });
        };
        next(0);
      });
    },
    /** The answer to `GET /investigations`. */
    list: (query: URLSearchParams) => {
      const page = Math.max(1, Number(query.get("pageNum") ?? 1));
      const perPage = Math.min(100, Number(query.get("numRowsPerPage") ?? 20));
      const isWanted = ({ closedAt }: Investigation) =>
        closedAt === null || query.get("q[includeClosed]") === "true";
      const listed = all
        .filter(isWanted)
        .toSorted((one, other) =>
          query.get("sortColumn") === "updated_at"
            ? other.updatedAt - one.updatedAt
            : other.createdAt - one.createdAt,
        );
      return {
        _embedded: {
          pagination: {
            total_investigations: listed.length,
            total_pages: Math.max(1, Math.ceil(listed.length / perPage)),
            page,
            per_page: perPage,
          },
          sorting: { column: query.get("sortColumn"), order: query.get("sortOrder") },
        },
        error: null,
        investigations: listed.slice((page - 1) * perPage, page * perPage).map(elementOf),
      };
    },
  };
}

type Step = (typeof STEPS)[number];

function elementOf({
  token,
  entityToken,
  createdAt,
  updatedAt,
  closedAt,
  state,
}: Investigation): unknown {
  const iso = (at: number | null) => (at === null ? null : new Date(at).toISOString());
  return {
    investigation_token: token,
    name: "Investigation of a simulated person",
    total_alerts: 1,
    type: "Fraud",
    state,
    source: "alert",
    outcome: closedAt === null ? null : "Dismissed",
    created_at: iso(createdAt),
    updated_at: iso(updatedAt),
    closed_at: iso(closedAt),
    archived_at: null,
    _embedded: {
      entities: { [entityToken]: { entity_token: entityToken, entity_type: "person" } },
      assigned_agent: null,
    },
  };
}
