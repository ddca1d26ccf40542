import { GetTemplateCommand, paginateListStackResources } from "@aws-sdk/client-cloudformation";
import { readTemplate } from "../../template/template.ts";
import type { StackTemplate } from "../../template/template.ts";
import { STACK_NAME } from "./cdk.ts";
import type { Clients } from "./clients.ts";

/** What was deployed. */
export interface DeployedTemplate {
  /** With what the emulator cannot hold, under a condition that never holds (`lib/omit-resources.ts`). */
  readonly template: StackTemplate;
  readonly resources: readonly DeployedResource[];
}

export interface DeployedResource {
  readonly type: string;
  /** In the template. */
  readonly id: string;
  /** In the emulator. */
  readonly name: string;
}

/** The template of the stack in the emulator, and what its resources are called there. */
export async function readDeployedTemplate(
  client: Clients["cloudFormation"],
): Promise<DeployedTemplate> {
  const { TemplateBody = "" } = await client.send(
    new GetTemplateCommand({ StackName: STACK_NAME }),
  );
  const resources: DeployedResource[] = [];
  const pages = paginateListStackResources({ client }, { StackName: STACK_NAME });
  for await (const { StackResourceSummaries = [] } of pages) {
    for (const summary of StackResourceSummaries) {
      const { ResourceType: type = "", LogicalResourceId: id = "" } = summary;
      resources.push({ type, id, name: summary.PhysicalResourceId ?? "" });
    }
  }
  return { template: readTemplate(JSON.parse(TemplateBody)), resources };
}
