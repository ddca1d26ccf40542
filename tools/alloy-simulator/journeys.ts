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

function outcomeNode(id: string, outcome: string): JourneyNode {
  return { id, name: null, position: null, type: "outcome", config: { outcome } };
}

const CONSUMER: Journey = {
  token: "J-simConsumer4TqW8nLz",
  name: "Consumer onboarding",
  version: "7",
  nodes: {
    start: { id: "1733000000001", name: "Start", position: { x: 80, y: 80 }, type: "start" },
    identity: {
      id: "1733000000102",
      name: "Identity check",
      position: { x: 280, y: 80 },
      type: "workflow",
      config: { workflow_token: "wfSimIdentity01", workflow_version_id: 3 },
    },
    documents: {
      id: "1733000000203",
      name: null,
      position: null,
      type: "docv",
      config: { workflow_token: "wfSimDocuments02", workflow_version_id: 5 },
    },
    review: {
      id: "1733000000304",
      name: "Manual review",
      position: { x: 480, y: 160 },
      type: "review",
    },
    action: {
      id: "1733000000405",
      name: "Micro-deposits",
      position: { x: 480, y: 240 },
      type: "action",
    },
    approved: outcomeNode("1733000000506", "Approved"),
    denied: outcomeNode("1733000000607", "Denied"),
  },
};

const JOINT: Journey = {
  token: "J-simJointAcct9RkV2mXs",
  name: "Joint account onboarding",
  version: "2",
  nodes: {
    start: { id: "1744000000001", name: "Start", position: { x: 80, y: 80 }, type: "start" },
    identity: {
      id: "1744000000102",
      name: "Identity check",
      position: { x: 280, y: 80 },
      type: "workflow",
      config: { workflow_token: "wfSimIdentity01", workflow_version_id: 3 },
    },
    approved: outcomeNode("1744000000506", "Approved"),
    denied: outcomeNode("1744000000607", "Denied"),
  },
};

/** By token. */
export const JOURNEYS: ReadonlyMap<string, Journey> = new Map(
  [CONSUMER, JOINT].map((journey) => [journey.token, journey]),
);
