import { openInProcessDriver } from "./in-process-driver.ts";
import { describeRotation } from "./rotation.ts";
import { describeScenarios } from "./scenarios.ts";

describeScenarios("in this process", false, openInProcessDriver);
describeRotation("in this process", false, openInProcessDriver);
