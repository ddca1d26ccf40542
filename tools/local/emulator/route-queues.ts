import {
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  SetQueueAttributesCommand,
} from "@aws-sdk/client-sqs";
import type { SQSClient } from "@aws-sdk/client-sqs";
import * as v from "valibot";

import { ROUTE_IDS } from "../../../lambdas/settings/routes.ts";
import type { RouteId } from "../../../lambdas/settings/routes.ts";
import { pascalCase } from "../../../lib/pascal-case.ts";

/** The most that SQS takes. */
const MOST_RECEIVES = 1_000;

const RedrivePolicy = v.looseObject({ deadLetterTargetArn: v.string() });

/** The queues of the routes that have one, by the stack's outputs. */
export function routeQueues(
  outputs: Readonly<Record<string, string>>,
): readonly { readonly route: RouteId; readonly url: string }[] {
  return ROUTE_IDS.flatMap((route) => {
    const url = outputs[`${pascalCase(route)}QueueUrl`];
    return url === undefined ? [] : [{ route, url }];
  });
}

/** Where SQS puts what the readers of a route's queue fail on. */
export async function deadLettersOf(
  sqs: SQSClient,
  QueueUrl: string,
): Promise<{ readonly url: string; readonly policy: v.InferOutput<typeof RedrivePolicy> }> {
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["RedrivePolicy"] }),
  );
  const policy = v.parse(RedrivePolicy, JSON.parse(Attributes.RedrivePolicy ?? "{}"));
  const QueueName = policy.deadLetterTargetArn.split(":").at(-1);
  const { QueueUrl: url = "" } = await sqs.send(new GetQueueUrlCommand({ QueueName }));
  return { url, policy };
}

/**
 * Lets a route's queue be looked into as often as somebody looks. Each look of this command is a receive, and after six
 * receives SQS would take the message for one that its reader fails on.
 *
 * @returns the routes' dead-letter queues.
 */
export async function allowLooks(
  sqs: SQSClient,
  outputs: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  return Promise.all(
    routeQueues(outputs).map(async ({ url: QueueUrl }) => {
      const { url, policy } = await deadLettersOf(sqs, QueueUrl);
      const RedrivePolicyText = JSON.stringify({ ...policy, maxReceiveCount: MOST_RECEIVES });
      await sqs.send(
        new SetQueueAttributesCommand({
          QueueUrl,
          Attributes: { RedrivePolicy: RedrivePolicyText },
        }),
      );
      return url;
    }),
  );
}
