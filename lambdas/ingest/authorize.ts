import type { AwsFailure } from "../domain/aws-failure.ts";
import type { AuthSettings } from "../settings/ingest-settings.ts";
import { authenticate } from "./authenticate.ts";
import type { Verdict } from "./authenticate.ts";
import type { CredentialCache } from "./credential-cache.ts";
import { isCheckedToken } from "./checked-token.ts";

/**
 * - `unconfigured`: there is no credential that it could have matched.
 * - `unchecked`: API Gateway should have checked its token, but did not.
 */
export type Authorization =
  | Verdict
  | "unconfigured"
  | "unchecked"
  | { readonly failure: AwsFailure };

/** Whether a request is Alloy's, by the secret as it is now. */
export type Authorize = (request: {
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array;
  /** What API Gateway's authorizer says of the request; undefined when the route has none. */
  readonly authorizer: unknown;
  /** Epoch milliseconds. */
  readonly deadline: number;
}) => Promise<Authorization>;

/**
 * Checks a request against the cached credentials; a credential that none of them matches may be a new one, so the
 * secret is read again before it is called wrong. What can match no secret does not cause that read.
 */
export function makeAuthorize(auth: AuthSettings, cache: CredentialCache): Authorize {
  if (auth !== "secret") {
    // While a stage changes to this mode, its function is updated before its route has an authorizer.
    return ({ authorizer }) =>
      Promise.resolve(isCheckedToken(authorizer, auth.jwt) ? "authentic" : "unchecked");
  }

  return async ({ headers, body, deadline }) => {
    const known = await cache.current(deadline);
    if ("failure" in known) return known;
    const authorization = authorizationOf(headers);
    let { credentials } = known;
    let verdict = authenticate(authorization, body, credentials);
    if (verdict === "mismatched") {
      const refreshed = await cache.refreshed(deadline);
      if (refreshed !== undefined) {
        // Nobody is called wrong on the strength of credentials that may be out of date.
        if ("failure" in refreshed) return refreshed;
        credentials = refreshed.credentials;
        verdict = authenticate(authorization, body, credentials);
      }
    }
    const isConfigured = credentials.basic.length + credentials.hmac.length > 0;
    return isConfigured ? verdict : "unconfigured";
  };
}

/** API Gateway joins repeated headers with a comma, which no credential contains. */
function authorizationOf(
  headers: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const values = Object.entries(headers).filter(([name]) => name.toLowerCase() === "authorization");
  return values.length === 1 ? values[0]?.[1] : undefined;
}
