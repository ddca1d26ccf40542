/** The messages of ingest: in a file of their own, so that its bundle holds no other function's. */
export const INGEST_MESSAGES = {
  "ingest.store.failed": "The webhook was not stored. The answer asks Alloy to try again.",
  "ingest.request.broken": "Ingest failed because of a defect. The answer asks Alloy to try again.",
  "ingest.secret.unreadable": "The webhook secret could not be read. A cached secret stays in use.",
  "ingest.secret.malformed":
    'The webhook secret is not {"basic":[{"username","password"}],"hmac":["…"]}. A cached secret stays in use.',
  "ingest.secret.entries-refused":
    "The webhook secret has entries that ingest refuses. The field `entries` says which and why: too-short, placeholder, predictable, same-as-username, or unusable (an empty value, a colon in a username, no list). To make a strong one: openssl rand -base64 32",
  "ingest.token.missing":
    "API Gateway forwarded a request without a token that its authorizer has checked. Ingest answered 401.",
} as const;

export type IngestMessageCode = keyof typeof INGEST_MESSAGES;
