/** Preloaded into a server: tells its parent process what it uses. */
import { readdirSync } from "node:fs";
import process from "node:process";

process.on("message", () => {
  const { rss } = process.memoryUsage();
  globalThis.gc?.();
  process.send?.({
    rss,
    heap: process.memoryUsage().heapUsed,
    handles: process.getActiveResourcesInfo().length,
    files: process.platform === "linux" ? readdirSync("/proc/self/fd").length : 0,
  });
});
process.channel?.unref();
