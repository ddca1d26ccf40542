import type { NotificationRule } from "./notification-rules.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/*
 * The worked examples of docs/notifications.md, which shows each as it stands here (a test holds the page to it).
 * Each has been seen to fire and to stay silent. The stage `local` has them; copy into yours what you need.
 */

const manyDenied: NotificationRule = {
  name: "many-denied",
  kind: "count",
  of: "denied",
  moreThan: 20,
  windowMs: 30 * MINUTE,
  tell: "ticket",
  who: "Fraud operations look whether one source applies in numbers, and whether a rule at Alloy has changed.",
};

const reviewsPilingUp: NotificationRule = {
  name: "reviews-piling-up",
  kind: "percent",
  of: "manual-review",
  is: "above",
  percent: 40,
  atLeast: 50,
  windowMs: 1 * HOUR,
  journeys: ["J-VCQoADBJxeHtmdAvFqoS"],
  tell: "review-desk",
  who: "The review desk calls in agents, and asks the Journey's owner which vendor fails to answer.",
};

const approvalsHalved: NotificationRule = {
  name: "approvals-halved",
  kind: "percentChange",
  of: "approved",
  change: "falls",
  byPercent: 50,
  since: "week-before",
  atLeast: 20,
  windowMs: 1 * HOUR,
  tell: "page",
  who: "On call looks whether fewer apply or fewer pass, and wakes the Journey's owner if fewer pass.",
};

const nobodyApplies: NotificationRule = {
  name: "nobody-applies",
  kind: "anomaly",
  of: "submitted",
  is: "below",
  deviations: 3,
  windowMs: 30 * MINUTE,
  tell: "page",
  who: "On call tries to apply, and wakes whoever owns the application form if that fails.",
};

const decisionsSlow: NotificationRule = {
  name: "decisions-slow",
  kind: "timeToDecision",
  percentile: "p90",
  longerThanMs: 4 * HOUR,
  atLeast: 10,
  windowMs: 1 * HOUR,
  tell: "ticket",
  who: "The Journey's owner looks at which step applications wait.",
};

export const EXAMPLE_RULES: readonly NotificationRule[] = [
  manyDenied,
  reviewsPilingUp,
  approvalsHalved,
  nobodyApplies,
  decisionsSlow,
];
