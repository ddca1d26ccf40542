import { appendEvent, openApplication } from "./application.ts";
import type { Occurrence, JourneyApplication, JourneyEvent } from "./application.ts";
import { applicationResponse } from "./application-response.ts";
import type { ApplicationResponse } from "./application-response.ts";
import { makeDeliveries } from "./deliveries.ts";
import type { AlloyDependencies, WebhookOptions } from "./deliveries.ts";
import { makeInvestigations } from "./investigations.ts";
import { JOURNEYS } from "./journeys.ts";
import type { Scenario, ScenarioExpectation, ScenarioStep } from "./scenario.ts";
import { makeTokens } from "./tokens.ts";

/** Fields of a Create or Rerun request that reach the application. */
export interface Submission {
  readonly externalGroupId?: string | null;
  readonly externalPartnerId?: string | null;
  readonly externalApplicationId?: string | null;
  readonly meta?: unknown;
  /** By position of the scenario's entities. */
  readonly externalEntityIds?: readonly (string | null)[];
}

export type HeldApplication = Readonly<ReturnType<typeof held>>;

/** Called with the answer to Create, as the client that submitted the application gets it. */
type OnSubmitted = (created: ApplicationResponse) => void | Promise<void>;

export type Alloy = Readonly<ReturnType<typeof makeAlloy>>;

/** An application on its way through a scenario. */
interface Run {
  readonly application: JourneyApplication;
  readonly scenario: Scenario;
  readonly part: "original" | "rerun";
  readonly expected: ScenarioExpectation;
  /** Events that wait for the last one, to be sent in reverse. */
  readonly held: JourneyEvent[];
  /** What has still to end: steps, deliveries, the start of a rerun. */
  open: number;
  stepsLeft: number;
  next: Run | null;
  readonly rest: PromiseWithResolvers<void>;
  /** Called after each event. */
  readonly watchers: Set<() => void>;
}

/**
 * Alloy, without a clock, a network or randomness of its own: applications that go through scenarios,
 * the API's view of them, and their webhooks.
 *
 * 1. `submit` opens an application and schedules the scenario's steps, divided by the time scale.
 * 2. Each step appends an event, moves the status and sends the webhook as the scenario delivers it:
 *    at once, in copies, in reverse, or not at all.
 * 3. `application` answers from the same record, so webhooks may be lost and Get still knows.
 */
