import type { InvestigationEvent } from "../../lambdas/domain/event/investigation-event.ts";
import { investigationEventIdOf } from "../../lambdas/domain/event/investigation-event.ts";

/** When Investigations are created, unless said otherwise. */
export const CREATED_AT = Date.UTC(2026, 10, 23, 20);

/** A step of an Investigation; its id is that of what it says. */
export function anInvestigationEvent(
  changes: Partial<Omit<InvestigationEvent, "eventId">> = {},
): InvestigationEvent {
  const event = {
    investigationToken: "INV-1",
    status: "created",
    at: CREATED_AT,
    isTimeLatest: false,
    environment: null,
    type: null,
    outcome: null,
    alertTokens: ["JA-alert"],
    entityTokens: ["P-1"],
    ...changes,
  };
  return { ...event, eventId: investigationEventIdOf(event) };
}

/** A failure of its first step, which went to the dead letters. */
export const AN_INVESTIGATION_FAILURE = {
  investigationToken: "INV-1",
  eventId: "1",
  eventType: "created",
  reason: "why",
  failedAt: CREATED_AT,
  deadLettered: true,
};

export const AN_INVESTIGATION_EVENT = anInvestigationEvent();

/** A webhook of Alloy's, as its page "Investigations Events" shows them. */
export function investigationWebhookOf(
  data: Readonly<Record<string, unknown>> = {},
  envelope: Readonly<Record<string, unknown>> = {},
): string {
  const { status = "created" } = data;
  return JSON.stringify({
    request_token: "50ab5848-a101-4ed7-b121-b5ae11f8b528",
    timestamp: CREATED_AT + 150,
    type: `${status === "created" ? "create" : "update"}:investigationevents:investigation_event_type_id`,
    description: "Notify on Investigation status change",
    data: {
      status_changed_at: CREATED_AT,
      status: "created",
      agent: "agent@example.com",
      investigation_token: "INV-1",
      alert_tokens: ["JA-alert"],
      entity_tokens: ["P-1"],
      ...data,
    },
    ...envelope,
  });
}

/** An element of Alloy's list, as its specification shows them. */
export function listedInvestigation(
  changes: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  return {
    investigation_token: "INV-1",
    name: "Ada Lovelace's investigation",
    total_alerts: 1,
    type: "Fraud",
    state: "alert_review",
    source: "alert",
    outcome: null,
    created_at: new Date(CREATED_AT).toISOString(),
    updated_at: new Date(CREATED_AT).toISOString(),
    closed_at: null,
    archived_at: null,
    _embedded: { entities: { "P-1": { entity_name: "Ada Lovelace", entity_token: "P-1" } } },
    ...changes,
  };
}

/** The body of a page of the list. */
export function investigationListOf(
  investigations: readonly unknown[],
  { page = 1, pages = 1 }: { readonly page?: number; readonly pages?: number } = {},
): string {
  return JSON.stringify({
    investigations,
    error: null,
    _embedded: { pagination: { total_pages: pages, page, per_page: 100 } },
  });
}
