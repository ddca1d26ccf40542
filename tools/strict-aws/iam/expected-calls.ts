import {
  DELIVERY_GAP_DETAIL_TYPE,
  EVENT_SOURCE,
  REPLAY_SOURCE,
  ROUTE_TITLES,
  SUBMISSION_DETAIL_TYPE,
} from "../../../lambdas/settings/routes.ts";
import { PLACE } from "../../template/resolve.ts";
import { OTHER_ACCOUNT } from "./arns.ts";
import { callBy, callKey } from "./call.ts";
import type { Caller, IamCall } from "./call.ts";
import { declaredCalls, FUNCTION_NAMES, roleOf } from "./declared-calls.ts";
import type { FunctionName } from "./declared-calls.ts";
import { KeyUse } from "./keys.ts";
import { anything, platformCalls } from "./platform-calls.ts";
import { forbiddenToPeople, neededOfPeople } from "./peoples-calls.ts";
import type { DeployedPolicies } from "./policies.ts";

const { account, region } = PLACE;

/** Somebody on call, as IAM Identity Center makes the role. */
const PERSON: Caller = {
  person: `arn:aws:iam::${account}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_OnCall_0123456789abcdef`,
  policy: anything("*"),
};

/** A role of another service in the same account that may do everything with everything. */
const NEIGHBOUR: Caller = { person: "Neighbour", policy: anything("*") };

/** The onboarding service, which announces submissions. */
const ONBOARDING: Caller = { person: "Onboarding", policy: anything("events:PutEvents") };

/** Everything that has to work: the functions, AWS's services and people. Each distinct call once. */
export function neededCalls(deployed: DeployedPolicies): readonly IamCall[] {
  const keys = new KeyUse(deployed);
  const calls = [
    ...FUNCTION_NAMES.flatMap((name) => declaredCalls(name, deployed)),
    ...platformCalls(deployed),
    ...peoplesCalls(deployed),
    ...neededOfPeople(deployed),
  ];
  return distinct(calls.flatMap((call) => [call, ...keys.broughtBy(call)]));
}

/** Everything that has to be refused, by what the stack is for. */
export function forbiddenCalls(deployed: DeployedPolicies): readonly IamCall[] {
  return distinct([
    ...unencrypted(deployed),
    ...otherSenders(deployed),
    ...otherEvents(deployed),
    ...confusedDeputies(deployed),
    ...otherPrefixes(deployed),
    ...forbiddenToPeople(deployed),
  ]);
}

/** `ops redrive`, by a move task and by hand, and `ops replay`; and whoever reads a route's queue. */
function peoplesCalls({ stack, arns }: DeployedPolicies): readonly IamCall[] {
  const tagged: Caller = { person: "Pipeline", policy: anything("*") };
  return stack.ofType("AWS::SQS::Queue").flatMap(({ logicalId, Properties }) => {
    const resource = arns.arnOf(logicalId);
    const tag = { "aws:PrincipalTag/alloy-journey-webhooks": "operator" };
    const others = "RedrivePolicy" in Properties ? [] : ["sqs:StartMessageMoveTask"];
    return [
      callBy(PERSON, "sqs:SendMessage", resource),
      callBy(tagged, "sqs:SendMessage", resource, tag),
      ...[...others, "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"].map(
        (action) => callBy(PERSON, action, resource),
      ),
    ];
  });
}

/** What resource policies guard, and what is done with it. */
const GUARDED = {
  "AWS::SQS::Queue": ["sqs:SendMessage", "sqs:ReceiveMessage"],
  "AWS::SNS::Topic": ["sns:Publish"],
  "AWS::S3::Bucket": ["s3:PutObject", "s3:GetObject", "s3:ListBucket"],
} as const;

/** Not even a person with all rights may do it without TLS. */
function unencrypted({ stack, arns }: DeployedPolicies): readonly IamCall[] {
  return Object.entries(GUARDED).flatMap(([type, actions]) =>
    stack.ofType(type).flatMap(({ logicalId }) =>
      actions.map((action) => {
        const part = action.endsWith("Object") ? "/webhooks/key" : "";
        const resource = `${arns.arnOf(logicalId)}${part}`;
        return callBy(PERSON, action, resource, { "aws:SecureTransport": "false" });
      }),
    ),
  );
}

/** Nobody puts a message into a queue but those who are to. */
function otherSenders(deployed: DeployedPolicies): readonly IamCall[] {
  const { stack, arns } = deployed;
  const senders = new Set(
    neededSenders(deployed).map(({ caller, resource }) => `${JSON.stringify(caller)} ${resource}`),
  );
  const roles = stack.ofType("AWS::IAM::Role").map(({ logicalId }) => ({ role: logicalId }));
  return stack.ofType("AWS::SQS::Queue").flatMap(({ logicalId }) => {
    const resource = arns.arnOf(logicalId);
    const send = (caller: Caller, conditions?: IamCall["conditions"]) =>
      callBy(caller, "sqs:SendMessage", resource, conditions);
    const inAccount = { "aws:SourceAccount": account };
    const otherRule = `arn:aws:events:${region}:${account}:rule/somebody-elses`;
    return [
      send(NEIGHBOUR),
      ...roles
        .filter((caller) => !senders.has(`${JSON.stringify(caller)} ${resource}`))
        .map((caller) => send(caller)),
      send({ service: "s3.amazonaws.com" }, inAccount),
      send({ service: "sns.amazonaws.com" }, inAccount),
      send({ service: "events.amazonaws.com" }, { ...inAccount, "aws:SourceArn": otherRule }),
    ];
  });
}

