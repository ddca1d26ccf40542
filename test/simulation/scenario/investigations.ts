import { investigationEventIdOf } from "../../../lambdas/domain/event/investigation-event.ts";
import type { RouteId } from "../../../lambdas/settings/routes.ts";
import type { Random } from "../../../tools/cloud-in-memory/random.ts";
import { randomFor } from "./knobs.ts";
import type { Knobs } from "./knobs.ts";
import { HOUR, MINUTE } from "../../../tools/cloud-in-memory/clock.ts";

type Fields = Readonly<Record<string, unknown>>;

/** A step of an Investigation as it happened at Alloy. */
export interface TrueStep {
  /** For people. */
  readonly name: string;
  readonly status: "created" | "promoted_to_case" | "closed";
  readonly route: RouteId;
  /** When it happened, by the webhook; Alloy's list may say it up to 2 s off, or not at all. */
  readonly at: number;
  /** The type of its webhook's envelope. */
  readonly family: string;
  /** `data` of its webhook. */
  readonly told: Fields;
  /** By its webhook. */
  readonly id: string;
}

/** An Investigation as Alloy holds it, from its beginning to the end of the world. */
export interface TrueInvestigation {
  readonly token: string;
  readonly steps: readonly TrueStep[];
  /** Its element of Alloy's list from then on, oldest first. */
  readonly versions: readonly { readonly at: number; readonly element: Fields }[];
}

/** Those of a world; none where Alloy's product is not in use. */
export function investigationsOf(
  seed: number,
  knobs: Knobs,
  from: number,
): readonly TrueInvestigation[] {
  if (!knobs.has("investigations")) return [];
  const random = randomFor(seed, "investigations");
  const count = random.between(1, 3);
  return Array.from({ length: count }, (_, index) => live(random, index + 1, from));
}

function live(random: Random, number: number, from: number): TrueInvestigation {
  const token = `INV-simulated${number}`;
  // The first reading of the list is over by then: what was before it is history.
  let at = from + random.between(30 * MINUTE, 3 * HOUR);
  const steps: TrueStep[] = [];
  const versions: TrueInvestigation["versions"][number][] = [];
  let element: Fields = {
    investigation_token: token,
    name: "Ada Lovelace's investigation",
    type: "Fraud",
    source: "alert",
    outcome: null,
    closed_at: null,
    archived_at: null,
    _embedded: { entities: { [`P-${number}`]: { entity_token: `P-${number}` } } },
  };

  step("created", "investigation-created", { state: "alert_review", created_at: listed() });
  if (random.chance(0.3)) edit();
  const isCase = random.chance(0.6);
  if (isCase) {
    at += random.between(10 * MINUTE, 5 * HOUR);
    step("promoted_to_case", "investigation-promoted", { state: "case_review" });
    if (random.chance(0.5)) edit();
  }
  if (random.chance(0.7)) {
    at += random.between(10 * MINUTE, 5 * HOUR);
    const state = isCase ? "case_review_closed" : "alert_review_closed";
    step("closed", "investigation-closed", { state, closed_at: listed(), outcome: "Dismissed" });
    if (random.chance(0.3)) edit();
  }
  return { token, steps, versions };

  /** Its time as the list has it. */
  function listed(): string {
    return new Date(at + (random.chance(0.3) ? random.between(-1_900, 1_900) : 0)).toISOString();
  }

  function step(status: TrueStep["status"], route: RouteId, changes: Fields): void {
    element = { ...element, ...changes };
    keep();
    const verb = status === "created" ? "create" : "update";
    const event = { investigationToken: token, status, at };
    steps.push({
      name: `I${number}.${steps.length + 1}-${status}`,
      status,
      route,
      at,
      family: random.pick([
        `${verb}:investigationevents:investigation_event_type_id`,
        `${verb}: investigationevents:7`,
        `${verb}:investigation_events`,
      ]),
      told: {
        status_changed_at: at,
        status,
        agent: null,
        investigation_token: token,
        alert_tokens: [`JA-alert${number}`],
        entity_tokens: [`P-${number}`],
      },
      id: investigationEventIdOf(event),
    });
  }

  /** Somebody writes a note, or is assigned: the list says that it moved, and no webhook does. */
  function edit(): void {
    at += random.between(5 * MINUTE, 2 * HOUR);
    keep();
  }

  function keep(): void {
    versions.push({ at, element: { ...element, updated_at: new Date(at).toISOString() } });
  }
}

/** How Alloy's list stands: that moved last first, a page of so many. */
export function listPage(
  investigations: readonly TrueInvestigation[],
  { now, page, perPage }: { readonly now: number; readonly page: number; readonly perPage: number },
): string {
  const standing = investigations
    .flatMap(({ versions }) => versions.findLast(({ at }) => at <= now) ?? [])
    .toSorted((one, other) => other.at - one.at);
  return JSON.stringify({
    investigations: standing
      .slice((page - 1) * perPage, page * perPage)
      .map(({ element }) => element),
    error: null,
    _embedded: {
      pagination: {
        total_investigations: standing.length,
        total_pages: Math.max(1, Math.ceil(standing.length / perPage)),
        page,
        per_page: perPage,
      },
    },
  });
}
