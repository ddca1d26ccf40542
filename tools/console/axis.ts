/** The time axis of the page: from a window before now until now. Pure, so that a test needs no browser. */

/** What a person can choose to look at, in milliseconds. */
export const WINDOWS: readonly (readonly [title: string, ms: number])[] = [
  ["30 s", 30_000],
  ["2 min", 120_000],
  ["10 min", 600_000],
  ["1 h", 3_600_000],
  ["1 day", 86_400_000],
  ["7 days", 604_800_000],
  ["40 days", 3_456_000_000],
];

export interface Axis {
  readonly from: number;
  readonly to: number;
  /** In pixels. */
  readonly width: number;
}

/** Where a time stands; what is before the window stands at its edge. */
export function xOf({ from, to, width }: Axis, at: number): number {
  const share = to === from ? 0 : (at - from) / (to - from);
  return Math.round(Math.min(1, Math.max(0, share)) * width * 10) / 10;
}

/** The rows that are seen, and a few more above and below, so that scrolling meets no empty ones. */
export function rowsSeen(
  view: { readonly top: number; readonly height: number; readonly rowHeight: number },
  total: number,
): { readonly from: number; readonly to: number } {
  const around = 8;
  const first = Math.floor(view.top / view.rowHeight) - around;
  const last = Math.ceil((view.top + view.height) / view.rowHeight) + around;
  return { from: Math.max(0, Math.min(first, total)), to: Math.max(0, Math.min(last, total)) };
}

/** "4 s", "12 min": how long something took, or is ago. */
export function agoText(ms: number): string {
  const seconds = Math.max(0, ms / 1_000);
  if (seconds < 1) return `${Math.round(Math.max(0, ms))} ms`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800
    ? `${Math.round(seconds / 3_600)} h`
    : `${Math.round(seconds / 86_400)} days`;
}
