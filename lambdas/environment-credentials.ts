import { readAwsCredentials } from "./environment.ts";

/**
 * In place of `@aws-sdk/credential-provider-node` in the bundles (`BUNDLE.alias`): Lambda has its role's credentials in the
 * environment, and nowhere else. They are read again for each call that the SDK signs.
 *
 * @returns what the SDK takes for a chain of credential providers.
 */
export function defaultProvider() {
  return async () => {
    const credentials = readAwsCredentials(process.env);
    if (credentials !== undefined) return credentials;
    throw new Error(
      "There are no credentials: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are missing or empty. Lambda sets them from the function's role.",
    );
  };
}
