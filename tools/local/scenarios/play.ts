import { setTimeout as sleep } from "node:timers/promises";
import type { RouteId } from "../../../lambdas/settings/routes.ts";
import type { AlloySimulator } from "../../alloy-simulator/server.ts";
import type { HeldInvestigation } from "../../alloy-simulator/investigations.ts";
import { askAlloy } from "./alloy-view.ts";
import type { AlloyView } from "./alloy-view.ts";
import type { PublishedMessage, ReceivedApplication, ReceivedStep, Receiver } from "./receiver.ts";
import { verdictOn } from "./verdict.ts";
import type { Verdict } from "./verdict.ts";

/** The simulator with the key to its API. */
export interface PlayedAlloy {
  readonly simulator: AlloySimulator;
  readonly baseUrl: string;
  readonly token: string;
  readonly secret: string;
}

/** What the scenarios need of it. */
export interface ScenarioAlloy extends Omit<PlayedAlloy, "simulator"> {
  readonly simulator: Pick<
    AlloySimulator,
    "applications" | "investigate" | "play" | "scenarioNames"
  >;
}

export interface PlayOptions {
  readonly signal: AbortSignal;
  /** How long after Alloy's last delivery, and after the last change here, everything must agree. */
  readonly limitMs: number;
  /** Which scenarios are played. @default - all */
  readonly scenarios?: readonly string[];
  /** Whether the stage looks at Investigations: only then one is played. */
  readonly investigations: boolean;
  /** Between two comparisons. @default - half a second */
  readonly passMs?: number;
  readonly onProgress: (text: string) => void;
}

/** What came of the scenarios. */
export interface PlayResult {
  readonly verdicts: readonly Verdict[];
  /** What is wrong beside the applications, a sentence each. */
  readonly faults: readonly string[];
  /** What came of the Investigation, in a sentence. */
  readonly investigation?: string;
}

const PASS_MS = 500;

/** In so many limits everything must agree, whatever changes: what is published again and again changes for ever. */
const MOST_LIMITS = 10;

/**
 * After all agrees, so long again: two runs of the poller at its fastest, and time for a second effect
 * to show itself.
 */
const QUIET_MS = 2_500;

/**
 * Plays scenarios at once and compares, until everything agrees or nothing has changed for as long as the limit. A
 * busy machine takes longer, and something changes meanwhile.
 *
 * 1. The simulator opens an application for each scenario; its Create response is announced on the bus.
 * 2. The webhooks come, or do not; the poller asks for what is missing.
 * 3. When the simulator is at rest, its API and the receiver are compared, pass after pass. Of an application that agrees neither
 *    is asked again meanwhile.
 * 4. When all agree, the same has to hold a little later for all of them, with nothing left in the queue.
 */
export async function playScenarios(
  alloy: ScenarioAlloy,
  receiver: Receiver,
  options: PlayOptions,
): Promise<PlayResult> {
  const { signal, limitMs, passMs = PASS_MS, onProgress } = options;
  const deadLetteredBefore = await receiver.deadLettered();
  const known = new Set(alloy.simulator.applications().map((held) => held.applicationToken));

  const { scenarios = alloy.simulator.scenarioNames } = options;
  onProgress(`Playing ${scenarios.length} scenarios …`);
  const [, investigation] = await Promise.race([
    Promise.all([
      alloy.simulator.play(scenarios, {
        onSubmitted: (created) => receiver.announceSubmission(created),
      }),
      options.investigations ? alloy.simulator.investigate() : null,
    ]),
    new Promise<never>((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    }),
  ]);

  const deadline = Date.now() + MOST_LIMITS * limitMs;
  let last = { state: "", changedAt: Date.now() };
  let quietSince: number | null = null;
  const agreed = new Map<string, BothSides>();
  for (;;) {
    signal.throwIfAborted();
    const begun = performance.now();
    const isSettled = quietSince !== null && Date.now() - quietSince >= QUIET_MS;
    if (isSettled) agreed.clear();
    const published = await receiver.published();
    const verdicts = await compareAll(alloy, receiver, { known, agreed, published });
    const faults = [
      ...(await queueFaults(receiver, deadLetteredBefore)),
      ...(investigation === null
        ? []
        : investigationFaults(
            investigation,
            await receiver.investigation(investigation.token),
            published,
            receiver.routesPublishingLate,
          )),
    ];
    const agreeing = verdicts.filter((verdict) => verdict.faults.length === 0).length;
    const good = agreeing === verdicts.length && faults.length === 0;
    onProgress(`${agreeing} of ${verdicts.length} applications agree with Alloy`);
    quietSince = good ? (quietSince ?? Date.now()) : null;
    const state = JSON.stringify([
      verdicts.map((verdict) => verdict.faults),
      faults,
      published.length,
    ]);
    if (state !== last.state) last = { state, changedAt: Date.now() };
    const isOver = Date.now() - last.changedAt > limitMs || Date.now() > deadline;
    if ((isSettled && good) || isOver) {
      return {
        verdicts,
        faults,
        ...(investigation !== null && { investigation: sumOf(investigation, published) }),
      };
    }
    // A busy machine is left at least half of the time to what is compared.
    await sleep(Math.max(passMs, performance.now() - begun), undefined, { signal });
  }
}

