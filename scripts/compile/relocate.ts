import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join, relative, sep } from "node:path";

interface Entry {
  readonly artifactsDirectory?: string;
}

/**
 * Hardhat remembers where its files are by absolute paths. Those of a cache that was made elsewhere, in a checkout that has
 * moved since or was copied, are made this checkout's.
 */
export function relocateCache(cacheFolder: string, root: string, artifacts: string): void {
  const file = join(cacheFolder, "compile-cache.json");
  if (!existsSync(file)) return;
  const before = readFileSync(file, "utf8");
  const after = JSON.stringify(relocated(JSON.parse(before) as Record<string, Entry>, root, relative(root, artifacts)));
  if (after === before) return;
  writeFileSync(`${file}.tmp`, after);
  renameSync(`${file}.tmp`, file);
}

function relocated(cache: Record<string, Entry>, root: string, artifacts: string): Record<string, Entry> {
  const own: [string, Entry][] = [];
  const moved: [string, Entry][] = [];
  for (const [key, entry] of Object.entries(cache)) {
    const from = entry.artifactsDirectory?.endsWith(sep + artifacts)
      ? entry.artifactsDirectory.slice(0, -artifacts.length - 1)
      : root;
    if (from === root) own.push([key, entry]);
    else moved.push([rebase(key, from, root), rebaseAll(entry, from, root)]);
  }
  return Object.fromEntries([...moved, ...own]); // what was compiled here is newer
}

function rebase(path: string, from: string, to: string): string {
  return path.startsWith(from + sep) ? to + path.slice(from.length) : path;
}

function rebaseAll<T>(value: T, from: string, to: string): T {
  if (typeof value === "string") return rebase(value, from, to) as T;
  if (Array.isArray(value)) return value.map((item: unknown) => rebaseAll(item, from, to)) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, rebaseAll(item as unknown, from, to)]),
  ) as T;
}
