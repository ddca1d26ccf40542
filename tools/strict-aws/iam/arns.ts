import { PLACE, resolve } from "../../template/resolve.ts";
import type { TemplateResource } from "../../template/template.ts";

const { region, account } = PLACE;

/** Another account, which no policy of the template may let in. */
export const OTHER_ACCOUNT = "999999999999";

/** A stack that has its own name, as `Ref` gives it, and its ARN, for everything that policies speak of. */
interface Named {
  readonly ref: string;
  readonly arn: string;
}

/** Resolves what a template says into the text that CloudFormation would make of it. */
export class ArnResolver {
  readonly #resources: ReadonlyMap<string, TemplateResource>;

  constructor(resources: readonly TemplateResource[]) {
    this.#resources = new Map(resources.map((resource) => [resource.logicalId, resource]));
  }

  /** The ARN of a resource of the template. @throws Error when it has none that is known here. */
  arnOf(logicalId: string): string {
    return this.#named(logicalId).arn;
  }

  /** What `Ref` gives: a name, a URL or an ARN, by the type. */
  refOf(logicalId: string): string {
    return this.#named(logicalId).ref;
  }

  /**
   * A value with every intrinsic function resolved.
   *
   * @throws Error at a function that is not understood here.
   */
  resolve(value: unknown): unknown {
    return resolve(value, {
      ref: (id) => this.refOf(id),
      attribute: (id, name) => this.#attribute(id, name),
    });
  }

  /** @throws Error when it does not come to a text. */
  text(value: unknown): string {
    const resolved = this.resolve(value);
    if (typeof resolved === "string") return resolved;
    throw new Error(`${JSON.stringify(value)} is no text.`);
  }

  #attribute(logicalId: string, attribute: string): string {
    if (attribute.endsWith("Arn")) return this.arnOf(logicalId);
    if (attribute.endsWith("Name") || attribute === "Id") return this.#nameOf(logicalId);
    // What no policy speaks of: a domain's address, a hosted zone.
    return `${logicalId}.${attribute}`;
  }

  #nameOf(logicalId: string): string {
    return (
      this.arnOf(logicalId)
        .split(/[:/]/)
        .findLast((part) => part !== "*" && part !== "") ?? logicalId
    );
  }

  #named(logicalId: string): Named {
    const resource = this.#resources.get(logicalId);
    if (resource === undefined) throw new Error(`The template has no ${logicalId}.`);
    const { Type, Properties } = resource;
    const own = (property: string) =>
      Properties[property] === undefined ? logicalId : this.text(Properties[property]);
    const arn = (service: string, rest: string) =>
      `arn:aws:${service}:${region}:${account}:${rest}`;
    const byArn = (one: string): Named => ({ ref: one, arn: one });
    switch (Type) {
      case "AWS::SQS::Queue":
        return {
          ref: `https://sqs.${region}.amazonaws.com/${account}/${logicalId}`,
          arn: arn("sqs", logicalId),
        };
      case "AWS::DynamoDB::Table":
      case "AWS::DynamoDB::GlobalTable":
        return { ref: logicalId, arn: arn("dynamodb", `table/${logicalId}`) };
      case "AWS::S3::Bucket": {
        const name = logicalId.toLowerCase();
        return { ref: name, arn: `arn:aws:s3:::${name}` };
      }
      case "AWS::SNS::Topic":
        return byArn(arn("sns", logicalId));
      case "AWS::SecretsManager::Secret":
        return byArn(arn("secretsmanager", `secret:${logicalId}-AbCdEf`));
      case "AWS::Events::EventBus": {
        const name = own("Name");
        return { ref: name, arn: arn("events", `event-bus/${name}`) };
      }
      case "AWS::Events::Rule": {
        const bus = Properties["EventBusName"];
        const place = bus === undefined ? "" : `${this.text(bus)}/`;
        return byArn(arn("events", `rule/${place}${own("Name")}`));
      }
      case "AWS::Events::Connection":
        return { ref: own("Name"), arn: arn("events", `connection/${own("Name")}/0123abcd`) };
      case "AWS::Events::ApiDestination":
        return { ref: own("Name"), arn: arn("events", `api-destination/${own("Name")}/0123abcd`) };
      case "AWS::Lambda::Function":
        return { ref: logicalId, arn: arn("lambda", `function:${logicalId}`) };
      case "AWS::Lambda::Version":
        return byArn(`${this.arnOf(this.text(Properties["FunctionName"]))}:1`);
      case "AWS::Lambda::Alias": {
        const target = this.arnOf(this.text(Properties["FunctionName"]));
        return byArn(`${target}:${this.text(Properties["Name"])}`);
      }
      case "AWS::CodeDeploy::Application":
        return {
          ref: own("ApplicationName"),
          arn: arn("codedeploy", `application:${own("ApplicationName")}`),
        };
      case "AWS::CodeDeploy::DeploymentGroup": {
        const application = this.text(Properties["ApplicationName"]);
        return {
          ref: logicalId,
          arn: arn("codedeploy", `deploymentgroup:${application}/${logicalId}`),
        };
      }
      case "AWS::IAM::Role":
        return { ref: logicalId, arn: `arn:aws:iam::${account}:role/${logicalId}` };
      case "AWS::KMS::Key":
        return { ref: logicalId, arn: arn("kms", `key/${logicalId}`) };
      case "AWS::Logs::LogGroup":
        return { ref: logicalId, arn: arn("logs", `log-group:${logicalId}:*`) };
      case "AWS::CloudWatch::Alarm":
      case "AWS::CloudWatch::CompositeAlarm": {
        const name = own("AlarmName");
        return { ref: name, arn: arn("cloudwatch", `alarm:${name}`) };
      }
      case "AWS::Scheduler::ScheduleGroup": {
        const name = own("Name");
        return { ref: name, arn: arn("scheduler", `schedule-group/${name}`) };
      }
      case "AWS::Scheduler::Schedule": {
        const group = this.text(Properties["GroupName"] ?? "default");
        return { ref: logicalId, arn: arn("scheduler", `schedule/${group}/${logicalId}`) };
      }
      default:
        return { ref: logicalId, arn: arn("cloudformation", `resource/${logicalId}`) };
    }
  }
}
