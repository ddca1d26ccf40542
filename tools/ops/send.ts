import { readFileSync } from "node:fs";

import { SendMessageCommand } from "@aws-sdk/client-sqs";

import { jsonForSqs } from "../../lambdas/domain/event/envelope.ts";
import { isToken } from "../../lambdas/domain/event/external-text.ts";
import { OperatorError, UsageError } from "./operator-error.ts";
import type { OptionsAt } from "./options.ts";
import type { ResultOf } from "./results.ts";
import type { ConnectedStack } from "./stack.ts";
import type { Terminal } from "./terminal.ts";
import { postAuthentic } from "./verify-arrival.ts";

/**
 * `submit`: announces an application, as the onboarding service does by the bus. The message goes into the event queue,
 * as the rule would have sent it: nobody of the people may put a submission on the bus.
 */
export async function submit(
  stack: ConnectedStack,
  token: string,
  { journey, dryRun, now }: OptionsAt<"journey" | "dryRun">,
  terminal: Terminal,
): Promise<ResultOf<"submit">> {
  if (!isToken(token))
    throw new UsageError(`"${token}" is no token of an application, such as JA-….`);
  if (journey === null || !isToken(journey)) {
    throw new UsageError('"submit" needs --journey <token>, such as J-….');
  }
  const message = jsonForSqs({
    v: 1,
    kind: "submission",
    receiptId: `submit-${now}/${token}`,
    receivedAt: now,
    submission: { journey_application_token: token, journey_token: journey },
  });
  if (dryRun) terminal.print(`Dry run: ${token} would be announced. Nothing was sent.`);
  else {
    const { MessageId } = await stack.sqs.send(
      new SendMessageCommand({ QueueUrl: stack.eventQueueUrl, MessageBody: message }),
    );
    if (MessageId === undefined) {
      throw new OperatorError("The event queue took nothing. Run the command again.");
    }
    terminal.print(`${token} is announced. To see it: npm run ops -- show ${token}`);
  }
  return { isDryRun: dryRun, applicationToken: token };
}

/** `send`: posts the body in a file to the endpoint, as Alloy does. It needs no right in AWS, and a credential of Alloy's. */
export async function sendFile(
  stack: ConnectedStack,
  path: string,
  environment: Readonly<Record<string, string | undefined>>,
  terminal: Terminal,
): Promise<ResultOf<"send">> {
  const { status, ms } = await postAuthentic(stack, textOf(path), environment);
  if (status !== 200) {
    throw new OperatorError(
      `The endpoint answered ${status}, not 200. For the reason: npm run ops -- logs ingest`,
      { found: { status, ms } },
    );
  }
  terminal.print(`200, ${ms} ms: the webhook is in the event queue.`);
  return { status, ms };
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new OperatorError(`The file ${path} cannot be read (${why}).`, { cause: error });
  }
}
