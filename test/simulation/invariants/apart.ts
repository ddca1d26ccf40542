import { isHandled } from "../scenario/expectations.ts";
import type { Seen } from "./seen.ts";
import type { TrueApplication } from "../scenario/application.ts";

/** The two sides of an event may date it apart, and Alloy's answer is as old as its own clock says. */
const AROUND_MS = 5_000;

/** Judges an application that was adopted, or that a person had forgotten; that no effect is doubled is judged of every event. */
export function judgeApart(application: TrueApplication, seen: Seen): void {
  if (!isHandled(seen.scenario, application.journeyToken)) return;
  if (seen.observer.forgotten.has(application.token)) judgeForgotten(application, seen);
  else if (application.adoptedAt < Number.POSITIVE_INFINITY) judgeAdopted(application, seen);
}

/**
 * What happened before the adoption has no effect: nobody delivered a webhook of it. A fault can keep the adoption until a
 * webhook and the poller have made the application known, and then it does not count (docs/adoption.md).
 */
function judgeAdopted({ token, adoptedAt, events }: TrueApplication, seen: Seen): void {
  const { observer, cloud, isFaultFree } = seen;
  const state = cloud.applications.applications.get(token)?.state;
  if (state === undefined) {
    observer.violate("lost", `${token} is adopted, and nothing is known of it`);
    return;
  }
  if (state.adopted === null && isFaultFree) {
    observer.violate("lost", `${token} is adopted, and the state does not say so`);
  }
  if (state.adopted === null) return;
  for (const event of events) {
    if (!event.times.every((at) => at < adoptedAt - AROUND_MS)) continue;
    if (!observer.hasPublished(event)) continue;
    observer.violate("doubled", `${event.name} is published, and is older than the adoption`);
  }
  for (const { event } of [...observer.publications, ...observer.decisions]) {
    const isHistory = Date.parse(event.eventAt ?? "") < adoptedAt - AROUND_MS;
    if (event.applicationToken !== token || event.eventType !== "snapshot" || !isHistory) continue;
    observer.violate("doubled", `a correction says ${event.status}, from before the adoption`);
  }
}

/** Only the tombstone is left, whatever comes afterwards, and nothing is published any more. */
function judgeForgotten({ token }: TrueApplication, { observer, cloud }: Seen): void {
  const { applications, events, failures, marks } = cloud.applications;
  const kept = applications.get(token);
  if (kept === undefined || kept.state.forgottenAt === null) {
    observer.violate("regressed", `${token} was forgotten, and is known again`);
  }
  if (kept !== undefined && kept.gap !== null) {
    observer.violate("regressed", `${token} was forgotten, and is in gap for good`);
  }
  const left = [
    ...[...events.values()].map((event) => event.applicationToken),
    ...[...failures.values()].map((failure) => failure.applicationToken),
    ...[...marks.values()].map(({ event }) => event.applicationToken),
  ].filter((one) => one === token).length;
  if (left > 0) observer.violate("regressed", `${token} was forgotten, and ${left} items are left`);
  const forgottenAt = observer.forgotten.get(token) ?? Number.POSITIVE_INFINITY;
  for (const { event, invocation } of [...observer.publications, ...observer.decisions]) {
    if (event.applicationToken !== token || (invocation?.startedAt ?? 0) <= forgottenAt) continue;
    observer.violate("regressed", `${event.eventId} is published, and its person is forgotten`);
  }
}
