/** The incidents to practise, in the order of docs/local.md. */
export const INCIDENT_NAMES = [
  "lost-webhooks",
  "wrong-secret",
  "poison",
  "vendor-outage",
  "dead-route",
] as const;

export type IncidentName = (typeof INCIDENT_NAMES)[number];

export function isIncident(name: string): name is IncidentName {
  return INCIDENT_NAMES.some((one) => one === name);
}
