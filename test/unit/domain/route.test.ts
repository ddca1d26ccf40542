import { describe, expect, test } from "vitest";

import { APPLICATION_STATUSES, EVENT_TYPES } from "../../../lambdas/domain/event/event-types.ts";
import type { ApplicationStatus } from "../../../lambdas/domain/event/event-types.ts";
import { routeFor, routeOfStatus } from "../../../lambdas/domain/routing/route.ts";
import {
  DECISION_ROUTE_ID,
  INVESTIGATION_ROUTE_IDS,
  ROUTE_IDS,
} from "../../../lambdas/settings/routes.ts";
import type { RouteId } from "../../../lambdas/settings/routes.ts";

/** Written out, not derived: a status or type that moves to another route is seen here. */
const ROUTE_OF_STATUS: Readonly<Record<ApplicationStatus, RouteId>> = {
  running: "progressed",
  data_request: "needs-action",
  pending_documents: "needs-action",
  pending_step_up: "needs-action",
  pending_action: "needs-action",
  pending_additional_entities: "needs-action",
  pending_workflow_service: "progressed",
  waiting_review: "manual-review",
  pending_journey_application_review: "manual-review",
  pending_reconciliation: "progressed",
  completed: "completed",
  error: "errored",
  expired: "expired",
};

const ROUTE_OF_TYPE: Readonly<Record<string, RouteId>> = {
  started_application: "progressed",
  visited_node: "progressed",
  started_evaluation: "progressed",
  pending_evaluation: "progressed",
  completed_evaluation: "progressed",
  data_request_evaluation: "needs-action",
  data_request: "needs-action",
  pending_documents: "needs-action",
  pending_step_up: "needs-action",
  pending_step_up_expired: "progressed",
  pending_workflow_service: "progressed",
  waiting_evaluation: "progressed",
  pending_review: "manual-review",
  started_review: "manual-review",
  completed_review: "progressed",
  completed_review_journey_application: "progressed",
  pending_action: "needs-action",
  completed_action: "progressed",
  pending_action_expired: "progressed",
  reached_retry_node: "progressed",
  maximum_retries_reached: "progressed",
  reached_auto_decision_node: "progressed",
  queued_branch_change: "progressed",
  executed_branch_change: "progressed",
  completed_branch: "progressed",
  reached_mid_journey_reconciliation_node: "progressed",
  started_mid_journey_reconciliation: "progressed",
  completed_mid_journey_reconciliation: "progressed",
  started_reconciliation: "progressed",
  completed_reconciliation: "progressed",
  reached_application_outcome: "progressed",
  has_finished_sending_additional_entities: "progressed",
  completed_application: "completed",
  error: "errored",
  started_rerun_application: "superseded",
  journey_application_retriggered: "progressed",
  application_archived: "progressed",
  application_unarchived: "progressed",
  application_expired: "expired",
};

describe("the route", () => {
  test.each(Object.entries(ROUTE_OF_STATUS))("of the status %s is %s", (name, route) => {
    const status = APPLICATION_STATUSES.find((one) => one === name);

    expect(status && routeOfStatus(status, null, {})).toBe(route);
  });

  test("of every status is written here", () => {
    expect(Object.keys(ROUTE_OF_STATUS).toSorted()).toEqual(APPLICATION_STATUSES.toSorted());
  });

  test.each(Object.entries(ROUTE_OF_TYPE))("of the event type %s is %s", (type, route) => {
    expect(routeFor({ type, outcome: null }, {})).toBe(route);
  });

  test("of every event type is written here", () => {
    expect(Object.keys(ROUTE_OF_TYPE).toSorted()).toEqual(Object.keys(EVENT_TYPES).toSorted());
  });

  test.each([
    ["Approved", "approved"],
    [" approved ", "approved"],
    ["DENIED", "denied"],
    ["Withdrawn", "completed"],
    ["", "completed"],
    ["constructor", "completed"],
  ])("of a completion with the outcome %j is %s", (outcome, route) => {
    expect(routeFor({ type: "completed_application", outcome }, {})).toBe(route);
  });

  test.each(["error", "application_expired", "pending_review", "completed_branch"])(
    "of %s does not depend on an outcome",
    (type) => {
      expect(routeFor({ type, outcome: "Approved" }, {})).toBe(ROUTE_OF_TYPE[type]);
    },
  );

  test.each(["", "a_type_of_next_year", "constructor", "Completed_Application"])(
    "of the type %j, which no documentation names, is unrecognised",
    (type) => {
      expect(routeFor({ type, outcome: "Approved" }, {})).toBe("unrecognised");
    },
  );

  test("is reached by a type or an outcome, but for other webhooks'", () => {
    const reached = new Set([
      ...Object.values(ROUTE_OF_TYPE),
      routeFor({ type: "completed_application", outcome: "Approved" }, {}),
      routeFor({ type: "completed_application", outcome: "Denied" }, {}),
      routeFor({ type: "a_type_of_next_year", outcome: null }, {}),
    ]);

    expect(ROUTE_IDS.filter((route) => !reached.has(route))).toEqual([
      "other",
      ...INVESTIGATION_ROUTE_IDS,
      DECISION_ROUTE_ID,
    ]);
  });
});
