/**
 * Limits of every AWS SDK client: a hang must end before the caller's own limit does. Three attempts
 * of at most three seconds stay below a third of the consumer's and the poller's timeout.
 */
export const SDK_LIMITS = {
  maxAttempts: 3,
  requestHandler: { connectionTimeout: 1_000, requestTimeout: 3_000, throwOnRequestTimeout: true },
} as const;
