import { isClosed } from "./event-catalogue.ts";
import type { JourneyApplication } from "./application.ts";

/** Display text, derived from status and outcome; nothing should be decided by it. */
function displayStatus({ status, outcome }: JourneyApplication): string {
  switch (status) {
    case "running":
    case "pending_reconciliation":
      return "Running";
    case "waiting_review":
    case "pending_journey_application_review":
      return "Application Review";
    case "completed":
      return outcome ?? "Completed";
    case "error":
      return "Error";
    case "expired":
      return "Expired";
    case "data_request":
    case "pending_documents":
    case "pending_step_up":
    case "pending_action":
    case "pending_workflow_service":
    case "pending_additional_entities":
      return "Pending";
  }
}

/** The Create response is announced by the onboarding service as it is; these are the fields we rely on. */
export interface ApplicationResponse {
  readonly journey_application_token: string;
  readonly status: string;
  readonly created_at: number;
  readonly complete_outcome: string | null;
  readonly _embedded: {
    readonly events: readonly Readonly<Record<string, unknown>>[];
    readonly journey: { readonly journey_token: string; readonly [field: string]: unknown };
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

/** An application as Alloy's API answers it, to Create, Rerun and Get alike (docs: the API's schema). */
export function applicationResponse(application: JourneyApplication): ApplicationResponse {
  const { journey, applicants, groupToken, rerun, externalIds } = application;
  const [first] = applicants;
  const group =
    groupToken === null
      ? null
      : {
          token: groupToken,
          type: "group",
          name: applicants.map((applicant) => applicant.name).join(", "),
        };
  return {
    journey_application_token: application.token,
    status: application.status,
    sandbox: application.environment === "sandbox",
    created_at: application.createdAt,
    updated_at: application.updatedAt,
    closed_at: application.closedAt,
    complete_outcome: application.outcome,
    recent_outcome: application.outcome,
    journey_application_status: displayStatus(application),
    is_archived: false,
    archived_at: null,
    is_rerun: rerun !== null,
    is_escalated: false,
    is_shadow_app: false,
    is_part_of_shadow_test: false,
    external_partner_id: externalIds.partner,
    external_group_id: externalIds.group,
    external_application_id: externalIds.application,
    application_meta: application.meta,
    terminal_reconciliation_output: isClosed(application.status)
      ? { outcome_reasons: [], tags: [], output_attributes: {}, matrix_models: {} }
      : null,
    _embedded: {
      events: application.events.map((event) => ({
        journey_application_event_token: event.token,
        ...event.body,
      })),
      journey: {
        journey_name: journey.name,
        journey_token: journey.token,
        journey_type: "application",
        journey_version_num: journey.version,
        _links: { self: { href: `/v1/journeys/${journey.token}` } },
      },
      entity: group ?? (first ? { token: first.token, type: first.type } : null),
      child_entities: applicants.map((applicant) => ({
        token: applicant.token,
        name: applicant.name,
        type: applicant.type,
        external_entity_identifier: applicant.externalId,
        entity_application_token: applicant.entityApplicationToken,
        entity_application_status: applicant.status,
        // The API's own example writes this one in lower case and the other one not.
        entity_application_outcome: applicant.outcome?.toLowerCase() ?? null,
        entity_application_branch_name: applicant.branch,
        created: new Date(applicant.createdAt).toISOString(),
        sandbox_persona_name: null,
      })),
      entity_applications: applicants.map((applicant) => ({
        entity_token: applicant.token,
        entity_application_token: applicant.entityApplicationToken,
        entity_application_status: applicant.status,
        entity_application_outcome: applicant.outcome,
        entity_application_status_details: null,
        sdk_link: null,
        dimensions: null,
        output: {},
      })),
      rerun: rerun && {
        initiated_by: rerun.initiatedBy,
        previous_journey_application_token: rerun.previousToken,
        root_journey_application_token: rerun.rootToken,
        root_external_group_id: rerun.rootExternalGroupId,
      },
      reruns: application.reruns.map((next) => ({
        initiated_by: next.initiatedBy,
        next_journey_application_token: next.nextToken,
        created_at: next.createdAt,
      })),
      entity_group: group,
      investigations: [],
      is_pending_additional_entities: application.status === "pending_additional_entities",
      multi_environment_config: null,
    },
    _links: {
      self: { href: `/v1/journeys/${journey.token}/applications/${application.token}` },
    },
  };
}
