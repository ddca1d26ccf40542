/** Runs a task after so many milliseconds of this process. @returns what calls it off. */
export function scheduleOnTimers(delayMs: number, task: () => void): () => void {
  const timer = setTimeout(task, delayMs);
  return () => clearTimeout(timer);
}
