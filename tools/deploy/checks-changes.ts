import { objectsIn, referredId } from "../template/template.ts";
import type { StackTemplate } from "../template/template.ts";
import { harmDone } from "./harm.ts";
import type { Harm } from "./harm.ts";
import { green } from "./finding.ts";
import type { Result, Surroundings } from "./finding.ts";
import { rollbackAlarmsOf } from "./rollback-triggers.ts";

/** These change with a name of your own, and hold nothing. */
const ADDRESSES = ["WebhookUrl", "WebhookDnsTarget", "DashboardName"];

/** Of these another one is another URL, or events that nobody takes out of the queue. */
const WAY_IN =
  /^AWS::(?:ApiGatewayV2::(?:Api|Stage|Route|Integration)|Lambda::EventSourceMapping)$/;

/** Whether what holds data, and what others hold on to, stays what it is. */
export async function checkChanges(surroundings: Surroundings): Promise<Result> {
  const { account, stack, template } = surroundings;
  const good = "everything that holds data stays, including the URL";
  if (stack === null || Object.keys(stack.outputs).length === 0) {
    return green("nothing is deployed yet", good);
  }
  const deployed = await account.template(stack.id);
  const harms = harmDone(deployed, template);
  const unmeant = harms.filter((harm) => !canBeMeant(harm, deployed, template));
  if (unmeant.length > 0) {
    const fixes = unmeant.map(({ kind, what }) => FIXES[what === "key" ? "key" : kind]);
    return {
      state: "red",
      found: unmeant.map(({ says }) => says).join(" "),
      good,
      fix: [...new Set(fixes)].join("; "),
    };
  }
  if (harms.length === 0) return green("nothing is replaced", good);
  return {
    state: "yellow",
    found: harms.map(({ says }) => says).join(" "),
    good,
    fix: "nothing, if you mean it: what the stage no longer asks for goes",
  };
}

const SAME_IDS =
  "restore the deployed logical ids and properties (lib/constructs/stateful.ts); npm run diff shows them";

const FIXES: Readonly<Record<Harm["kind"] | "key", string>> = {
  delete: SAME_IDS,
  replace: SAME_IDS,
  "switch off": SAME_IDS,
  refused: "docs/deployment.md, Tables of an earlier deployment",
  key: 'encryption: "customer-managed": what is in queues, bucket and secrets is under that key, and would be lost',
};

/** A queue of a route that the stage no longer has may go, and a name, and a protection. */
function canBeMeant(harm: Harm, deployed: StackTemplate, next: StackTemplate): boolean {
  switch (harm.kind) {
    case "replace":
    case "refused":
      return false;
    case "switch off":
      return harm.what !== "key";
    case "delete":
      return !WAY_IN.test(harm.type) && !isStillNamed(harm, deployed, next);
  }
}

/** Whether an output of the deployed stack names it, and the next one has that output too. */
function isStillNamed({ logicalId }: Harm, deployed: StackTemplate, next: StackTemplate): boolean {
  return Object.entries(deployed.outputs).some(
    ([name, value]) =>
      name in next.outputs && !ADDRESSES.includes(name) && idIn(value) === logicalId,
  );
}

function idIn(output: unknown): string | undefined {
  return objectsIn(output)
    .map(referredId)
    .find((id) => id !== undefined);
}

/** Whether an alarm that takes deployments back rings already: then it takes back this one too. */
export async function checkRollbackAlarms(surroundings: Surroundings): Promise<Result> {
  const { account, stack, stage } = surroundings;
  const good = "none of the alarms that take a deployment back rings";
  if (stage.rollout === "all-at-once") {
    return green('none: rollout is "all-at-once"', good);
  }
  const ringing = stack === null ? [] : await account.ringing(rollbackAlarmsOf(stage));
  if (ringing.length === 0) return green("none rings", good);
  return {
    state: "red",
    found: `in ALARM: ${ringing.join(", ")}`,
    good,
    fix: 'end the incident first; if this deployment is to end it, set rollout: "all-at-once" in lib/stages.ts for it',
  };
}
