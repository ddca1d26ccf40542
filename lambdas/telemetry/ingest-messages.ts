/** The messages of ingest: in a file of their own, so that its bundle holds no other function's. */
export const INGEST_MESSAGES = {
  "ingest.store.failed": "The webhook is not in the queue; Alloy was asked to try again.",
  "ingest.request.broken": "Ingest has a defect; Alloy was asked to try again.",
  "ingest.secret.unreadable":
    "The webhook secret could not be read; the cached one, if any, stays in use.",
  "ingest.secret.malformed":
    'The webhook secret is not {"basic":[{"username","password"}],"hmac":["…"]}; the cached one, if any, stays in use.',
  "ingest.secret.entries-refused":
    "The webhook secret has entries that authenticate nobody; `entries` says which and why: too-short, placeholder, predictable, same-as-username, or unusable (an empty value, a colon in a username, no list). Make one with: openssl rand -base64 32",
  "ingest.token.missing":
    "API Gateway passed on a request without a token that its authorizer has judged; it is answered 401.",
} as const;

export type IngestMessageCode = keyof typeof INGEST_MESSAGES;
