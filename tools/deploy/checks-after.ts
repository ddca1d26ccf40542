import { green } from "./finding.ts";
import type { Result, Surroundings } from "./finding.ts";

/** Whether a page reaches anybody. */
export async function checkChannels({ account, stack, stage }: Surroundings): Promise<Result> {
  const good = "at least one channel for pages, and every subscription confirmed";
  const { channels } = stage.alarms;
  if (channels === "none" || channels.page.length === 0) {
    return {
      state: "yellow",
      found: "none for pages: no page reaches anybody",
      good,
      fix: "alarms.channels.page in lib/stages.ts (docs/alerts.md)",
    };
  }
  const topics = ["PageTopicArn", "TicketTopicArn"].flatMap((name) => stack?.outputs[name] ?? []);
  const counts = await Promise.all(topics.map((topic) => account.subscriptions(topic)));
  const unconfirmed = counts.reduce((sum, one) => sum + one.unconfirmed, 0);
  if (unconfirmed === 0) return green("named", good);
  return {
    state: "yellow",
    found: `${unconfirmed} subscriptions are not confirmed and receive nothing`,
    good,
    fix: "each subscriber opens the link that SNS has sent; to recreate a removed subscription, change its address",
  };
}

/** Whether a person has filled a secret, once it is there. */
export async function checkSecret(
  { account, stack }: Surroundings,
  output: "WebhookSecretArn" | "AlloyApiSecretArn",
): Promise<Result> {
  const good = "filled, once the stack exists";
  const arn = stack?.outputs[output];
  if (arn === undefined) return green("not deployed yet", good);
  if (await account.isFilled(arn)) return green("filled", good);
  return {
    state: "yellow",
    found: "empty, as the deployment created it",
    good,
    fix: `aws secretsmanager put-secret-value --secret-id ${arn} --secret-string file://… (docs/production.md)`,
  };
}
