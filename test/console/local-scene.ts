import { startInProcessStack } from "../../tools/local/in-process-stack.ts";
import { startLocalConsole } from "../../tools/local/console-page.ts";
import type { LocalStack, StackNarrator } from "../../tools/local/local-stack.ts";

const SILENT: StackNarrator = {
  announce: () => undefined,
  onLog: () => undefined,
  onAlarm: () => undefined,
  onFailure: () => undefined,
};

/** What `npm start -- --in-process` starts: the handlers, a simulated Alloy, and the console over both. */
export async function startLocalScene() {
  const stack = await startStack();
  const page = await startLocalConsole(stack, "");
  return {
    url: page.url,
    async stop(): Promise<void> {
      await page.stop();
      await stack.stop();
    },
  };
}

/** Two files may start one at the same time: both take the ports of the last run, and one of them may find a port taken. */
async function startStack(tries = 3): Promise<LocalStack> {
  try {
    return await startInProcessStack(
      {
        once: false,
        inProcess: true,
        incident: null,
        outputsFile: null,
        timeScale: 600,
        alloy: { kind: "simulator" },
      },
      SILENT,
      new AbortController().signal,
    );
  } catch (error) {
    if (tries === 1) throw error;
    return startStack(tries - 1);
  }
}
