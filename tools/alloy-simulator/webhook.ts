import { createHmac } from "node:crypto";

/** How Alloy authenticates to the endpoint (docs: authentication-types); one method per webhook. */
export type WebhookCredential =
  | { readonly kind: "none" }
  | { readonly kind: "basic"; readonly username: string; readonly password: string }
  | { readonly kind: "hmac"; readonly secret: string };

export type AlloyEnvironment = "sandbox" | "live";

/**
 * The `Authorization` header of one request, null when the webhook has no authentication.
 * HMAC (docs: hash-based-message-authentication-code-hmac): HMAC-SHA256 over the bytes of the body,
 * keyed with the secret's own UTF-8 bytes, in base64 with padding, and no scheme word before it.
 */
export function authorizationFor(credential: WebhookCredential, body: string): string | null {
  switch (credential.kind) {
    case "none":
      return null;
    case "basic":
      return `Basic ${Buffer.from(`${credential.username}:${credential.password}`, "utf8").toString("base64")}`;
    case "hmac":
      return createHmac("sha256", credential.secret).update(body, "utf8").digest("base64");
  }
}

/**
 * The same JSON with its keys in the order of PostgreSQL's `jsonb`, on every level: shorter keys
 * first, keys of one length by their bytes. Alloy's published retry of a review webhook has it.
 */
export function inJsonbOrder(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(inJsonbOrder);
  if (typeof json !== "object" || json === null) return json;
  const entries = Object.entries(json).map(([key, inner]) => ({
    key,
    bytes: Buffer.from(key, "utf8"),
    inner: inJsonbOrder(inner),
  }));
  entries.sort((a, b) => a.bytes.length - b.bytes.length || Buffer.compare(a.bytes, b.bytes));
  return Object.fromEntries(entries.map(({ key, inner }) => [key, inner]));
}

/** What one attempt sends. */
export interface WebhookBody {
  readonly environment: AlloyEnvironment;
  readonly requestToken: string;
  /** When this attempt is made, not when the event happened. */
  readonly sentAt: number;
  /** `data`: the event; undefined leaves it out. */
  readonly event: unknown;
  /** The body was read back from storage: another order of keys, hence other bytes. */
  readonly reread: boolean;
}

/** Serialises the envelope as compact JSON, as Alloy signs it. */
export function writeWebhook(webhook: WebhookBody): string {
  const envelope = {
    request_token: webhook.requestToken,
    timestamp: webhook.sentAt,
    // The live suffix is not documented; `live` is the likeliest.
    type: `update:journeyapplications:${webhook.environment}`,
    description: `Notify on ${webhook.environment} journey application status change`,
    data: webhook.event,
  };
  return JSON.stringify(webhook.reread ? inJsonbOrder(envelope) : envelope);
}
