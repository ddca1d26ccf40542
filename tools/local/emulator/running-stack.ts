import { DescribeStacksCommand } from "@aws-sdk/client-cloudformation";
import { STACK_NAME } from "./cdk.ts";
import { makeClients } from "./clients.ts";

/** The id of the stack, or null when the stack is missing or incomplete. */
export async function runningStack(endpoint: string): Promise<string | null> {
  const { cloudFormation } = makeClients(endpoint);
  try {
    const { Stacks } = await cloudFormation.send(
      new DescribeStacksCommand({ StackName: STACK_NAME }),
    );
    const stack = Stacks?.[0];
    return /^(CREATE|UPDATE)_COMPLETE$/.test(stack?.StackStatus ?? "")
      ? (stack?.StackId ?? null)
      : null;
  } catch (error) {
    // CloudFormation answers ValidationError for a stack that is not there.
    if (error instanceof Error && error.name === "ValidationError") return null;
    throw error;
  } finally {
    cloudFormation.destroy();
  }
}
