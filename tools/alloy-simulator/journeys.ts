/** The Journeys that live in this Alloy. Tokens, names and node ids are invented. */

interface JourneyNode {
  readonly id: string;
  /** Null where Alloy sends null, as it does for document verification and outcomes. */
  readonly name: string | null;
  readonly position: { readonly x: number; readonly y: number } | null;
  readonly type: string;
  readonly config?: Readonly<Record<string, string | number>>;
}

export interface Journey {
  readonly token: string;
  readonly name: string;
  /** A string in Alloy's answers. */
  readonly version: string;
  /** By the name under which scenarios speak of them. */
  readonly nodes: Readonly<Record<string, JourneyNode>>;
}

function node(id: string, type: string, rest: Partial<JourneyNode> = {}): JourneyNode {
  return { id, name: null, position: null, type, ...rest };
}

const at = (x: number, y: number) => ({ position: { x, y } });

/** The nodes that both Journeys have. @param ids - how the ids of the Journey begin. */
function usualNodes(ids: string) {
  return {
    start: node(`${ids}000001`, "start", { name: "Start", ...at(80, 80) }),
    identity: node(`${ids}000102`, "workflow", {
      name: "Identity check",
      ...at(280, 80),
      config: { workflow_token: "wfSimIdentity01", workflow_version_id: 3 },
    }),
    approved: node(`${ids}000506`, "outcome", { config: { outcome: "Approved" } }),
    denied: node(`${ids}000607`, "outcome", { config: { outcome: "Denied" } }),
  };
}

const CONSUMER: Journey = {
  token: "J-simConsumer4TqW8nLz",
  name: "Consumer onboarding",
  version: "7",
  nodes: {
    ...usualNodes("1733000"),
    documents: node("1733000000203", "docv", {
      config: { workflow_token: "wfSimDocuments02", workflow_version_id: 5 },
    }),
    review: node("1733000000304", "review", { name: "Manual review", ...at(480, 160) }),
    action: node("1733000000405", "action", { name: "Micro-deposits", ...at(480, 240) }),
  },
};

const JOINT: Journey = {
  token: "J-simJointAcct9RkV2mXs",
  name: "Joint account onboarding",
  version: "2",
  nodes: usualNodes("1744000"),
};

/** By token. */
export const JOURNEYS: ReadonlyMap<string, Journey> = new Map(
  [CONSUMER, JOINT].map((journey) => [journey.token, journey]),
);
