import type { DeniedMethods } from "../../../tools/strict-aws/iam/judged-ports.ts";

let denied: DeniedMethods = new Map();
/** By the policies of this clone, which stay the same. */
let judged: DeniedMethods | undefined;

/**
 * Judges once what the adapters in the place of a world's ports need, by the policies of the stage `sandbox`. From then
 * on the worlds of this thread refuse what IAM refuses.
 */
export async function judgeRights(): Promise<DeniedMethods> {
  judged ??= await judgeSandbox();
  refuseMethods(judged);
  return judged;
}

async function judgeSandbox(): Promise<DeniedMethods> {
  // To load CDK and to make the template takes seconds, and only the main thread needs it.
  const { synthesise } = await import("../../../tools/template/synthesise.ts");
  const { deniedMethods } = await import("../../../tools/strict-aws/iam/denied-methods.ts");
  const { policiesOf } = await import("../../../tools/strict-aws/iam/policies.ts");
  const { SANDBOX } = await import("../../../lib/config/default-stages.ts");
  return deniedMethods(policiesOf(synthesise(SANDBOX)));
}

/** Has the worlds of this thread refuse these methods. */
export function refuseMethods(methods: DeniedMethods): void {
  denied = methods;
}

/** What the worlds of this thread refuse: nothing, as a rule. */
export function deniedNow(): DeniedMethods {
  return denied;
}