/** An application as Alloy's API shows it, and as the receiver holds it. */
interface BothSides {
  readonly view: AlloyView;
  readonly here: ReceivedApplication | null;
}

/** @param asked.agreed - what both sides said of those that agreed so far; those that agree now are added. */
async function compareAll(
  alloy: ScenarioAlloy,
  receiver: Receiver,
  asked: {
    readonly known: ReadonlySet<string>;
    readonly agreed: Map<string, BothSides>;
    readonly published: readonly PublishedMessage[];
  },
): Promise<Verdict[]> {
  const { known, agreed, published } = asked;
  const played = alloy.simulator.applications().filter((held) => !known.has(held.applicationToken));
  return Promise.all(
    played.map(async ({ applicationToken, journeyToken, scenario, part, expected }) => {
      const sides = agreed.get(applicationToken) ?? {
        view: await askAlloy(alloy, { applicationToken, journeyToken }),
        here: await receiver.application(applicationToken),
      };
      const { view, here } = sides;
      const kept = view.events.filter(({ type }) => !receiver.ignoredEventTypes.includes(type));
      const verdict = verdictOn(
        {
          applicationToken,
          scenario: part === "rerun" ? `${scenario} (rerun)` : scenario,
          status: view.status,
          outcome: view.outcome,
          eventIds: kept.map(({ eventId }) => eventId),
          expected: expected.published,
        },
        here,
        published,
        receiver.routesPublishingLate,
      );
      if (verdict.faults.length === 0) agreed.set(applicationToken, sides);
      else agreed.delete(applicationToken);
      return verdict;
    }),
  );
}

/**
 * Each step of the Investigation is published once: the one whose webhook is lost, too. One that a newer step preceded, as on a
 * busy machine, is published where its route publishes late, and is the last one wherever it is.
 */
function investigationFaults(
  { token, routes }: HeldInvestigation,
  steps: readonly ReceivedStep[],
  published: readonly PublishedMessage[],
  routesPublishingLate: ReadonlySet<RouteId>,
): string[] {
  const isSilent = ({ route, isLate }: ReceivedStep) =>
    isLate && route !== "investigation-closed" && !routesPublishingLate.has(route);
  const silent = new Set(steps.filter(isSilent).map(({ route }) => route));
  return routes.flatMap((route) => {
    const messages = published.filter(
      (message) => message.route === route && message.investigationToken === token,
    );
    if (messages.length === (silent.has(route) ? 0 : 1)) return [];
    return [`${token} was published ${messages.length} times as ${route}`];
  });
}

function sumOf(
  { token, routes }: HeldInvestigation,
  published: readonly PublishedMessage[],
): string {
  const own = published.filter((message) => message.investigationToken === token);
  const healed = own.filter(({ body }) => /"origin":\s*"poll"/.test(body)).length;
  return `1 Investigation, ${routes.length} steps at Alloy: ${own.length - healed} received, ${healed} healed by the poller.`;
}

async function queueFaults(receiver: Receiver, deadLetteredBefore: number): Promise<string[]> {
  const waiting = await receiver.waiting();
  const deadLettered = (await receiver.deadLettered()) - deadLetteredBefore;
  return [
    ...(waiting > 0 ? [`${waiting} messages are still in the event queue`] : []),
    ...(deadLettered > 0 ? [`${deadLettered} messages went to the dead-letter queue`] : []),
  ];
}
