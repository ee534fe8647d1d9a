// Makes a fresh clone ready: dependencies, the right Node, the `keel` command. Depends on nothing but Node itself,
// because it runs before anything is installed, and is written so that an old Node can read it and say that it is too
// old (no `node:` prefixes, no `??`). Run by the `pre…` scripts of package.json; safe to run at any time.
import { spawnSync } from "child_process";
import { chmodSync, existsSync, lstatSync, rmSync, statSync, symlinkSync, utimesSync } from "fs";
import { dirname, join } from "path";
import { fileURLToPath } from "url";

const OLDEST_NODE_MAJOR = 20; // older ones cannot run this npm
const NATIVE_NODE_MAJOR = 22; // from here on npm installs Hardhat's native package by itself

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, "node_modules");
const stamp = join(modules, ".package-lock.json"); // npm writes this file last

/** The Node that npm itself runs on: `node` on PATH inside a script is already the one in node_modules. */
const npmNode = process.env.npm_node_execpath || process.execPath;

const [major = 0] = process.versions.node.split(".").map(Number);
const windows = process.platform === "win32";

function fail(sentence) {
  console.error(`setup: ${sentence}`);
  process.exit(1);
}

function modifiedAt(path) {
  return existsSync(path) ? statSync(path).mtimeMs : -Infinity;
}

/** Runs npm with `args` under the Node at `node`; npm's own output is shown only when it fails. */
function npm(node, args) {
  const cli = process.env.npm_execpath || "";
  if (!cli.endsWith("js")) return spawnSync("npm", args, { cwd: root, encoding: "utf8", shell: windows });
  return spawnSync(node, [cli, ...args], { cwd: root, encoding: "utf8" });
}

function run(what, node, args) {
  console.error(`setup: ${what} …`);
  const result = npm(node, args);
  if (result.status === 0) return;
  console.error(result.stdout || "", result.stderr || "", result.error ? result.error.message : "");
  fail(
    `"npm ${args.join(" ")}" failed (see above). Check the connection to the npm registry and run the command again.`,
  );
}

/** Hardhat's engine is a native package for this platform; npm skips it when npm itself runs on an older Node. */
function nativeEngineMissing() {
  const scope = join(modules, "@nomicfoundation");
  const names = ["gnu", "musl", "msvc", ""].map((abi) =>
    ["edr", process.platform, process.arch, abi].filter(Boolean).join("-"),
  );
  return !names.some((name) => existsSync(join(scope, name)));
}

/** `npx keel` works from a clone, without publishing or linking the package. */
function linkKeel() {
  const link = join(modules, ".bin", "keel");
  const target = join(root, "keeper", "keel.mjs");
  if (windows || !existsSync(target) || existsSync(link)) return;
  rmSync(link, { force: true });
  chmodSync(target, 0o755);
  symlinkSync(join("..", "..", "keeper", "keel.mjs"), link);
}

if (major < OLDEST_NODE_MAJOR) {
  fail(`Node ${process.versions.node} is too old. Install Node ${OLDEST_NODE_MAJOR} or newer (https://nodejs.org).`);
}

/** Dependencies that are linked belong to another checkout: npm would empty the folder that others use. */
function areLinked() {
  return existsSync(modules) && lstatSync(modules).isSymbolicLink();
}

if (!areLinked()) install();
linkKeel();

function install() {
  if (modifiedAt(stamp) < modifiedAt(join(root, "package-lock.json"))) {
    run("installing dependencies (once, about half a minute)", npmNode, ["ci"]);
    if (existsSync(stamp)) utimesSync(stamp, new Date(), new Date());
  }

  if (nativeEngineMissing()) {
    const bundledNode = join(modules, "node", "bin", windows ? "node.exe" : "node");
    const node = major >= NATIVE_NODE_MAJOR ? process.execPath : bundledNode;
    if (!existsSync(node)) fail(`${node} is missing. Delete node_modules and run the command again.`);
    run("installing Hardhat's engine for this platform", node, ["install", "--no-save", "--ignore-scripts"]);
    if (nativeEngineMissing()) {
      fail(
        `Hardhat's engine (@nomicfoundation/edr) has no build for ${process.platform}-${process.arch}. Use Linux, macOS or Windows on x64 or arm64.`,
      );
    }
  }
}
