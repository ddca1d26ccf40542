import { PROBE } from "../../../lambdas/settings/probe.ts";
import { causeOf, LocalFailure } from "../failure.ts";

/** The first request starts the Lambda's process; on a busy machine that takes seconds. */
const REQUEST_TIMEOUT_MS = 15_000;

/**
 * The address of the webhook that works from this machine. The API's own name,
 * `<api id>.execute-api.localhost`, resolves on some machines only; the emulators answer under a path too.
 *
 * @param endpoint - of the emulator.
 * @param url - the stack's `WebhookUrl`.
 */
export function webhookUrlCandidates(endpoint: string, url: string): string[] {
  const { hostname, pathname } = new URL(url);
  const apiId = /^([^.]+)\.execute-api\./.exec(hostname)?.[1];
  if (apiId === undefined) return [url];
  // `%24default` is the stage `$default`, safe from every shell.
  return [`${endpoint}/_aws/execute-api/${apiId}/%24default${pathname}`, url];
}

/**
 * Finds the address that works: asks each with a probe, which ingest counts nowhere. A request without a credential would be one
 * that we refused, and the next lost webhook would be blamed on it.
 *
 * @throws LocalFailure when none does.
 */
export async function workingWebhookUrl(
  candidates: readonly string[],
  { username, password }: { readonly username: string; readonly password: string },
): Promise<string> {
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
  const said: string[] = [];
  // On a busy machine ingest may be too late to read its secret.
  for (const url of [...candidates, ...candidates, ...candidates]) {
    try {
      const response = await fetch(url, {
        method: "POST",
        headers: { authorization, "content-type": "application/json" },
        body: PROBE.body,
        signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
      });
      await response.body?.cancel();
      if (response.status === PROBE.status) return url;
      said.push(`${url} answers ${response.status}`);
    } catch (error) {
      said.push(`${url} does not answer (${causeOf(error)})`);
    }
  }
  throw new LocalFailure(
    `The webhook's address does not work: ${[...new Set(said)].join("; ")}. A probe should get ${PROBE.status} from the ingest Lambda. See its log and the emulator's log.`,
  );
}
