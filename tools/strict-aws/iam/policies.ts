import * as v from "valibot";
import { isRecord, listOf } from "../../template/template.ts";
import type { StackTemplate, TemplateResource } from "../../template/template.ts";
import { ArnResolver } from "./arns.ts";
import type { PolicyDocument, Statement } from "./call.ts";

/** A policy of the template, and what it is attached to. */
export interface AttachedPolicy {
  /** The logical id of the resource that carries it. */
  readonly id: string;
  readonly kind: "identity" | "trust" | "resource";
  /**
   * Logical ids of roles for an identity policy, its own for one that people's roles name; ARNs of what a resource policy
   * protects.
   */
  readonly of: readonly string[];
  readonly document: PolicyDocument;
}

/** Every policy that a deployment of the template would make. */
export interface DeployedPolicies {
  readonly stack: StackTemplate;
  readonly arns: ArnResolver;
  readonly policies: readonly AttachedPolicy[];
}

const many = v.pipe(
  v.union([v.string(), v.array(v.string())]),
  v.transform((value) => (typeof value === "string" ? [value] : value)),
);

const StatementSchema = v.pipe(
  v.object({
    Sid: v.exactOptional(v.string()),
    Effect: v.picklist(["Allow", "Deny"]),
    Principal: v.exactOptional(v.unknown()),
    Action: many,
    Resource: v.exactOptional(many),
    Condition: v.exactOptional(v.record(v.string(), v.record(v.string(), v.unknown()))),
  }),
  v.readonly(),
);

const DocumentSchema = v.object({ Statement: v.array(StatementSchema) });

/** Reads the policies out of a template, with every name resolved. @throws Error at one that it cannot read. */
export function policiesOf(stack: StackTemplate): DeployedPolicies {
  const arns = new ArnResolver(stack.resources);
  const read = (value: unknown) => readPolicy(arns.resolve(value));
  const policies = stack.resources.flatMap((resource) => attachedBy(resource, arns, read));
  return { stack, arns, policies: withOnePerResource(policies) };
}

function attachedBy(
  { logicalId: id, Type, Properties }: TemplateResource,
  arns: ArnResolver,
  read: (value: unknown) => PolicyDocument,
): readonly AttachedPolicy[] {
  const on = (of: readonly string[], document: PolicyDocument) =>
    [{ id, kind: "resource", of, document }] as const;
  const onEach = (references: unknown, document: unknown) =>
    on(
      idsIn(references).map((one) => arns.arnOf(one)),
      read(document),
    );
  switch (Type) {
    case "AWS::IAM::Policy":
    case "AWS::IAM::ManagedPolicy": {
      const roles = listOf(Properties["Roles"]).map((role) => String(arns.resolve(role)));
      const of = roles.length === 0 ? [id] : roles;
      return [{ id, kind: "identity", of, document: read(Properties["PolicyDocument"]) }];
    }
    case "AWS::IAM::Role": {
      const inline = listOf(Properties["Policies"]).filter(isRecord);
      return [
        { id, kind: "trust", of: [id], document: read(Properties["AssumeRolePolicyDocument"]) },
        ...inline.map(({ PolicyDocument: document }) => ({
          id,
          kind: "identity" as const,
          of: [id],
          document: read(document),
        })),
      ];
    }
    case "AWS::SQS::QueuePolicy":
      return onEach(Properties["Queues"], Properties["PolicyDocument"]);
    case "AWS::SNS::TopicPolicy":
      return onEach(Properties["Topics"], Properties["PolicyDocument"]);
    case "AWS::S3::BucketPolicy":
      return onEach(Properties["Bucket"], Properties["PolicyDocument"]);
    case "AWS::SecretsManager::ResourcePolicy":
      return on([arns.text(Properties["SecretId"])], read(Properties["ResourcePolicy"]));
    case "AWS::Events::EventBusPolicy":
      return onEach(Properties["EventBusName"], { Statement: [Properties["Statement"]] });
    case "AWS::KMS::Key":
      return on([arns.arnOf(id)], read(Properties["KeyPolicy"]));
    case "AWS::Lambda::Permission":
      return on([arns.text(Properties["FunctionName"])], permissionOf(Properties, arns));
    default:
      return [];
  }
}

/** What Lambda makes of a permission: a statement of the function's policy. */
function permissionOf(
  properties: Readonly<Record<string, unknown>>,
  arns: ArnResolver,
): PolicyDocument {
  const principal = arns.text(properties["Principal"]);
  const { SourceArn: source, SourceAccount: account } = properties;
  return {
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: principal.endsWith("amazonaws.com")
          ? { Service: principal }
          : { AWS: principal },
        Action: [arns.text(properties["Action"])],
        Resource: [arns.text(properties["FunctionName"])],
        Condition: {
          ...(source !== undefined && { ArnLike: { "AWS:SourceArn": arns.text(source) } }),
          ...(account !== undefined && {
            StringEquals: { "AWS:SourceAccount": arns.text(account) },
          }),
        },
      },
    ],
  };
}

function idsIn(value: unknown): readonly string[] {
  return listOf(value).flatMap((one) =>
    isRecord(one) && typeof one["Ref"] === "string" ? [one["Ref"]] : [],
  );
}

/** A policy document as AWS takes it, one statement or several. @throws Error when it is none. */
export function readPolicy(value: unknown): PolicyDocument {
  const given = isRecord(value) ? { ...value, Statement: listOf(value["Statement"]) } : value;
  const { Statement } = v.parse(DocumentSchema, given);
  return { Version: "2012-10-17", Statement };
}

/** IAM sees one policy of a resource, whoever wrote its statements. */
function withOnePerResource(policies: readonly AttachedPolicy[]): readonly AttachedPolicy[] {
  const key = ({ kind, of }: AttachedPolicy, index: number) =>
    kind === "resource" ? of.join() : String(index);
  const groups = Map.groupBy(policies.entries(), ([index, policy]) => key(policy, index));
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const Statement: readonly Statement[] = group.flatMap(([, { document }]) => document.Statement);
    return [{ ...first[1], document: { Version: "2012-10-17" as const, Statement } }];
  });
}
