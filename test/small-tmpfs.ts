import { execFileSync } from "node:child_process";
import { mkdtempSync, rmdirSync } from "node:fs";

/** Why a file system cannot be mounted here; undefined if it can. */
export const mountMissing = process.getuid?.() === 0 ? undefined : "mounting a tmpfs needs root";

/** A file system that is soon full. */
export function mountTmpfs(sizeMiB: number): { path: string; unmount(): void } {
  const path = mkdtempSync("/tmp/benchfs-small-");
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${sizeMiB}m`, "tmpfs", path]);
  return {
    path,
    unmount: () => {
      execFileSync("umount", [path]);
      rmdirSync(path);
    },
  };
}
