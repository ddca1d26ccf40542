/** The roles of people, from the one that may least. */
export const PEOPLE = [
  "auditor",
  "operator",
  "break-glass",
  "privacy",
  "credentials",
  "deployer",
] as const;

export type Person = (typeof PEOPLE)[number];

/** The managed policies: one for each role, and one that adds to an operator's. */
export const POLICIES = [...PEOPLE, "redrive"] as const;

export type Policy = (typeof POLICIES)[number];

/** Logical ids of the managed policies. */
export const PEOPLES_POLICIES = {
  auditor: "AuditorPolicy",
  operator: "OperatorPolicy",
  "break-glass": "BreakGlassPolicy",
  privacy: "PrivacyPolicy",
  credentials: "CredentialsPolicy",
  deployer: "DeployerPolicy",
  redrive: "RedrivePolicy",
} as const satisfies Readonly<Record<Policy, string>>;

/**
 * The policies that a role's permission set names. Four of them add to the auditor's, and the operator has two: IAM takes
 * 6,144 characters a policy, and the queues of a stack alone are 4,000.
 */
export const POLICIES_OF: Readonly<Record<Person, readonly Policy[]>> = {
  auditor: ["auditor"],
  operator: ["auditor", "operator", "redrive"],
  "break-glass": ["auditor", "break-glass"],
  privacy: ["auditor", "privacy"],
  credentials: ["auditor", "credentials"],
  deployer: ["deployer"],
};

/** The roles that have one of these policies. */
export function holdersOf(policies: readonly Policy[]): readonly Person[] {
  return PEOPLE.filter((person) => POLICIES_OF[person].some((policy) => policies.includes(policy)));
}
