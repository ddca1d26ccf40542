import { CloudFormationClient } from "@aws-sdk/client-cloudformation";
import { answered } from "../../tools/cloud-in-memory/clients.ts";
import { ArnResolver } from "../../tools/strict-aws/iam/arns.ts";
import type { StackTemplate } from "../../tools/template/template.ts";

/** CloudFormation, asked for the resources of a stack: each is named by its logical id, and a rule of a bus with the bus before it. */
export function cloudFormationOf({ resources }: StackTemplate): CloudFormationClient {
  const arns = new ArnResolver(resources);
  return answered(new CloudFormationClient({ region: "us-east-1" }), () => ({
    StackResourceSummaries: resources.map(({ logicalId, Type }) => ({
      LogicalResourceId: logicalId,
      PhysicalResourceId:
        Type === "AWS::Events::Rule"
          ? arns.refOf(logicalId).split("/").slice(-2).join("|")
          : logicalId,
      ResourceType: Type,
    })),
  }));
}
