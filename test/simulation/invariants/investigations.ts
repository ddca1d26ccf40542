import type { Observer, Publication } from "../world/observer.ts";
import { isDelivered } from "./seen.ts";
import type { Seen } from "./seen.ts";
import type { TrueInvestigation, TrueStep } from "../scenario/investigations.ts";

/** As `invariants.ts` judges how often an event is published. */
type JudgeTimes = (name: string, told: readonly Publication[], observer: Observer) => unknown;

/** The promises, of the Investigations: by Alloy's truth, and by what the table and the bus saw. */
export function judgeInvestigations(seen: Seen, judgeTimes: JudgeTimes): void {
  const { scenario, cloud, observer, isFaultFree } = seen;
  for (const investigation of scenario.investigations) {
    for (const step of investigation.steps) judgeStep(investigation, step, seen, judgeTimes);
    const kept = cloud.investigations.investigations.get(investigation.token);
    if (kept === undefined) continue;
    if (kept.gap !== null && !isBeyondList(seen)) {
      observer.violate("stuck", `${investigation.token} is still in gap: ${kept.gap.evidence}`);
    }
    if (kept.failures.length > 0 && !isBeyondList(seen)) {
      observer.violate("stuck", `there is still evidence against ${investigation.token}`);
    }
  }
  const known = new Set(
    scenario.investigations.flatMap(({ token, steps }) => keysOf(token, steps)),
  );
  for (const { investigationToken, type } of cloud.applications.events.values()) {
    if (investigationToken === undefined || known.has(`${investigationToken} ${type}`)) continue;
    observer.violate("doubled", `${investigationToken} is recorded as ${type}, and never was`);
  }
  if (!isFaultFree) return;
  for (const { investigationToken, evidence } of cloud.bus.investigationNotices) {
    observer.violate(
      "stuck",
      `${investigationToken} was in gap, and nothing went wrong: ${evidence}`,
    );
  }
}

function keysOf(token: string, steps: readonly TrueStep[]): readonly string[] {
  return steps.map(({ status }) => `${token} ${status}`);
}

/** Whether Alloy's list cannot make good what its webhooks leave out. */
function isBeyondList({ scenario }: Seen): boolean {
  return scenario.api.revokedAt < Number.POSITIVE_INFINITY;
}

/** Recorded once, and told under one id, once. */
function judgeStep(
  { token }: TrueInvestigation,
  step: TrueStep,
  seen: Seen,
  judgeTimes: JudgeTimes,
): void {
  const { scenario, cloud, observer } = seen;
  const { name, status } = step;
  const records = [...cloud.applications.events.values()].filter(
    ({ investigationToken, type }) => investigationToken === token && type === status,
  );
  if (records.length > 1) observer.violate("doubled", `${name} is recorded under two ids`);
  if (records.length === 0) {
    if (isDelivered(name, seen) || !isBeyondList(seen))
      observer.violate("lost", `${name} is not recorded`);
    return;
  }
  const told = observer.publications.filter(
    ({ event }) => event.investigation?.token === token && event.investigation.status === status,
  );
  if (new Set(told.map(({ event }) => event.eventId)).size > 1) {
    observer.violate("doubled", `${name} is published under two ids`);
  }
  if (told.some(({ event }) => event.route !== step.route)) {
    observer.violate("lost", `${name} is not published as ${step.route}`);
  }
  judgeTimes(name, told, observer);
  const { publish, publishLate } = scenario.settings.routes[step.route];
  const report = cloud.investigations.investigations
    .get(token)
    ?.reports.find((one) => one.status === status);
  const isHistory = report?.late === true && status !== "closed" && !publishLate;
  if (publish && !isHistory && told.length === 0) {
    observer.violate("lost", `${name} is recorded, and not published`);
  }
}
