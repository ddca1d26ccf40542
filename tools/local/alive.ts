/** Whether a process of ours has this number; one that ended, or somebody else's, has it not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
