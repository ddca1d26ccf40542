import type { RouteId } from "../../lambdas/settings/routes.ts";

/** One value for each route; the compiler misses none. */
export function perRoute<Value>(valueOf: (route: RouteId) => Value): Record<RouteId, Value> {
  return {
    approved: valueOf("approved"),
    denied: valueOf("denied"),
    "manual-review": valueOf("manual-review"),
    "needs-action": valueOf("needs-action"),
    errored: valueOf("errored"),
    expired: valueOf("expired"),
    completed: valueOf("completed"),
    superseded: valueOf("superseded"),
    progressed: valueOf("progressed"),
    unrecognised: valueOf("unrecognised"),
    other: valueOf("other"),
    "investigation-created": valueOf("investigation-created"),
    "investigation-promoted": valueOf("investigation-promoted"),
    "investigation-closed": valueOf("investigation-closed"),
    decided: valueOf("decided"),
  };
}
