import { Stack } from "aws-cdk-lib";
import { CfnSlackChannelConfiguration } from "aws-cdk-lib/aws-chatbot";
import type { IAlarm } from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import { PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { IKey } from "aws-cdk-lib/aws-kms";
import type { ITopic } from "aws-cdk-lib/aws-sns";
import { CfnSubscription, Topic } from "aws-cdk-lib/aws-sns";
import { Construct } from "constructs";
import { isRuleAlarm } from "../config/notification-rules.ts";
import { pascalCase } from "../pascal-case.ts";
import type { Channel, StageConfiguration } from "../config/stage-configuration.ts";
import { alarmNameOf } from "./alarm-name.ts";
import { isInWholePipeline, pinLogicalId, removalPolicyOf } from "../constructs/stateful.ts";

/** `page` wakes a person: someone must act before tomorrow. `ticket` waits for the morning. */
export type Severity = "page" | "ticket";

/** Who is notified: everybody on call, or the channels of a team of `alarms.teams`. */
export type Recipient = Severity | { readonly team: string };

/**
 * The alarms that mean that decisions of Alloy do not get through. People are paged for them once, by
 * `integration-unhealthy`, which is over them all.
 */
export const INCIDENT_ALARMS = [
  "events-too-old",
  "ingest-failing",
  "ingest-throttled",
  "delivery-gap",
  "webhooks-silent",
  "poller-silent",
  "applications-unknown",
] as const;

/** What an alarm says to people. */
export interface AnnouncedAlarm {
  readonly id: string;
  readonly severity: Recipient;
  /** What is true now, as a sentence. */
  readonly fact: string;
  /** What breaks, and for whom, as a sentence. */
  readonly impact: string;
  /** Why it rings at this, as a sentence. */
  readonly because: string;
  /** The runbook's file name. */
  readonly runbook: string;
}

export interface AlertTopicsProps {
  readonly stage: StageConfiguration;
  /** Undefined: the topics are not encrypted. */
  readonly key: IKey | undefined;
}

/** Where alarms go, and from there to the channels that the stage names. */
export class AlertTopics extends Construct {
  readonly page: ITopic;
  readonly ticket: ITopic;
  /** Where the runbooks can be read, without a slash at the end. */
  readonly runbooksUrl: string;
  readonly #teams: ReadonlyMap<string, ITopic>;
  readonly #alarms = new Map<string, AnnouncedAlarm & { readonly alarm: IAlarm }>();

  constructor(scope: Construct, id: string, props: AlertTopicsProps) {
    super(scope, id);
    const { channels, runbooksUrl, teams } = props.stage.alarms;
    this.runbooksUrl = runbooksUrl;
    this.page = makeTopic(this, "Page", props);
    this.ticket = makeTopic(this, "Ticket", props);
    if (channels !== "none") {
      const isIncident = isInWholePipeline(this);
      channels.page.forEach((channel, index) => connect(this.page, channel, index, isIncident));
      channels.ticket.forEach((channel, index) => connect(this.ticket, channel, index));
    }
    this.#teams = new Map(
      Object.entries(teams).map(([team, ownChannels]) => {
        const topic = makeTopic(this, `${pascalCase(team)}Team`, props);
        ownChannels.forEach((channel, index) => connect(topic, channel, index));
        return [team, topic];
      }),
    );
  }

  /** Makes an alarm known under its id. */
  register(alarm: IAlarm, announced: AnnouncedAlarm): void {
    this.#alarms.set(announced.id, { ...announced, alarm });
  }

  /** What all alarms so far say to people, in the order in which they were made. */
  announced(): readonly AnnouncedAlarm[] {
    return [...this.#alarms.values()];
  }

  /** All that are known so far of what is wrong with the pipeline. */
  alarms(severity: Severity): readonly IAlarm[] {
    return [...this.#alarms]
      .filter(([id, registered]) => registered.severity === severity && !isRuleAlarm(id))
      .map(([, { alarm }]) => alarm);
  }

  /** All alarms so far about unusual outcomes, for every recipient. */
  ruleAlarms(): readonly IAlarm[] {
    return [...this.#alarms].filter(([id]) => isRuleAlarm(id)).map(([, { alarm }]) => alarm);
  }

  /** @throws Error when no alarm has that id: the one who asks for it is made after it. */
  alarm(id: string): IAlarm {
    const registered = this.#alarms.get(id);
    if (registered === undefined) throw new Error(`There is no alarm ${id} yet.`);
    return registered.alarm;
  }

  /** @throws Error when there is no such team: the configuration is checked before. */
  actionsFor(id: string, recipient: Recipient): readonly SnsAction[] {
    if (typeof recipient === "string") {
      const actions = [new SnsAction(this[recipient])];
      // `integration-unhealthy` pages once, as long as it lasts. What begins meanwhile is a ticket.
      if (isPartOfIncident(this, id)) actions.push(new SnsAction(this.ticket));
      return actions;
    }
    const topic = this.#teams.get(recipient.team);
    if (topic === undefined) throw new Error(`There is no team ${recipient.team} in alarms.teams.`);
    return [new SnsAction(topic)];
  }
}

/** Where only a part of the pipeline is, nothing is over its alarms: each pages by itself. */
function isPartOfIncident(scope: Construct, id: string): boolean {
  return isInWholePipeline(scope) && INCIDENT_ALARMS.some((one) => one === id);
}

function makeTopic(scope: Construct, id: string, props: AlertTopicsProps): Topic {
  const topic = new Topic(scope, id, {
    displayName: `Alloy webhooks ${props.stage.stage}: ${id.toLowerCase()}`,
    ...(props.key !== undefined && { masterKey: props.key }),
    enforceSSL: true,
  });
  topic.applyRemovalPolicy(removalPolicyOf(props.stage));
  pinLogicalId(topic, `${id}Topic`);
  // A topic with a policy of its own has lost the default one, by which CloudWatch may publish.
  topic.addToResourcePolicy(
    new PolicyStatement({
      sid: "AlarmsOfThisAccount",
      principals: [new ServicePrincipal("cloudwatch.amazonaws.com")],
      actions: ["sns:Publish"],
      resources: [topic.topicArn],
      conditions: { StringEquals: { "aws:SourceAccount": Stack.of(topic).account } },
    }),
  );
  return topic;
}

function connect(topic: ITopic, channel: Channel, index: number, isIncident = false): void {
  if ("slack" in channel) {
    const { workspaceId, channelId } = channel.slack;
    const { account, partition } = Stack.of(topic);
    const role = new Role(topic, `SlackRole${index}`, {
      assumedBy: new ServicePrincipal("chatbot.amazonaws.com", {
        conditions: {
          StringEquals: { "aws:SourceAccount": account },
          ArnLike: { "aws:SourceArn": `arn:${partition}:chatbot:*:${account}:*` },
        },
      }),
      description: "Posts alarms to Slack; may do nothing in this account",
    });
    // It subscribes by itself, without a filter: a chat channel gets every alarm.
    new CfnSlackChannelConfiguration(topic, `Slack${index}`, {
      // Amazon Q in chat applications wants the name unique in the account.
      configurationName: `${Stack.of(topic).stackName}-${topic.node.id}-${index}`,
      slackWorkspaceId: workspaceId,
      slackChannelId: channelId,
      iamRoleArn: role.roleArn,
      snsTopicArns: [topic.topicArn],
    });
    return;
  }
  const [protocol, endpoint] =
    "email" in channel ? ["email", channel.email] : ["https", channel.https];
  new CfnSubscription(topic, `Subscription${index}`, {
    topicArn: topic.topicArn,
    protocol,
    endpoint,
    // CloudWatch's message is JSON, and the filter reads it.
    filterPolicyScope: "MessageBody",
    filterPolicy: {
      // A new alarm says OK once it has data: nothing began, and nothing ended.
      $or: [{ NewStateValue: ["ALARM"] }, { OldStateValue: ["ALARM"] }],
      // One page for one incident.
      ...(isIncident && {
        AlarmName: [{ "anything-but": INCIDENT_ALARMS.map((id) => alarmNameOf(topic, id)) }],
      }),
    },
  });
}
