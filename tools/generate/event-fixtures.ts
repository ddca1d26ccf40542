import * as v from "valibot";

import { decided, LOST, rerun, REVERSED, scene } from "../consumer-kit/scenes.ts";
import { makeStoryWorld } from "../consumer-kit/world.ts";
import type { DeliveredEvent } from "../consumer-kit/world.ts";
import {
  DELIVERY_GAP_DETAIL_TYPE,
  INVESTIGATION_GAP_DETAIL_TYPE,
} from "../../lambdas/settings/routes.ts";
import { jsonText } from "./event-schemas.ts";

/** One event of each kind, as EventBridge delivers it: what the stack's own code published of a day. */
export async function fixtureFiles(): Promise<readonly (readonly [path: string, text: string])[]> {
  const firsts = new Map<string, DeliveredEvent>();
  const events = await dayOnTheBus();
  for (const event of events) {
    if (!firsts.has(nameOf(event))) firsts.set(nameOf(event), event);
  }
  // Of a route that only the poller has met that day.
  for (const event of events) {
    const { route } = event.detail;
    if (typeof route === "string" && !firsts.has(route)) firsts.set(route, event);
  }
  return [...firsts].map(([name, event]) => [`events/fixtures/${name}.json`, jsonText(event)]);
}

/** A day on which everything happens that a consumer can meet. */
async function dayOnTheBus(): Promise<readonly DeliveredEvent[]> {
  const world = makeStoryWorld(1, { decides: true });
  const { alloy } = world;
  const approved = world.start(
    scene("approved", [
      { event: "pending_documents", entity: "applicant", status: "pending_documents" },
      { event: "pending_review", status: "waiting_review" },
      decided("Approved"),
    ]),
  );
  const denied = world.start(
    scene("denied", [decided("Denied")], { rerun: rerun(decided("Approved")) }),
  );
  world.answer(denied, {
    terminal_reconciliation_output: {
      outcome_reasons: [{ name: "Insufficient credit history", type: "adverse_action" }],
      tags: ["thin-file"],
      output_attributes: { risk_score: 812 },
      matrix_models: {},
    },
  });
  world.start(scene("completed", [decided("Approved with conditions")]));
  world.start(scene("errored", [{ event: "error", reason: "vendor", status: "error" }]));
  world.start(scene("expired", [{ event: "application_expired", status: "expired" }]));
  world.start(
    scene("late", [{ event: "pending_review", status: "waiting_review" }, decided("Denied")], {
      delivery: REVERSED,
    }),
  );
  world.start(scene("lost", [decided("Approved")], { delivery: LOST }));
  world.start(scene("unknown", [{ event: "reached_tomorrow_node" }]));
  const corrected = world.start(scene("corrected", [decided("Denied")]));
  void alloy.investigations.play();
  world.send({ kind: "webhook", body: OTHER_FAMILY });
  await world.pass(120);
  // An agent changes the decision; no webhook says so.
  world.answer(corrected, { complete_outcome: "Approved", recent_outcome: "Approved" });
  const [webhook] = alloy.deliveries.log.filter(
    ({ applicationToken, eventType }) =>
      applicationToken === approved && eventType === "completed_application",
  );
  world.send({ kind: "replay", body: webhook?.attempts[0]?.body ?? "", force: true });
  await world.pass(30 * 60);
  return world.events;
}

/** A webhook of another family of Alloy's, as short as it can be. */
const OTHER_FAMILY = JSON.stringify({
  request_token: "86d9832c-afa8-4962-912b-6c0ded485af7",
  timestamp: Date.UTC(2026, 0, 15, 9),
  type: "create:evaluations:run_create",
  description: "Notify on Creating an Evaluation Manually",
  data: { evaluation_token: "S-exampleKycEval7hJ2", status_code: 201 },
});

/** The route or kind of an event, and what is unusual of it. */
function nameOf({ "detail-type": title, detail }: DeliveredEvent): string {
  const { route, change, origin, late, eventType } = detail;
  if (title === DELIVERY_GAP_DETAIL_TYPE) return `delivery-gap-${String(change)}`;
  if (title === INVESTIGATION_GAP_DETAIL_TYPE)
    return `investigation-delivery-gap-${String(change)}`;
  if (late === true) return `${String(route)}-late`;
  if (eventType === "snapshot") return `${String(route)}-corrected`;
  if (route !== "progressed" && isOfRerun(detail["chain"])) return `${String(route)}-rerun`;
  const how = { poll: "-healed", replay: "-replayed" }[String(origin)] ?? "";
  return `${String(route)}${how}`;
}

function isOfRerun(chain: unknown): boolean {
  return v.is(v.object({ previous: v.string() }), chain);
}
