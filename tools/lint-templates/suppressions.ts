/** A finding of a pack: which rule found what, in the template of which stage. */
export interface Finding {
  readonly pack: Pack;
  readonly rule: string;
  /** The construct's path, or the resource's type and logical id. */
  readonly resource: string;
  /** The stage or the variant. */
  readonly template: string;
  readonly isUnderOwnKey: boolean;
}

export const PACKS = [
  "AwsSolutions",
  "Serverless",
  "NIST.800.53.R5",
  "PCI.DSS.321",
  "checkov",
  "cfn-lint",
] as const;

export type Pack = (typeof PACKS)[number];

export interface Suppression {
  readonly rules: readonly string[];
  /** What it is about, for people. */
  readonly about: string;
  /** Which resources. @default - every one that the rules find */
  readonly resource?: RegExp;
  /** Only where AWS has the keys: under a key of your own the rules find nothing. */
  readonly onlyAwsManaged?: true;
  /** Only in the template of this stage or variant. @default - in every one */
  readonly template?: string;
  readonly why: string;
}

/** Every finding that stays, with its reason. One that no finding needs fails the check. */
export const SUPPRESSIONS: readonly Suppression[] = [
  {
    rules: [
      "AwsSolutions-S1",
      "NIST.800.53.R5-S3BucketLoggingEnabled",
      "PCI.DSS.321-S3BucketLoggingEnabled",
      "CKV_AWS_18",
    ],
    about: "no access log of the buckets",
    why: "Data events of CloudTrail record who reads which object, completely and in time. S3 delivers its access logs with no such promise, into one more bucket with keys of personal data.",
  },
  {
    rules: ["Serverless-APIGWStructuredLogging"],
    about: "no JSON in the access log of the API",
    why: "Names and quotes of JSON were half of each line, and a quote in the caller's agent could have hidden a line from the metric filters. One `parse` gives a query the names (docs/metrics.md).",
  },
  {
    rules: [
      "NIST.800.53.R5-S3BucketVersioningEnabled",
      "PCI.DSS.321-S3BucketVersioningEnabled",
      "CKV_AWS_21",
    ],
    about: "no versions in the payload bucket",
    why: "Each object is written once, under a key of its own. Old versions would keep personal data longer than the stage's retention.",
  },
  {
    rules: ["NIST.800.53.R5-S3BucketReplicationEnabled", "PCI.DSS.321-S3BucketReplicationEnabled"],
    about: "no copy of the buckets",
    why: "The bucket has bodies above 1 MiB alone. If it is lost, the poller fetches the events from Alloy again. Statements are locked in theirs; a copy for auditors belongs into an account of theirs.",
  },
  {
    rules: [
      "NIST.800.53.R5-S3DefaultEncryptionKMS",
      "PCI.DSS.321-S3DefaultEncryptionKMS",
      "NIST.800.53.R5-CloudWatchLogGroupEncrypted",
      "PCI.DSS.321-CloudWatchLogGroupEncrypted",
      "NIST.800.53.R5-SecretsManagerUsingKMSKey",
      "PCI.DSS.321-SecretsManagerUsingKMSKey",
      "CKV_AWS_149",
      "CKV_AWS_158",
    ],
    about: "bucket, logs and secrets under keys of AWS",
    onlyAwsManaged: true,
    why: 'AWS encrypts all of it. With `encryption: "customer-managed"` a key of your own does, and these findings are gone.',
  },
  {
    rules: ["CKV_AWS_27"],
    about: "queues under the key of SQS",
    onlyAwsManaged: true,
    why: "SQS encrypts them with its own key, which this rule does not count. With `customer-managed` a key of your own does.",
  },
  {
    rules: ["CKV_AWS_27"],
    about: "the bus's dead-letter queue under the key of SQS",
    resource: /BusDeadLetterQueue$/,
    why: "The queue keeps the events that EventBridge cannot encrypt with your own key. Under that key it could not take them.",
  },
  {
    rules: ["CKV_AWS_173"],
    about: "environment variables under the key of Lambda",
    why: "The environment has names and numbers, and no secret. Lambda encrypts it with a key of its own.",
  },
  {
    rules: ["NIST.800.53.R5-LambdaDLQ", "Serverless-LambdaDLQ", "CKV_AWS_116"],
    about: "functions without a dead-letter queue of their own",
    why: "API Gateway waits for ingest and has its answer. The consumer's failures go to the queue's dead-letter queue, those of the poller to that of its schedule.",
  },
  {
    rules: ["NIST.800.53.R5-LambdaInsideVPC", "PCI.DSS.321-LambdaInsideVPC", "CKV_AWS_117"],
    about: "functions outside of a VPC",
    why: "The functions call AWS and Alloy, over TLS alone. In a VPC they would need NAT or endpoints, which can fail and cost more than the rest of the stack.",
  },
  {
    rules: ["NIST.800.53.R5-IAMNoInlinePolicy", "PCI.DSS.321-IAMNoInlinePolicy"],
    about: "inline policies of the functions' roles",
    why: "Each policy belongs to one role and goes with it. As a managed policy it could be attached to another role.",
  },
  {
    rules: ["NIST.800.53.R5-LambdaConcurrency", "CKV_AWS_115"],
    about: "functions without reserved concurrency",
    why: 'With `concurrency: "shared"` the account has too little to reserve from. The default reserves.',
  },
  {
    rules: ["AwsSolutions-APIG4"],
    about: "the webhook's route without an authorizer",
    why: "Ingest checks Basic and HMAC over the bytes of the body, which an authorizer does not get. In JWT mode API Gateway has an authorizer.",
  },
  {
    rules: ["AwsSolutions-IAM5[Resource::*]"],
    about: "rights on every resource",
    why: "These actions know no resource, or list all of a kind: metrics, alarms, the account's quotas, types of resources, tags.",
  },
  {
    rules: [
      "AwsSolutions-IAM5[Resource::<PayloadBucket.Arn>/held/*]",
      "AwsSolutions-IAM5[Resource::<PayloadBucket.Arn>/polls/*]",
      "AwsSolutions-IAM5[Resource::<StatementBucket.Arn>/discards/*]",
      "AwsSolutions-IAM5[Resource::<StatementBucket.Arn>/statements/*]",
      "AwsSolutions-IAM5[Resource::<PayloadBucket.Arn>/webhooks/*]",
    ],
    about: "rights on the objects of a folder",
    why: "The name of an object is not known before it comes. Each function and each role of people has its own folder.",
  },
  {
    rules: [
      "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:cloudformation:<AWS::Region>:<AWS::AccountId>:stack/AlloyJourneyWebhooks-<stage>/*]",
    ],
    about: "rights on the stack by its name",
    why: "CloudFormation adds an id to the name of a stack. A call by name is not a call by that id.",
  },
  {
    rules: [
      "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:events:<AWS::Region>:<AWS::AccountId>:rule/AlloyJourneyWebhooks-<stage>/AlloyJourneyWebhooks-<stage>-*]",
      "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:events:<AWS::Region>:<AWS::AccountId>:rule/AlloyJourneyWebhooks-<stage>/AlloyJourneyWebhooks-<stage>-approved*]",
    ],
    about: "rights on the rules of the stack's own bus",
    why: "`ops route pause` switches the rules of a route's targets off and on. Each target has one; IAM takes 6,144 characters a policy.",
  },
  {
    rules: [
      "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:events:<AWS::Region>:<AWS::AccountId>:replay/AlloyJourneyWebhooks-<stage>-*]",
    ],
    about: "rights on replays of the stack's archive",
    why: "Whoever starts a replay names it; the name begins with that of the stack.",
  },
  {
    rules: ["AwsSolutions-SMG4", "NIST.800.53.R5-SecretsManagerRotationEnabled"],
    about: "secrets without automatic rotation",
    why: "Alloy has no API by which a function could change its side. Two entries are live at once, so that people rotate without a gap.",
  },
  {
    rules: ["AwsSolutions-SQS3", "Serverless-SQSRedrivePolicy"],
    about: "dead-letter queues without a dead-letter queue",
    resource: /DeadLetters|Undeliverable|Undecryptable|Failures/,
    why: "They are dead-letter queues: of queues, rules, the bus and the schedule. The rules see those of queues alone.",
  },
  {
    rules: ["AwsSolutions-SQS3", "Serverless-SQSRedrivePolicy"],
    about: "the queue of held events without a dead-letter queue",
    resource: /Held/,
    why: "Only `ops route resume` reads it. A message that was received six times and not delivered must stay for the next resume.",
  },
  {
    rules: ["NIST.800.53.R5-CloudWatchAlarmAction"],
    about: "an alarm without an action",
    resource: /DeploymentRunning/,
    why: "It says that a deployment runs, so that `integration-unhealthy` waits, and notifies nobody by itself.",
  },
  {
    rules: ["Serverless-EventBusDLQ"],
    about: "rules whose dead-letter queue cdk-nag cannot read",
    why: "cdk-nag stops at an intrinsic function. `every-resource.test.ts` holds that every target has a dead-letter queue.",
  },
  {
    rules: ["Serverless-LambdaEventSourceMappingDestination"],
    about: "the consumer's source without a destination for failures",
    why: "Lambda takes no such destination for SQS. The queue has its dead-letter queue.",
  },
  {
    rules: ["Serverless-LambdaTracing"],
    about: "functions without X-Ray",
    why: "Each log line of an event has its receipt id, from ingest to the bus. A trace would add cost and a second place with tokens in it.",
  },
  {
    rules: ["NIST.800.53.R5-SNSEncryptedKMS", "PCI.DSS.321-SNSEncryptedKMS", "CKV_AWS_26"],
    about: "the alert topics of a lean stage without a key",
    template: "a-lean-stage",
    why: "What an alarm says names nobody, and a sandbox saves the key of a dollar. CloudWatch may not use the key that AWS manages for SNS. Every other stage has one of ours.",
  },
  {
    rules: ["Serverless-SNSRedrivePolicy"],
    about: "subscriptions of alarms without a dead-letter queue",
    why: "A notification in a queue notifies nobody. SNS retries each delivery, and `ops status` lists every alarm that rings.",
  },
  {
    rules: ["W3005"],
    about: "an order that a reference implies already",
    resource: /\.DependsOn\.\d+$/,
    why: "CDK writes the order of a role and its policy before a function, of which one is implied. It changes nothing.",
  },
];

export function suppressionOf(finding: Finding): Suppression | undefined {
  const { rule, resource, template, isUnderOwnKey } = finding;
  return SUPPRESSIONS.find(
    (one) =>
      one.rules.includes(rule) &&
      (one.resource?.test(resource) ?? true) &&
      (one.template ?? template) === template &&
      !(one.onlyAwsManaged && isUnderOwnKey),
  );
}
