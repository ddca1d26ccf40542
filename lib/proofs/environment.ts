import type { Inequality } from "./inequality.ts";
import { atLeast, bytes } from "./inequality.ts";

/** All environment variables of a function, names and values (Lambda, Quotas). */
const MOST_BYTES = 4_096;

/** A region's name has 14 characters at most today. */
const REGION = 25;
const ACCOUNT = 12;

/** The longest that a deployment makes of a reference, by what is referred to: names have their service's limit. */
const LONGEST: Readonly<Record<string, number>> = {
  "AWS::Region": REGION,
  "AWS::AccountId": ACCOUNT,
  "AWS::Partition": "aws-iso-b".length + 5,
  "AWS::URLSuffix": "amazonaws.com.cn".length + 5,
  // https://sqs.<region>.<suffix>/<account>/<name>
  "AWS::SQS::Queue": 12 + REGION + 1 + 21 + 1 + ACCOUNT + 1 + 80,
  "AWS::DynamoDB::Table": 255,
  "AWS::DynamoDB::GlobalTable": 255,
  "AWS::S3::Bucket": 63,
  "AWS::Events::EventBus": 256,
  // arn:<partition>:secretsmanager:<region>:<account>:secret:<name>-<6 characters>
  "AWS::SecretsManager::Secret": 4 + 14 + 16 + REGION + 1 + ACCOUNT + 8 + 512 + 7,
  "AWS::ApiGatewayV2::Api": 64,
};

/** An ARN has 2,048 characters at most; whatever is not known here counts as one. */
const LONGEST_ARN = 2_048;

/** Of a template: which type a logical id has. */
export type TypeOf = (logicalId: string) => string | undefined;

/**
 * Lambda takes 4 KB of environment variables, and refuses more only while the stack is being deployed.
 *
 * @param variables - as they stand in the template, references included.
 */
export function environment(
  name: string,
  variables: Readonly<Record<string, unknown>>,
  typeOf: TypeOf,
): readonly Inequality[] {
  return [
    atLeast(
      bytes("Lambda's limit of environment variables", MOST_BYTES),
      bytes(`names and values of ${name}'s, at their longest`, environmentBytes(variables, typeOf)),
      "the deployment is rolled back; what grows with the configuration belongs into the function's settings file (lib/config/function-settings.ts)",
    ),
  ];
}

/** Bytes of all names and values; a reference counts as the longest that it may become. */
export function environmentBytes(
  variables: Readonly<Record<string, unknown>>,
  typeOf: TypeOf,
): number {
  return Object.entries(variables).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + longest(value, typeOf),
    0,
  );
}

function longest(value: unknown, typeOf: TypeOf): number {
  if (typeof value === "string") return Buffer.byteLength(value);
  if (!isRecord(value)) return LONGEST_ARN;
  const { Ref: reference, "Fn::Join": join } = value;
  if (typeof reference === "string") {
    return LONGEST[reference] ?? LONGEST[typeOf(reference) ?? ""] ?? LONGEST_ARN;
  }
  if (!Array.isArray(join)) return LONGEST_ARN;
  const [separator, parts]: readonly unknown[] = join;
  if (!Array.isArray(parts)) return LONGEST_ARN;
  const between = longest(separator, typeOf) * Math.max(0, parts.length - 1);
  return parts.reduce((sum: number, part) => sum + longest(part, typeOf), between);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