function neededSenders(deployed: DeployedPolicies): readonly IamCall[] {
  const calls = [
    ...FUNCTION_NAMES.flatMap((name) => declaredCalls(name, deployed)),
    ...platformCalls(deployed),
  ];
  return calls.filter(({ action }) => action === "sqs:SendMessage");
}

/** Nobody says that he is us, and our functions say nothing but what they are to. */
function otherEvents(deployed: DeployedPolicies): readonly IamCall[] {
  const { arns } = deployed;
  const put = (caller: Caller, sources: readonly string[], titles: readonly string[]) =>
    callBy(caller, "events:PutEvents", arns.arnOf("EventBus"), {
      "events:source": sources,
      "events:detail-type": titles,
    });
  const consumer = { role: roleOf("consumer", deployed) };
  const poller = { role: roleOf("poller", deployed) };
  const ingest = { role: roleOf("ingest", deployed) };
  const approved = ROUTE_TITLES.approved;
  return [
    put(ONBOARDING, [EVENT_SOURCE], [approved]),
    put(ONBOARDING, ["onboarding", EVENT_SOURCE], [SUBMISSION_DETAIL_TYPE, approved]),
    put(NEIGHBOUR, [EVENT_SOURCE], [DELIVERY_GAP_DETAIL_TYPE]),
    ...(deployed.stack
      .ofType("AWS::SQS::Queue")
      .some(({ logicalId }) => logicalId === "HeldEventQueue")
      ? [NEIGHBOUR, ONBOARDING].map((caller) => put(caller, [REPLAY_SOURCE], ["approved/queue"]))
      : []),
    put(PERSON, [EVENT_SOURCE], [approved]),
    put(ingest, [EVENT_SOURCE], [approved]),
    ...(
      [
        [consumer, approved],
        [poller, DELIVERY_GAP_DETAIL_TYPE],
      ] as const
    ).flatMap(([caller, own]) => [
      put(caller, ["onboarding"], [SUBMISSION_DETAIL_TYPE]),
      put(caller, ["onboarding"], [own]),
      put(caller, [EVENT_SOURCE], [SUBMISSION_DETAIL_TYPE]),
      put(caller, [EVENT_SOURCE, "onboarding"], [own]),
      put(caller, [], [own]),
      put(caller, [EVENT_SOURCE], []),
    ]),
    put(consumer, [EVENT_SOURCE], [DELIVERY_GAP_DETAIL_TYPE]),
    put(poller, [EVENT_SOURCE], [approved]),
  ];
}

/** A service acts for whoever asks it: what it does for us it must not do here for another account. */
function confusedDeputies(deployed: DeployedPolicies): readonly IamCall[] {
  const keys = new KeyUse(deployed);
  return platformCalls(deployed)
    .flatMap((call) => [call, ...keys.broughtBy(call)])
    .filter(({ caller }) => "service" in caller)
    .flatMap((call) =>
      Object.entries(call.conditions)
        .filter(([key]) => isOfTheSource(key, call.conditions))
        .map(([key, value]) => ({
          ...call,
          conditions: { ...call.conditions, ...otherValue(key, String(value)) },
        })),
    );
}

/** A source is named by its ARN, else by its account; CloudWatch Logs says who it is by the encryption context alone. */
function isOfTheSource(key: string, conditions: IamCall["conditions"]): boolean {
  if (key === "aws:SourceArn") return true;
  if (key === "aws:SourceAccount") return !("aws:SourceArn" in conditions);
  return key.startsWith("kms:EncryptionContext:") && !("aws:SourceAccount" in conditions);
}

function otherValue(key: string, value: string): IamCall["conditions"] {
  const other = value.replace(account, OTHER_ACCOUNT);
  return key === "aws:SourceArn"
    ? { "aws:SourceArn": other, "aws:SourceAccount": OTHER_ACCOUNT }
    : { [key]: other };
}

/** Each function has its own part of the bucket. */
function otherPrefixes(deployed: DeployedPolicies): readonly IamCall[] {
  const { arns } = deployed;
  const bucket = arns.arnOf("PayloadBucket");
  const object = (name: FunctionName, action: string, key: string) =>
    callBy({ role: roleOf(name, deployed) }, action, `${bucket}/${key}`);
  const listing = (prefix: string) =>
    callBy({ role: roleOf("consumer", deployed) }, "s3:ListBucket", bucket, {
      "s3:prefix": prefix,
    });
  return [
    object("ingest", "s3:PutObject", "polls/key"),
    object("ingest", "s3:PutObject", "key"),
    object("poller", "s3:PutObject", "webhooks/key"),
    object("consumer", "s3:GetObject", "key"),
    listing("key"),
    listing(""),
  ];
}

function distinct(calls: readonly IamCall[]): readonly IamCall[] {
  return [...new Map(calls.map((call) => [callKey(call), call])).values()];
}
