import type { HeldApplication } from "./alloy.ts";
import { linesOfError, makeScreen, processOutput } from "../terminal/screen.ts";
import { readCommandLine } from "./options.ts";
import { chooseScenarios, readScenarios } from "./scenario.ts";
import { startAlloySimulator } from "./server.ts";
import type { AlloySimulator } from "./server.ts";

const screen = makeScreen(processOutput());

/** A shell's exit code after Ctrl-C: neither success nor a wrong end. */
const INTERRUPTED = 130;

/** One line about an application, and whether it ended as its scenario says. */
function describe(application: HeldApplication, simulator: AlloySimulator): string {
  const deliveries = simulator
    .deliveries()
    .filter((delivery) => delivery.applicationToken === application.applicationToken);
  const delivered = deliveries.filter((delivery) => delivery.state === "delivered").length;
  const attempts = deliveries.reduce((sum, delivery) => sum + delivery.attempts.length, 0);
  return [
    endedAsExpected(application) ? "ok  " : "NOT ",
    application.applicationToken,
    `${application.scenario}${application.part === "rerun" ? " (the rerun)" : ""}:`,
    `${application.status}, ${application.outcome ?? "no outcome"};`,
    `${application.eventTypes.length} events, ${delivered} of ${deliveries.length} webhooks delivered in ${attempts} attempts`,
  ].join(" ");
}

function endedAsExpected({ status, outcome, expected }: HeldApplication): boolean {
  return status === expected.status && outcome === expected.outcome;
}

async function main(): Promise<void> {
  const commandLine = readCommandLine(process.argv.slice(2));
  if (commandLine === "list") {
    for (const { name, story } of readScenarios().values()) screen.print(name, `    ${story}`);
    return;
  }
  if ("help" in commandLine) {
    screen.print(...commandLine.help);
    return;
  }
  const scenarios = readScenarios();
  // Before anything is started: a wrong name must not leave a server behind.
  chooseScenarios(commandLine.scenarios, scenarios);
  const simulator = await startAlloySimulator({ ...commandLine.simulator, scenarios });
  let isInterrupted = false;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      isInterrupted = true;
      void simulator.stop();
    });
  }
  screen.print(`Alloy simulated at ${simulator.baseUrl}; ask more of it at ${simulator.adminUrl}`);
  const names = commandLine.isEverythingPlayed ? [] : commandLine.scenarios;
  if (!commandLine.isEverythingPlayed && names.length === 0) return;

  const applications = await simulator.play(names).catch((error: unknown) => {
    if (isInterrupted) return []; // Whoever interrupts a scenario knows that it has not ended.
    throw error;
  });
  for (const application of applications) screen.print(describe(application, simulator));
  if (!commandLine.endsAfterPlaying) return;
  if (isInterrupted) {
    process.exitCode = INTERRUPTED;
    return;
  }
  process.exitCode = applications.every(endedAsExpected) ? 0 : 1;
  await simulator.stop();
}

try {
  await main();
} catch (error) {
  screen.error(...(error instanceof Error ? [error.message] : linesOfError(error)));
  process.exitCode = 2;
}
