import { describeBesideOthers } from "./beside-others.ts";
import { openInProcessDriver } from "./in-process-driver.ts";
import { describeRotation } from "./rotation.ts";
import { describeScenarios } from "./scenarios.ts";

// Each with a receiver of its own.
describeBesideOthers("webhooks and scenarios", false, () =>
  describeScenarios("in this process", false, openInProcessDriver),
);
describeBesideOthers("a credential that changes", false, () =>
  describeRotation("in this process", false, openInProcessDriver),
);
