/**
 * Every log message of the Lambdas: a code to search for, and its sentence.
 * Codes are `area.subject.outcome`. No sentence holds anything of a body, a header or a secret.
 */
export const MESSAGES = {
  "ingest.store.failed": "The webhook is not in the queue; Alloy was asked to try again.",
  "ingest.secret.unreadable":
    "The webhook secret could not be read; the cached one, if any, stays in use.",
  "ingest.secret.malformed":
    'The webhook secret is not {"basic":[{"username","password"}],"hmac":["…"]}; the cached one, if any, stays in use.',
  "ingest.secret.entries-refused":
    "The webhook secret has entries that authenticate nobody: an empty value, or a colon in a username.",
} as const;

export type MessageCode = keyof typeof MESSAGES;
