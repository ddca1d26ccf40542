import { idsOf, objectsIn, referredId } from "../template/synthesise.ts";
import type { StackTemplate } from "../template/synthesise.ts";
import type { Finding, Surroundings } from "./preflight.ts";

type Result = Omit<Finding, "check">;

/** These change with a name of your own, and hold nothing. */
const ADDRESSES = ["WebhookUrl", "WebhookDnsTarget", "DashboardName"];

/**
 * Whether what others hold on to stays what it is. CloudFormation takes another logical id for another resource: a table
 * begins empty, and another API is another URL.
 */
export async function checkChanges(surroundings: Surroundings): Promise<Result> {
  const { account, stack, template } = surroundings;
  const good = "everything that the outputs name stays, including the URL";
  if (stack === null || Object.keys(stack.outputs).length === 0) {
    return { state: "green", found: "nothing is deployed yet", good, fix: null };
  }
  const deployed = await account.template(stack.id);
  const replaced = replacedIn(deployed, template);
  if (replaced.length > 0) {
    return {
      state: "red",
      found: `would be replaced: ${replaced.join(", ")}`,
      good,
      fix: "restore the deployed logical ids (lib/constructs/stateful.ts); npm run diff shows them",
    };
  }
  if (isUnderKey(deployed) && !isUnderKey(template)) {
    return {
      state: "red",
      found: "the functions would lose access to the key that encrypts the events",
      good: 'no way back from encryption: "customer-managed"',
      fix: 'encryption: "customer-managed": what is in queues, bucket and secrets is under that key, and would be lost',
    };
  }
  return { state: "green", found: "nothing is replaced", good, fix: null };
}

/** Names of the outputs behind which another resource would be, and the logical ids of APIs that would go. */
function replacedIn(deployed: StackTemplate, next: StackTemplate): readonly string[] {
  const outputs = Object.entries(deployed.outputs)
    .filter(([name]) => name in next.outputs && !ADDRESSES.includes(name))
    .filter(([name, value]) => idIn(value) !== idIn(next.outputs[name]))
    .map(([name]) => name);
  const apis = idsOf(next.ofType("AWS::ApiGatewayV2::Api"));
  const gone = idsOf(deployed.ofType("AWS::ApiGatewayV2::Api")).filter((id) => !apis.includes(id));
  return [...outputs, ...gone];
}

function idIn(output: unknown): string | undefined {
  return objectsIn(output)
    .map(referredId)
    .find((id) => id !== undefined);
}

function isUnderKey({ resources }: StackTemplate): boolean {
  const events = resources.find(({ logicalId }) => logicalId === "EventQueue");
  return events !== undefined && "KmsMasterKeyId" in events.Properties;
}
