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
 * Finds the address that works: asks each without a credential, and 401 is ingest's own answer.
 *
 * @throws LocalFailure when none does.
 */
export async function workingWebhookUrl(candidates: readonly string[]): Promise<string> {
  const said: string[] = [];
  for (const url of candidates) {
    try {
      const response = await fetch(url, {
        method: "POST",
        body: "",
        signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
      });
      await response.body?.cancel();
      if (response.status === 401) return url;
      said.push(`${url} answers ${response.status}`);
    } catch (error) {
      said.push(`${url} does not answer (${causeOf(error)})`);
    }
  }
  throw new LocalFailure(
    `The webhook's address does not work: ${said.join("; ")}. A request without a credential should get 401 from the ingest Lambda. See its log and the emulator's log.`,
  );
}
