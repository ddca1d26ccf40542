import { METRICS } from "../../../lambdas/settings/metrics.ts";
import type { CountedOutcome } from "../../../lambdas/settings/metrics.ts";
import type { AlarmCase } from "./cases.ts";
import { JOURNEY } from "./world.ts";

const all = (outcome: CountedOutcome) => ({ outcome, journey: null });
const inJourney = (outcome: CountedOutcome) => ({ outcome, journey: JOURNEY });

const FIVE_HOURS_MS = 5 * 60 * 60_000;
const TEN_MINUTES_MS = 10 * 60_000;

/** One case for each worked rule of docs/notifications.md, against the world's one application a minute. */
export const NOTIFICATION_CASES: readonly AlarmCase[] = [
  {
    id: "notification-many-denied",
    fault: (trouble, { outcome }) => trouble.and(outcome(all("denied")), 1),
    // Six in half an hour are usual.
    within: 20,
    nearMiss: (trouble, { outcome }) => trouble.and(outcome(all("denied")), 1, 3),
  },
  {
    id: "notification-reviews-piling-up",
    fault: (trouble, { outcome }) => trouble.and(outcome(inJourney("manual-review")), 1),
    within: 20,
    // Half of them are reviewed, but of 40 in an hour.
    nearMiss: (trouble, { outcome }) =>
      trouble
        .is(outcome(inJourney("submitted")), (minute) => (minute % 3 < 2 ? 1 : 0))
        .none(outcome(inJourney("manual-review")))
        .and(outcome(inJourney("manual-review")), 1, 3),
  },
  {
    id: "notification-approvals-halved",
    fault: (trouble, { outcome }) => trouble.none(outcome(all("approved"))),
    // Half of the hour, and a run of the poller.
    within: 40,
    // Two of three are left.
    nearMiss: (trouble, { outcome }) =>
      trouble.is(outcome(all("approved")), (minute) => (minute % 5 < 2 ? 1 : 0)),
  },
  {
    id: "notification-nobody-applies",
    fault: (trouble, { outcome }) => trouble.none(outcome(all("submitted"))),
    // Both half hours have to be below the band: of the newest the last minutes are not known yet.
    within: 50,
    // Three of five are left.
    nearMiss: (trouble, { outcome }) =>
      trouble.is(outcome(all("submitted")), (minute) => (minute % 5 < 3 ? 1 : 0)),
  },
  {
    id: "notification-decisions-slow",
    fault: (trouble, { ours }) => trouble.is(ours(METRICS.timeToDecision), FIVE_HOURS_MS),
    within: 15,
    // One in twelve is slow.
    nearMiss: (trouble, { ours }) =>
      trouble.is(ours(METRICS.timeToDecision), (minute) =>
        minute % 12 === 0 ? FIVE_HOURS_MS : TEN_MINUTES_MS,
      ),
  },
];
