import type { ISecurityGroup, IVpc, SubnetSelection } from "aws-cdk-lib/aws-ec2";

/**
 * A network of your own for the functions. From there they have to reach SQS, DynamoDB, EventBridge, S3, Secrets Manager
 * and KMS, by endpoints or by NAT, and the poller has to reach Alloy on the internet.
 */
export interface FunctionNetwork {
  /** @default - Lambda's own network */
  readonly vpc?: IVpc | undefined;
  /** @default - the private subnets of the VPC */
  readonly vpcSubnets?: SubnetSelection | undefined;
  /** @default - one for each function, which lets it call everywhere */
  readonly securityGroups?: readonly ISecurityGroup[] | undefined;
}

/** What Lambda does with a function's role in a network of ours (Lambda's guide, "Giving Lambda functions access to a VPC"). */
export const NETWORK_ACTIONS = [
  "ec2:AssignPrivateIpAddresses",
  "ec2:CreateNetworkInterface",
  "ec2:DeleteNetworkInterface",
  "ec2:DescribeNetworkInterfaces",
  "ec2:DescribeSubnets",
  "ec2:UnassignPrivateIpAddresses",
] as const;
