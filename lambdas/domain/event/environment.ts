import { readFlag } from "./external-text.ts";
import type { Environment } from "./journey-event.ts";

/**
 * The environment by the flag `sandbox`, as Alloy's answers to Create and Get have it.
 *
 * @returns null when it says neither.
 */
export function environmentOfFlag(sandbox: unknown): Environment | null {
  const isSandbox = readFlag(sandbox);
  if (isSandbox === null) return null;
  return isSandbox ? "sandbox" : "live";
}

/**
 * Whether something is of another environment than the stage that got it, by its own word: a sandbox trigger of
 * Alloy's that was given the live stage's address, or a live one the sandbox's. It must not change or be published as,
 * what people are really waiting for. What says nothing passes, for Alloy's documentation does not promise a word.
 */
export function isOtherEnvironment(said: Environment | null, stage: Environment): boolean {
  return said !== null && said !== stage;
}
