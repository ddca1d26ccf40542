/**
 * In place of `@aws-sdk/credential-provider-node` in the trimmed bundle: of its eight sources of
 * credentials Lambda uses one, the environment.
 */
export const defaultProvider = () => () =>
  Promise.resolve({
    accessKeyId: process.env["AWS_ACCESS_KEY_ID"] ?? "",
    secretAccessKey: process.env["AWS_SECRET_ACCESS_KEY"] ?? "",
    sessionToken: process.env["AWS_SESSION_TOKEN"] ?? "",
  });
