/** The roles of people, from the one that may least. */
export const PEOPLE = ["auditor", "operator", "break-glass", "privacy", "deployer"] as const;

export type Person = (typeof PEOPLE)[number];

/** Logical ids of the managed policies, one for each role. */
export const PEOPLES_POLICIES = {
  auditor: "AuditorPolicy",
  operator: "OperatorPolicy",
  "break-glass": "BreakGlassPolicy",
  privacy: "PrivacyPolicy",
  deployer: "DeployerPolicy",
} as const satisfies Readonly<Record<Person, string>>;

/**
 * The policies that a role's permission set names. Three of them add to the auditor's: IAM takes 6,144 characters a policy,
 * and the queues of a stack alone are 4,000.
 */
export const POLICIES_OF: Readonly<Record<Person, readonly Person[]>> = {
  auditor: ["auditor"],
  operator: ["auditor", "operator"],
  "break-glass": ["auditor", "break-glass"],
  privacy: ["auditor", "privacy"],
  deployer: ["deployer"],
};

/** The roles that have one of these policies. */
export function holdersOf(policies: readonly Person[]): readonly Person[] {
  return PEOPLE.filter((person) => POLICIES_OF[person].some((policy) => policies.includes(policy)));
}
