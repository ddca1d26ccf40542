import { LimitRefusal } from "./limit-refusal.ts";
import { LIMITS } from "./limits.ts";

/** Why S3 has no object of this key; null: it may. */
export function objectKeyRefusal(key: string): LimitRefusal | null {
  const bytes = Buffer.byteLength(key);
  if (bytes === 0) {
    return new LimitRefusal("parameter", "InvalidRequest", "Empty value provided for: Key");
  }
  if (bytes <= LIMITS.objectKeyBytes.most) return null;
  return new LimitRefusal("objectKeyBytes", "KeyTooLongError", "Your key is too long");
}

/** Why CloudWatch does not answer so many queries at once; null: it does. */
export function metricQueriesRefusal(queries: number): LimitRefusal | null {
  if (queries >= 1 && queries <= LIMITS.metricQueries.most) return null;
  return new LimitRefusal(
    "metricQueries",
    "ValidationError",
    `The collection MetricDataQueries must have a size from 1 to ${LIMITS.metricQueries.most}; it has ${queries}.`,
  );
}

/** Why Secrets Manager does not keep a value; null: it does. */
export function secretRefusal(value: string): LimitRefusal | null {
  const bytes = Buffer.byteLength(value);
  if (bytes >= 1 && bytes <= LIMITS.secretBytes.most) return null;
  return new LimitRefusal(
    "secretBytes",
    "ValidationException",
    `1 validation error detected: Value at 'secretString' failed to satisfy constraint: Member must have length between 1 and ${LIMITS.secretBytes.most}`,
  );
}

/** Why Lambda does not take or give so much; null: it does. */
export function invocationRefusal(bytes: number, kind: "waited" | "async"): LimitRefusal | null {
  const rule = kind === "async" ? "asyncInvocationBytes" : "invocationBytes";
  if (bytes <= LIMITS[rule].most) return null;
  return new LimitRefusal(
    rule,
    "RequestTooLargeException",
    `Request must be smaller than ${LIMITS[rule].most} bytes for the InvokeFunction operation`,
  );
}
