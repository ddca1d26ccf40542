import type { TokenSettings } from "../settings/ingest-settings.ts";

/**
 * Whether API Gateway's JWT authorizer has checked the token of a request, and by the settings of this stage. Only the
 * authorizer adds `requestContext.authorizer.jwt`: a route without one passes on every request without it.
 *
 * API Gateway hands over each claim as text, and a list as `[one two]` (AWS: "Control access to HTTP APIs with JWT
 * authorizers").
 *
 * @param authorizer - `requestContext.authorizer` of the event; undefined when the route has none.
 */
export function isCheckedToken(authorizer: unknown, settings: TokenSettings): boolean {
  const jwt = partOf(authorizer, "jwt");
  const claims = partOf(jwt, "claims");
  // An access token of Amazon Cognito has a client_id and no aud; API Gateway takes the one where there is no other.
  const audience = partOf(claims, "aud") ?? partOf(claims, "client_id");
  const scopes = [partOf(claims, "scope"), partOf(claims, "scp"), partOf(jwt, "scopes")];
  return (
    partOf(claims, "iss") === settings.issuer &&
    hasOneOf(settings.audience, wordsOf(audience)) &&
    hasOneOf(settings.scopes, scopes.flatMap(wordsOf))
  );
}

function partOf(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
  return Object.getOwnPropertyDescriptor(value, name)?.value;
}

function wordsOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return typeof value === "string" ? value.replace(/^\[(.*)\]$/s, "$1").split(/[\s,]+/) : [];
}

function hasOneOf(wanted: readonly string[], given: readonly unknown[]): boolean {
  return wanted.some((one) => given.includes(one));
}
