import { QUEUE } from "../../../lambdas/settings/limits.ts";
import type { ReceivedMessage } from "../../../tools/cloud-in-memory/queue.ts";
import { isDamaged, isEnd, isHandled } from "../scenario/expectations.ts";
import { isPublicationDue } from "./publication-due.ts";
import { isMistakable } from "../scenario/released-fates.ts";
import { identityOf } from "../scenario/views.ts";
import type { TrueEvent } from "../scenario/application.ts";
import type { Invocation } from "../faults/sandbox.ts";
import type { World } from "../world/world.ts";

/** Configuration asks for it. */
const DROPPED = Symbol("dropped");

type Seen = Pick<World, "scenario" | "cloud" | "observer">;

/**
 * Nothing leaves the queue but by an effect, a counted drop, or the dead-letter queue: looked at for
 * every message at the moment in which it is deleted.
 */
export function checkSettled(
  done: readonly ReceivedMessage[],
  invocation: Invocation | null,
  seen: Seen,
): void {
  const { observer } = seen;
  let dropped = 0;
  for (const message of done) {
    if (isGivenUp(message, seen)) continue;
    const left = howItLeft(message.body, seen);
    if (left === DROPPED) dropped += 1;
    else if (left !== null) observer.violate("lost", left);
  }
  const counted = observer.ignoredIn(invocation);
  if (dropped > counted) {
    observer.violate("lost", `${dropped} messages were dropped, and ${counted} counted`);
  }
}

/** After its last try it rests in the dead-letter queue, with its reason. */
function isGivenUp({ body, receives }: ReceivedMessage, { cloud }: Seen): boolean {
  if (receives < QUEUE.maxReceives) return false;
  return cloud.deadLetters
    .messages()
    .some((dead) => dead.body === body && dead.attributes[QUEUE.reasonAttribute] !== undefined);
}

/** Null: as it should; otherwise what is wrong with it. */
function howItLeft(message: string, seen: Seen): typeof DROPPED | string | null {
  const { scenario, cloud, observer } = seen;
  const [, webhook] = WEBHOOK.exec(message) ?? [];
  if (webhook !== undefined) {
    return howEventLeft(observer.requests.get(webhook) ?? null, "webhook", webhook, seen);
  }
  const envelope: Envelope = JSON.parse(message);
  if (envelope.kind === "submission") {
    const token = envelope.submission?.journey_application_token ?? "";
    const application = scenario.applications.find((one) => one.token === token);
    if (application !== undefined && !isHandled(scenario, application.journeyToken)) return DROPPED;
    const isUnable = application !== undefined && (isDamaged(application) || application.isForeign);
    return isUnable || cloud.applications.applications.has(token)
      ? null
      : `the submission of ${token} left the queue, and nothing is known of it`;
  }
  const { body = null, receiptId } = envelope;
  // A large body, or something that nobody can read: both are judged in the end.
  const content = body === null ? null : contentOf(body);
  const data = content?.data;
  if (data === undefined || data === null || typeof data.journey_application_token !== "string") {
    return null;
  }
  return howEventLeft(scenario.eventOf(identityOf(data)), envelope.kind, receiptId, seen);
}

/** A webhook with its body: what it is of is known by its receipt, and nothing has to be parsed. */
const WEBHOOK = /^\{"v":1,"kind":"webhook","receiptId":"([^"]*)","receivedAt":\d+,"body":"/;

function howEventLeft(
  event: TrueEvent | null,
  origin: string,
  receiptId: string,
  { scenario, cloud, observer }: Seen,
): typeof DROPPED | string | null {
  if (event === null) return null;
  observer.brought.push({ eventId: event.ids[0] ?? "", origin });
  if (!isHandled(scenario, event.application.journeyToken, event.type)) return DROPPED;
  // What comes of it is judged in the end.
  if (isDamaged(event.application) || event.application.isForeign) return null;
  if (isMistakable(event, scenario)) return null;
  if (!event.ids.some((id) => cloud.applications.events.has(id))) {
    return `${event.name} (${receiptId}) left the queue, and is not recorded`;
  }
  // Alloy's answer may have to tell of an end, or have told it: `judge` looks for that when all is over.
  if (isEnd(event)) return null;
  if (!observer.hasPublished(event) && isPublicationDue(event, { scenario, observer })) {
    return `${event.name} (${receiptId}) left the queue, and is not published`;
  }
  return null;
}

interface Envelope {
  readonly kind: string;
  readonly receiptId: string;
  readonly body?: string | null;
  readonly submission?: { readonly journey_application_token?: string };
}

function contentOf(body: string): { readonly data?: Record<string, unknown> | null } | null {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}
