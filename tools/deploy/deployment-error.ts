/** What whoever deploys can mend; its message is all that they need to read. */
export class DeploymentError extends Error {
  override readonly name: string = "DeploymentError";
}

/** The command line itself is wrong. */
export class UsageError extends DeploymentError {
  override readonly name = "UsageError";
}
