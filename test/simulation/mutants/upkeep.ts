import { METRICS } from "../../../lambdas/settings/metrics.ts";
import { withEndingZeros } from "../../../lambdas/poller/ending-zeros.ts";
import { makeMetrics } from "../../../lambdas/telemetry/metrics.ts";
import { metricAlarmsOf } from "../../../tools/cloudwatch/alarms.ts";
import { compositeAlarmsOf } from "../../../tools/cloudwatch/composite.ts";
import { evaluate } from "../../../tools/cloudwatch/evaluate.ts";
import { Measurements } from "../../../tools/cloudwatch/measurements.ts";
import { seriesOf } from "../../../tools/cloudwatch/series.ts";
import { readEmbeddedMetrics } from "../../../tools/local/emulator/embedded-metrics.ts";
import { route } from "../../../tools/ops/route.ts";
import { changeSecret, currentSecret } from "../../../tools/ops/webhook-secret.ts";
import { middlewareOf } from "../../../tools/strict-aws/middleware.ts";
import { synthesise } from "../../../tools/template/synthesise.ts";
import { production, withTargets } from "../../../tools/template/variants.ts";
import { cloudFormationOf } from "../../support/cloud-formation.ts";
import { memoryEvents } from "../../support/memory-events.ts";
import { memorySecrets } from "../../support/memory-secrets.ts";
import { MemorySqs } from "../../support/memory-sqs.ts";
import { aStack, KeptTerminal } from "../../support/operator.ts";
import type { Mutants } from "./mutant.ts";

/** What people and alarms rely on after the events: no world has a person in it, or CloudWatch. */
export const UPKEEP_MUTANTS: Mutants = {
  "rotation-without-a-look": {
    what: "ops rotate makes its version the current one, whatever the current one is by then",
    async hunt(isPlanted) {
      const secrets = memorySecrets("[]");
      const { client } = secrets;
      // Secrets Manager moves the label from the version that the call names: the planted one always names the right one.
      if (isPlanted) {
        middlewareOf(client).add(
          (next, { commandName }) =>
            async (args) => {
              const isMove = commandName === "UpdateSecretVersionStageCommand";
              const { versionId } = isMove ? await currentSecret(stack) : { versionId: "" };
              const input = isMove ? { ...args.input, RemoveFromVersionId: versionId } : args.input;
              return next({ ...args, input });
            },
          { step: "initialize", priority: "high" },
        );
      }
      const stack = { ...aStack(), secrets: client };
      const adding = (entry: string) =>
        changeSecret(stack, (text) => JSON.stringify([...JSON.parse(text), entry]));
      // Ada is done between what Bob reads and what Bob writes.
      let isBegun = false;
      secrets.hooks.onCall = async (call) => {
        if (call !== "PutSecretValue" || isBegun) return;
        isBegun = true;
        await adding("ada");
      };
      await adding("bob");
      const kept: unknown[] = JSON.parse(secrets.text());
      return kept.length === 2 ? null : `of two people's entries is left: ${secrets.text()}`;
    },
  },
  "ending-zero-missing": {
    what: "the run after the last gap writes nothing of gaps, and the page goes on",
    async hunt(isPlanted) {
      const { rateMs } = production.polling;
      const minutes = rateMs / 60_000;
      let at = 0;
      const day = new Measurements();
      const gaps = seriesOf(production.stage).ours(METRICS.deliveryGaps);
      const write = (line: string) => {
        for (const { data } of readEmbeddedMetrics(line)) {
          for (const { MetricName, Dimensions, Value = 0 } of data) {
            const isOfStage = MetricName === METRICS.deliveryGaps && Dimensions?.length === 1;
            if (isOfStage) day.put(gaps, at / 60_000, Value);
          }
        }
      };
      const now = () => at;
      const right = makeMetrics({ stage: production.stage, write, now });
      const metrics = isPlanted ? right : withEndingZeros(right, { windowMs: rateMs, now });
      const RUNS = 24;
      const LAST_GAP = 11;
      for (let run = 0; run < RUNS; run += 1) {
        if (run >= 6 && run <= LAST_GAP) metrics.count(METRICS.deliveryGaps);
        metrics.flush();
        at += rateMs;
      }
      const stack = synthesise(production);
      const all = { metric: metricAlarmsOf(stack), composite: compositeAlarmsOf(stack) };
      const { ended } = evaluate(all, day, { from: 0, to: RUNS * minutes });
      const end = ended.get("delivery-gap")?.at(-1) ?? Number.POSITIVE_INFINITY;
      // By the end of the window of the first run without a gap.
      const latest = (LAST_GAP + 2) * minutes;
      return end <= latest ? null : `the page about gaps ends in minute ${end}, not by ${latest}`;
    },
  },
  "pause-without-the-wait": {
    what: "a pause turns off the targets before the rule that keeps the events has taken effect",
    async hunt(isPlanted) {
      const events = memoryEvents();
      const seconds = { now: 0 };
      /** When what was turned took effect: on after a while, off at once, as EventBridge may do it. */
      const keepsFrom: number[] = [];
      const offFrom: number[] = [];
      events.hooks.onCall = (call) => {
        if (/^EnableRule .*-hold$/.test(call)) keepsFrom.push(seconds.now + 30);
        if (call.startsWith("DisableRule ")) offFrom.push(seconds.now);
      };
      const stack = {
        ...aStack(new MemorySqs()),
        stackName: STACK,
        events: events.client,
        cloudFormation: cloudFormationOf(synthesise(withTargets)),
      };
      const wait = async (ms: number) => {
        if (!isPlanted) seconds.now += ms / 1_000;
      };
      const options = { second: "approved", yes: true, now: 0, wait };
      await route(stack, "pause", options, new KeptTerminal());
      if (offFrom.length === 0 || keepsFrom.length !== 1) return "the route was not paused";
      const lost = Math.max(0, ...keepsFrom) - Math.min(...offFrom);
      return lost <= 0 ? null : `events of ${lost} s go to no target and are not kept`;
    },
  },
};

const STACK = "AlloyJourneyWebhooks-production";
