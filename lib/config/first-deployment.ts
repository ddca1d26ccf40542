import { ConfigurationError } from "./stage-configuration.ts";

/**
 * Whether the command line says that the stack is not there yet; `npm run deploy` does.
 *
 * @throws ConfigurationError when it says something else.
 */
export function isFirstFrom(firstDeployment: unknown): boolean {
  if (firstDeployment === undefined) return false;
  if (firstDeployment === "true") return true;
  throw new ConfigurationError(
    `The context firstDeployment is ${JSON.stringify(firstDeployment)}, but it must be true, or not there.`,
  );
}
