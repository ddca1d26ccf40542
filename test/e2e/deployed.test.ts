import { openEmulatorDriver } from "./deployed/driver.ts";
import { driveOwnStack } from "./deployed/each-file.ts";
// Beside each other, and first: alarms wait for minutes to end, and the others have queues and tables of their own.
import "./deployed/alarms.ts";
import "./deployed/ports.ts";
import "./deployed/ingest.ts";
import "./deployed/ops.ts";
import "./deployed/refused-calls.ts";
import "./deployed/credentials-rejected.ts";
import { isSkipped } from "./deployed/stack.ts";
import { describeRotation } from "./rotation.ts";
import { describeScenarios } from "./scenarios.ts";

/*
 * Tests of one deployed stack, one after the other: they stop its consumer, change its secret, and are its Alloy. To run
 * some of them: npm test -- --project e2e -t "npm run ops".
 */

await driveOwnStack();

describeScenarios("deployed into the emulator", isSkipped, openEmulatorDriver);
describeRotation("deployed into the emulator", isSkipped, openEmulatorDriver);
