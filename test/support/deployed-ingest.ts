import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from "aws-lambda";
import { onTestFinished, vi } from "vitest";

import type { IngestSettings } from "../../lambdas/settings/ingest-settings.ts";
import { SETTINGS_FILE } from "../../lambdas/settings/names.ts";

import { watchStalls } from "./stalls.ts";

let stalls: ReturnType<typeof watchStalls> | undefined;

/**
 * Ingest as it is deployed: its entry file, with the environment that the stack and Lambda set, against
 * endpoints of this machine. `lines` is what it writes to standard output.
 */
export async function deployedIngest(
  environment: Readonly<Record<string, string>>,
  changes: Partial<IngestSettings> = {},
) {
  vi.resetModules();
  const variables = {
    STAGE: "test",
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
    AWS_SECRET_ACCESS_KEY: "example",
    EVENT_QUEUE_URL: "https://sqs.us-east-1.amazonaws.com/123456789012/events",
    PAYLOAD_BUCKET_NAME: "payloads",
    WEBHOOK_SECRET_ARN: "arn:aws:secretsmanager:us-east-1:123456789012:secret:webhook",
    LAMBDA_TASK_ROOT: codeFolder(changes),
    ...environment,
  };
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  const lines: string[] = [];
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    lines.push(String(text).trimEnd());
    return true;
  });
  const { handler } = await import("../../lambdas/ingest/index.ts");
  stalls?.stop();
  const { stalledMs } = (stalls = watchStalls());
  return {
    lines,
    /** The answer, and the milliseconds it took, without those in which this process was kept from running. */
    async handle(
      event: APIGatewayProxyEventV2,
    ): Promise<{ answer: APIGatewayProxyStructuredResultV2; ms: number }> {
      const running = () => performance.now() - stalledMs();
      const started = running();
      const answer = await handler(event);
      return { answer, ms: running() - started };
    },
  };
}

/** A folder with the settings file that the stack puts beside the code. */
function codeFolder(changes: Partial<IngestSettings>): string {
  const folder = mkdtempSync(join(tmpdir(), "ingest-"));
  const settings: IngestSettings = {
    auth: "secret",
    allowList: { mode: "observe", cidrs: ["52.7.221.27/32"] },
    countsStored: true,
    ...changes,
  };
  writeFileSync(join(folder, SETTINGS_FILE), JSON.stringify(settings));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** Puts environment and standard output back. */
export function restoreProcess(): void {
  stalls?.stop();
  stalls = undefined;
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
}
