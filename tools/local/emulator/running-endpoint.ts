import { causeOf, LocalFailure } from "../failure.ts";

/** An emulator that answers, as its health page describes it. */
export interface EmulatorHealth {
  readonly name: "MiniStack" | "LocalStack" | "an emulator";
  readonly version: string | null;
}

/** An emulator answers its health page at once; a real network needs less than this too. */
const HEALTH_TIMEOUT_MS = 3_000;

/**
 * Asks an endpoint for its health page.
 *
 * @returns null when something answers that has no such page.
 * @throws when nothing answers.
 */
export async function healthOf(endpoint: string): Promise<EmulatorHealth | null> {
  for (const [path, name] of [
    ["/_ministack/health", "MiniStack"],
    ["/_localstack/health", "LocalStack"],
  ] as const) {
    const response = await fetch(new URL(path, endpoint), {
      signal: AbortSignal.timeout(HEALTH_TIMEOUT_MS),
      redirect: "manual",
    });
    const text = await response.text();
    if (!response.ok || !text.startsWith("{")) continue;
    const health: unknown = JSON.parse(text);
    if (typeof health !== "object" || health === null || !("services" in health)) continue;
    const version =
      "version" in health && typeof health.version === "string" ? health.version : null;
    return { name, version };
  }
  return null;
}

/**
 * Checks the AWS_ENDPOINT_URL that somebody set: it must be an emulator, and it must answer. An address
 * that is not on this machine is touched only if its health page says that it is an emulator; on this
 * machine whatever answers is taken, for we never send real credentials.
 *
 * @throws LocalFailure saying what to do.
 */
export async function checkRunningEndpoint(
  url: string,
  health: (endpoint: string) => Promise<EmulatorHealth | null> = healthOf,
): Promise<EmulatorHealth> {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new LocalFailure(
      `AWS_ENDPOINT_URL is "${url}". It must be the URL of a running emulator, such as http://127.0.0.1:4566. Correct or unset it.`,
    );
  }
  const { hostname } = new URL(url);
  if (isAws(hostname)) {
    throw new LocalFailure(
      `AWS_ENDPOINT_URL is ${url}, the real AWS, but npm start deploys only into an emulator. Unset it, or set it to a running emulator.`,
    );
  }
  const found = await health(url).catch((error: unknown) => {
    throw new LocalFailure(
      `AWS_ENDPOINT_URL is ${url}, but nothing answers there (${causeOf(error)}). Start that emulator, or unset the variable: npm start then starts its own.`,
      { cause: error },
    );
  });
  if (found !== null) return found;
  if (isLoopback(hostname)) return { name: "an emulator", version: null };
  throw new LocalFailure(
    `AWS_ENDPOINT_URL is ${url}. It is not on this machine and has no health page of MiniStack or LocalStack, so npm start does not use it. Unset it, or set it to a running emulator.`,
  );
}

function isAws(hostname: string): boolean {
  return /(^|\.)(amazonaws\.com(\.cn)?|api\.aws|aws\.amazon\.com|on\.aws)$/i.test(hostname);
}

function isLoopback(hostname: string): boolean {
  return (
    hostname === "localhost" ||
    hostname.endsWith(".localhost") ||
    hostname === "[::1]" ||
    /^127(\.\d{1,3}){3}$/.test(hostname)
  );
}
