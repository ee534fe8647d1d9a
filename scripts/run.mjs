// Runs a command of package.json in a checkout that is ready for it: `node scripts/run.mjs [flags of Node] <what> [arguments]`,
// where <what> is a script, from the project's root, or the program of a dependency. Written like setup.mjs, which comes
// first, so that an old Node can read it. What a command needs compiled, it compiles itself (scripts/compile).
import { spawn } from "child_process";
import { existsSync, readFileSync } from "fs";
import { dirname, join } from "path";
import { clearInterval, setInterval } from "timers";
import { fileURLToPath, pathToFileURL } from "url";
import "./setup.mjs";

const PARENT_CHECK_MS = 500;
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, "node_modules");

const args = process.argv.slice(2);
const first = args.findIndex((arg) => !arg.startsWith("--"));
if (first < 0) {
  console.error("run: name a script or a program, e.g. scripts/demo.ts or hardhat.");
  process.exit(1);
}
const flags = args.slice(0, first);
const script = scriptOf(args[first]);
const rest = args.slice(first + 1);

/** The file that Node is to run. */
function scriptOf(what) {
  if (/\.(ts|mjs)$/.test(what)) return join(root, what);
  const { bin } = JSON.parse(readFileSync(join(modules, what === "tsc" ? "typescript" : what, "package.json"), "utf8"));
  return join(modules, what === "tsc" ? "typescript" : what, typeof bin === "string" ? bin : bin[what]);
}

/** The Node of package.json, which npm has installed; on a platform for which there is none, the one that runs this. */
function projectNode() {
  const path = join(modules, "node", "bin", process.platform === "win32" ? "node.exe" : "node");
  return existsSync(path) ? path : process.execPath;
}

function isProjectNode() {
  const manifest = join(modules, "node", "package.json");
  return !existsSync(manifest) || process.version === `v${JSON.parse(readFileSync(manifest, "utf8")).version}`;
}

if (flags.length === 0 && isProjectNode()) {
  process.argv = [process.execPath, script, ...rest];
  await import(pathToFileURL(script).href);
} else {
  spawnScript();
}

/** In a process of its own, which ends when this one is ended, and with which this one ends. */
function spawnScript() {
  const child = spawn(projectNode(), [...flags, script, ...rest], { stdio: "inherit" });
  process.on("SIGINT", () => undefined); // a terminal's Ctrl-C reaches the child, too: it decides
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  const npm = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === npm) return;
    clearInterval(watch);
    child.kill("SIGTERM");
  }, PARENT_CHECK_MS);
  child.on("error", (error) => {
    console.error(`run: ${error.message}`);
    process.exit(1);
  });
  child.on("exit", (code, signal) => {
    clearInterval(watch);
    process.exit(signal ? 128 + ({ SIGINT: 2, SIGKILL: 9, SIGTERM: 15, SIGHUP: 1 }[signal] || 0) : code);
  });
}
