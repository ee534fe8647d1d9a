#!/usr/bin/env node
// The `keel` command. A launcher in plain JavaScript, so that it runs on any Node: it makes sure that the project is
// set up and that the TypeScript behind it runs under a Node that can (22 or newer, which setup puts in node_modules).
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const NEWEST_NEEDED = 22;
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [major = 0] = process.versions.node.split(".").map(Number);

if (!existsSync(join(root, "node_modules", ".package-lock.json"))) {
  const setup = spawnSync("npm", ["run", "--silent", "setup"], { cwd: root, stdio: "inherit" });
  if (setup.status !== 0) process.exit(setup.status ?? 1);
}

if (major >= NEWEST_NEEDED) {
  const { main } = await import("./cli.ts");
  await main(process.argv);
} else {
  const node = join(root, "node_modules", "node", "bin", "node");
  const child = spawnSync(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: "inherit" });
  process.exit(child.status ?? 1);
}