export function makeAlloy(dependencies: AlloyDependencies, options: WebhookOptions) {
  const { now, schedule } = dependencies;
  const timeScale = options.timeScale ?? 1;
  const tokens = makeTokens(dependencies.random);
  const deliveries = makeDeliveries(dependencies, tokens, options);
  const runs = new Map<string, Run>();
  const timers = new Set<() => void>();
  let withholding = false;

  function after(seconds: number, task: () => void): void {
    const cancel = schedule(Math.round((seconds * 1_000) / timeScale), () => {
      timers.delete(cancel);
      task();
    });
    timers.add(cancel);
  }

  const investigations = makeInvestigations({ now, after, tokens, deliveries });

  function settle(run: Run): void {
    run.open -= 1;
    if (run.open === 0) run.rest.resolve();
  }

  function begin(
    application: JourneyApplication,
    scenario: Scenario,
    part: Run["part"],
    steps: readonly ScenarioStep[],
    expected: ScenarioExpectation,
  ): Run {
    const run: Run = {
      application,
      scenario,
      part,
      expected,
      held: [],
      open: steps.length,
      stepsLeft: steps.length,
      next: null,
      rest: Promise.withResolvers(),
      watchers: new Set(),
    };
    runs.set(application.token, run);
    // Only `play` waits for it; of the other applications nobody needs to hear that they were stopped.
    run.rest.promise.catch(() => undefined);
    takeStep(run, steps, 0);
    return run;
  }

  function takeStep(run: Run, steps: readonly ScenarioStep[], index: number): void {
    const step = steps[index];
    if (step === undefined) return;
    after(step.afterSeconds, () => {
      run.stepsLeft -= 1;
      happen(run, step);
      takeStep(run, steps, index + 1);
      if (run.stepsLeft === 0) endOfSteps(run);
      settle(run);
    });
  }

  function happen(run: Run, occurrence: Occurrence): void {
    const event = appendEvent(run.application, occurrence, tokens, now());
    const { order } = run.scenario.delivery;
    if (order === "reversed" && run.stepsLeft > 0) {
      run.open += 1;
      run.held.push(event);
    } else {
      sendCopies(run, event, order === "reversed" ? () => releaseHeld(run) : undefined);
    }
    for (const watcher of run.watchers) watcher();
  }

  function sendCopies(run: Run, event: JourneyEvent, onFirstAnswer?: () => void): void {
    const { copiesAtSeconds, lost } = run.scenario.delivery;
    for (const [index, seconds] of copiesAtSeconds.entries()) {
      run.open += 1;
      const send = () =>
        deliveries.send({
          event,
          copy: index + 1,
          withheld: lost || withholding,
          ...(index === 0 && onFirstAnswer ? { onFirstAnswer } : {}),
          onEnd: () => settle(run),
        });
      if (seconds === 0) send();
      else after(seconds, send);
    }
  }

  /** Sends the latest event that is held, and the one before it when that one has been answered. */
  function releaseHeld(run: Run): void {
    const event = run.held.pop();
    if (event === undefined) return;
    after(run.scenario.delivery.spacingSeconds, () => {
      sendCopies(run, event, () => releaseHeld(run));
      settle(run);
    });
  }

  function endOfSteps(run: Run): void {
    const { rerun } = run.scenario;
    if (run.part === "rerun" || rerun === undefined) return;
    run.open += 1;
    after(rerun.afterSeconds, () => {
      // Somebody may have run it again by the API meanwhile; a dashboard does not ask either.
      run.next = startRerun(run, rerun.initiatedBy, {});
      settle(run);
    });
  }

  function startRerun(
    original: Run,
    initiatedBy: "api" | "dashboard",
    submission: Submission,
  ): Run {
    const { application: previous, scenario } = original;
    const root = runs.get(previous.rerun?.rootToken ?? previous.token) ?? original;
    const application = openApplication(
      {
        journey: previous.journey,
        environment: previous.environment,
        externalIds: {
          partner: previous.externalIds.partner,
          // A group id is one application's; the rerun names the root's instead.
          group: submission.externalGroupId ?? null,
          application: submission.externalApplicationId ?? previous.externalIds.application,
        },
        meta: submission.meta ?? previous.meta,
        applicants: previous.applicants,
        groupToken: previous.groupToken,
        rerun: {
          initiatedBy,
          previousToken: previous.token,
          rootToken: root.application.token,
          rootExternalGroupId: root.application.externalIds.group,
        },
      },
      tokens,
      now(),
    );
    const { steps, expected } = scenario.rerun ?? scenario;
    const run = begin(application, scenario, "rerun", steps, expected);
    for (const ancestor of new Set([original, root])) {
      ancestor.application.reruns.push({
        initiatedBy,
        nextToken: application.token,
        createdAt: now(),
      });
      happen(ancestor, { event: "started_rerun_application", rerunToken: application.token });
    }
    return run;
  }

  function submit(scenario: Scenario, submission: Submission): Run {
    const journey = JOURNEYS.get(scenario.journey);
    if (journey === undefined) throw new Error(`There is no Journey ${scenario.journey}.`);
    const application = openApplication(
      {
        journey,
        environment: options.environment,
        externalIds: {
          partner: submission.externalPartnerId ?? null,
          group: submission.externalGroupId ?? null,
          application: submission.externalApplicationId ?? null,
        },
        meta: submission.meta ?? null,
        applicants: scenario.entities.map((entity, index) => ({
          ...entity,
          externalId: submission.externalEntityIds?.[index] ?? null,
        })),
        rerun: null,
      },
      tokens,
      now(),
    );
    return begin(application, scenario, "original", scenario.steps, scenario.expected);
  }

  function start(scenario: Scenario): Run {
    // Random, so that a second run against the same receiver does not repeat them.
    return submit(scenario, {
      externalGroupId: tokens.token("account"),
      externalApplicationId: tokens.token("submission"),
      externalEntityIds: scenario.entities.map((entity) => tokens.token(entity.ref)),
    });
  }

  function runOf(applicationToken: string): Run {
    const run = runs.get(applicationToken);
    if (run === undefined) {
      throw new Error(
        `There is no application ${applicationToken}; there are ${[...runs.keys()].join(", ") || "none yet"}.`,
      );
    }
    return run;
  }

  return {
    /** Opens an application that goes through the scenario; its first events are raised by themselves. */
    submit: (scenario: Scenario, submission: Submission = {}) =>
      applicationResponse(submit(scenario, submission).application),
    /** Runs an application again. @returns the new one; undefined when there is none of that token to rerun. */
    rerun: (applicationToken: string, submission: Submission = {}) => {
      const run = runs.get(applicationToken);
      return run && applicationResponse(startRerun(run, "api", submission).application);
    },
    /** Lets something happen that no scenario has. @throws Error when the application cannot have it. */
    raise: (applicationToken: string, occurrence: Occurrence) => {
      const run = runOf(applicationToken);
      happen(run, occurrence);
      return applicationResponse(run.application);
    },
    /** The answer to Get. */
    application: (applicationToken: string) => {
      const run = runs.get(applicationToken);
      return run && applicationResponse(run.application);
    },
    applications: (): readonly HeldApplication[] => [...runs.values()].map(held),
    /** Resolves when the application is no longer `running`, or the limit is over. */
    whenPaused: (applicationToken: string, limitMs: number): Promise<void> => {
      const run = runOf(applicationToken);
      return new Promise((resolve) => {
        const end = () => {
          cancel();
          timers.delete(cancel);
          run.watchers.delete(check);
          resolve();
        };
        const check = () => {
          if (run.application.status !== "running") end();
        };
        const cancel = schedule(limitMs, end);
        timers.add(cancel);
        run.watchers.add(check);
        check();
      });
    },
    /** Submits an application for the scenario, with external ids of its own. */
    start: (scenario: Scenario) => applicationResponse(start(scenario).application),
    /**
     * Starts the scenario and resolves with it, and with its rerun if there is one,
     * when nothing more will happen and nothing more will be delivered.
     *
     * @throws Error when it is stopped before that, or what `onSubmitted` throws.
     */
    play: async (
      scenario: Scenario,
      onSubmitted?: OnSubmitted,
    ): Promise<readonly HeldApplication[]> => {
      const original = start(scenario);
      const played: Run[] = [];
      await onSubmitted?.(applicationResponse(original.application));
      for (let run: Run | null = original; run !== null; run = run.next) {
        await run.rest.promise;
        played.push(run);
      }
      return played.map(held);
    },
    /** Loses every webhook raised from now on, until it is called with false. */
    withhold: (withheld: boolean) => {
      withholding = withheld;
    },
    isWithholding: () => withholding,
    deliveries,
    investigations,
    /** Cancels every timer, aborts every request, and rejects what is still playing. */
    stop: () => {
      for (const cancel of timers) cancel();
      deliveries.stop();
      for (const { application, rest } of runs.values()) {
        rest.reject(new Error(`Alloy was stopped before ${application.token} came to rest.`));
      }
    },
  };
}

/** What Alloy holds of an application, and what its scenario says that it should hold in the end. */
function held({ application, scenario, part, expected, open }: Run) {
  return {
    scenario: scenario.name,
    part,
    applicationToken: application.token,
    journeyToken: application.journey.token,
    status: application.status,
    outcome: application.outcome,
    /** In the order in which they happened. */
    eventTypes: application.events.map((event) => event.body.type),
    expected,
    /** Every step is raised and every delivery has ended. */
    isAtRest: open === 0,
  };
}
