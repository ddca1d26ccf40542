import * as v from "valibot";

import { isPlaceholder } from "../../domain/secret-strength.ts";
import type { MessageLogger } from "../../telemetry/powertools-logger.ts";
import type { AlloyApiKey, ReadAlloyApiKey } from "./alloy-authorization.ts";
import type { SecretsManagerSecret } from "../aws-http/secrets-manager-secret.ts";

const token = v.pipe(v.string(), v.nonEmpty());
const KeySchema = v.object({ token, secret: token });

/** A read of the secret takes at most this, all its attempts together. */
const READ_MS = 3_000;

/**
 * Makes the reader of the API key: from the secret, cached for `lifetimeMs`, read again on request
 * that the cached one will not do. An old key is better than none.
 *
 * @returns a reader that returns null when there is no key.
 */
export function makeAlloyApiKeyReader(options: {
  readonly secret: Pick<SecretsManagerSecret, "read">;
  readonly lifetimeMs: number;
  readonly now: () => number;
  readonly logger: MessageLogger;
}): ReadAlloyApiKey {
  const { secret, lifetimeMs, now, logger } = options;
  let known: { readonly key: AlloyApiKey; readonly freshUntil: number } | null = null;

  return async ({ isForced }) => {
    if (known !== null && !isForced && now() < known.freshUntil) return known.key;
    const result = await secret.read(now() + READ_MS);
    if ("failure" in result) {
      logger.error("poller.secret.unreadable", { cause: result.failure });
    } else {
      const key = keyOf(result.text);
      if (key === null) logger.error("poller.secret.malformed");
      else if (isPlaceholder(key.token) || isPlaceholder(key.secret)) {
        // Alloy makes the key and decides how strong it is; what the documentation shows is none of its keys.
        logger.error("poller.secret.placeholder");
      } else known = { key, freshUntil: now() + lifetimeMs };
    }
    return known?.key ?? null;
  };
}

function keyOf(secret: string): AlloyApiKey | null {
  try {
    const parsed = v.safeParse(KeySchema, JSON.parse(secret));
    return parsed.success ? parsed.output : null;
  } catch {
    // The parser's own message would quote the secret.
    return null;
  }
}
