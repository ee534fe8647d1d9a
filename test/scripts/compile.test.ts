import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { DEVNET_FILES } from "../../scripts/compile/files.ts";
import { compileInParts, partsOf } from "../../scripts/compile/parts.ts";
import { createPool } from "../../scripts/compile/pool.ts";
import { type ProgressReport, onProgress, progressText, startProgress } from "../../scripts/compile/progress.ts";
import { relocateCache } from "../../scripts/compile/relocate.ts";
import type { Solc, SolcInput, SolcOutput } from "../../scripts/compile/solc.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
const HARDHAT = join(ROOT, "node_modules/hardhat/dist/src/cli.js");
const HEAD = "// SPDX-License-Identifier: MIT\npragma solidity ^0.8.0;\n";

/** A library to link, an immutable, a contract that creates another one, and what is needed of neither. */
const SOURCES = {
  "project/Maths.sol": `${HEAD}library Maths { function twice(uint256 x) external pure returns (uint256) { return 2 * x; } }`,
  "project/IThing.sol": `${HEAD}interface IThing { function value() external view returns (uint256); }`,
  "project/Thing.sol": `${HEAD}import {Maths} from "./Maths.sol"; import {IThing} from "./IThing.sol";
contract Thing is IThing { uint256 public immutable value; error Odd(uint256 x);
  constructor(uint256 x) { if (x % 2 == 1) revert Odd(x); value = Maths.twice(x); } }`,
  "project/Maker.sol": `${HEAD}import {Thing} from "./Thing.sol";
contract Maker { Thing public thing; function make() external { thing = new Thing(4); } }`,
};

describe("A compilation in parts", () => {
  const input: SolcInput = {
    language: "Solidity",
    settings: { viaIR: true, optimizer: { enabled: true, runs: 200 } },
    sources: Object.fromEntries(Object.entries(SOURCES).map(([file, content]) => [file, { content }])),
  };

  it("returns what one run on everything returns, but code only of what it is for", async () => {
    const selection = {
      "*": { "": ["ast"], "*": ["abi", "evm.bytecode", "evm.deployedBytecode", "evm.methodIdentifiers", "metadata"] },
    };
    const solc = createRequire(import.meta.url)("solc") as { compile(input: string): string };
    const whole = JSON.parse(
      solc.compile(JSON.stringify({ ...input, settings: { ...input.settings, outputSelection: selection } })),
    ) as SolcOutput;
    const pool = createPool(2);
    try {
      const all = await compileInParts(input, Object.keys(SOURCES), pool);
      expect(all.contracts).to.deep.equal(whole.contracts);
      expect(all.sources).to.deep.equal(whole.sources);
      const one = await compileInParts(input, ["project/Thing.sol"], pool);
      expect(one.contracts!["project/Thing.sol"]).to.deep.equal(whole.contracts!["project/Thing.sol"]);
      const maker = one.contracts!["project/Maker.sol"]!.Maker!;
      expect(maker.abi).to.deep.equal(whole.contracts!["project/Maker.sol"]!.Maker!.abi);
      expect(maker.evm!.bytecode.object).to.equal("");
    } finally {
      await pool.close();
    }
  });

  it("says what is wrong once, and tries no more", async () => {
    const broken = {
      ...input,
      sources: { ...input.sources, "project/Bad.sol": { content: `${HEAD}contract Bad { x y; }` } },
    };
    const pool = createPool(1);
    try {
      const { errors = [] } = await compileInParts(broken, Object.keys(broken.sources), pool);
      expect(errors.filter(({ severity }) => severity === "error")).to.have.length(1);
      expect(errors[0]!.formattedMessage).to.include("project/Bad.sol");
    } finally {
      await pool.close();
    }
  });

  it("compiles what creates a contract together with it, and nothing that has no code", () => {
    const roots = ["project/IThing.sol", "project/Thing.sol", "project/Maker.sol", "project/Maths.sol"];
    const long = { content: `${SOURCES["project/Maths.sol"]}${"/**/".repeat(20_000)}` };
    const parts = partsOf({ ...input.sources, "project/Maths.sol": long }, roots);
    const files = parts.map((part) => [...part.files].sort());
    expect(files).to.deep.include(["project/Maker.sol", "project/Thing.sol"]);
    expect(files).to.deep.include(["project/Maths.sol"]);
    expect(files.flat()).to.have.length(3);
    // Not for its own sake, but as Maker contains it.
    expect(partsOf(input.sources, ["project/Maker.sol"])[0]!.files).to.have.members([
      "project/Maker.sol",
      "project/Thing.sol",
    ]);
  });
});

describe("The pool of compilers", () => {
  it("runs as many as it may, the longest first", async () => {
    const begun: unknown[] = [];
    let running = 0;
    let most = 0;
    const fake = (): Solc => ({
      compile: async ({ settings }) => {
        begun.push(settings.nr);
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, 5));
        running--;
        return {};
      },
      close: () => Promise.resolve(),
    });
    await quietly(async () => {
      const pool = createPool(2, fake);
      const task = (nr: number) => ({ input: { language: "", settings: { nr }, sources: {} }, names: ["x"], cost: nr });
      await Promise.all([1, 5, 3, 4, 2].map((nr) => pool.run(task(nr))));
      await pool.close();
    });
    expect(begun).to.deep.equal([5, 4, 3, 2, 1]);
    expect(most).to.equal(2);
  });

  it("tells how far it is: at once, and when it is finished", async () => {
    const reports: ProgressReport[] = [];
    await quietly(() => {
      const progress = startProgress();
      progress.add(["Vault", "Desk"]);
      progress.begin(["Vault"])();
      progress.finish();
      return Promise.resolve();
    }, reports);
    expect(reports).to.deep.equal([{ done: 1, total: 2, seconds: 0, now: [] }]);
    expect(progressText({ done: 1, total: 5, seconds: 8, now: ["A", "B"] })).to.equal("1 of 5, 8 s, now A and B");
    expect(progressText({ done: 1, total: 9, seconds: 8, now: ["A", "B", "C", "D"] })).to.equal(
      "1 of 9, 8 s, now A, B and 2 more",
    );
  });
});

describe("A checkout that was moved, or copied", function () {
  this.timeout(600_000);
  let folder: string;

  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), "keel-moved-")));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("compiles nothing anew", () => {
    const file = "contracts/devnet/DevUSDC.sol";
    for (const name of ["contracts", "scripts", "hardhat.config.ts", "package.json", "tsconfig.json"]) {
      cpSync(join(ROOT, name), join(folder, name), { recursive: true });
    }
    symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
    mkdirSync(join(folder, "cache"));
    cpSync(join(ROOT, "cache/compile-cache.json"), join(folder, "cache/compile-cache.json"));
    cpSync(join(ROOT, "artifacts", file), join(folder, "artifacts", file), { recursive: true });
    const { buildInfoId } = JSON.parse(readFileSync(join(ROOT, "artifacts", file, "DevUSDC.json"), "utf8")) as {
      buildInfoId: string;
    };
    mkdirSync(join(folder, "artifacts/build-info"));
    for (const end of [".json", ".output.json"])
      writeFileSync(join(folder, "artifacts/build-info", buildInfoId + end), "{}");

    const { stdout, stderr } = spawnSync(process.execPath, [HARDHAT, "build", file], {
      cwd: folder,
      env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("HARDHAT_"))),
      encoding: "utf8",
    });
    expect(stderr).to.equal("");
    expect(stdout).to.include("No contracts to compile");
    expect(readFileSync(join(folder, "cache/compile-cache.json"), "utf8")).not.to.include(`"${ROOT}/`);
  });

  it("takes over paths of files, and what it has compiled itself goes first", () => {
    const entry = (root: string, jobHash: string) => ({
      jobHash,
      artifactPaths: [`${root}/artifacts/A.json`],
      artifactsDirectory: `${root}/artifacts`,
      emitsTypeDeclarations: true,
    });
    const file = join(folder, "compile-cache.json");
    const own = { [`${folder}/A.sol`]: entry(folder, "new"), "npm:x/B.sol": entry("/before", "old") };
    writeFileSync(
      file,
      JSON.stringify({ ...own, "/before/A.sol": entry("/before", "old"), "/before/C.sol": entry("/before", "old") }),
    );
    relocateCache(folder, folder, join(folder, "artifacts"));
    expect(JSON.parse(readFileSync(file, "utf8"))).to.deep.equal({
      [`${folder}/A.sol`]: entry(folder, "new"),
      [`${folder}/C.sol`]: entry(folder, "old"),
      "npm:x/B.sol": entry(folder, "old"),
    });
  });
});

describe("The commands of package.json", () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
    scripts: Record<string, string>;
  };

  it("all go through the wrapper that makes a fresh clone ready", () => {
    for (const [name, command] of Object.entries(scripts)) {
      expect(name).not.to.match(/^(pre|post)/);
      if (name !== "setup") expect(command, name).to.match(/^(KEEL_DEEP=1 )?node scripts\/run\.mjs /);
    }
  });

  it("name files that are there", () => {
    for (const command of Object.values(scripts)) {
      for (const file of command.match(/\bscripts\/[\w./-]+/g) ?? [])
        expect(existsSync(join(ROOT, file)), file).to.equal(true);
    }
    for (const file of DEVNET_FILES) {
      expect(existsSync(join(ROOT, file.startsWith("@") ? "node_modules" : ".", file)), file).to.equal(true);
    }
  });
});

describe("The wrapper", () => {
  let folder: string;

  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), "keel-wrapper-")));
    mkdirSync(join(folder, "scripts"));
    cpSync(join(ROOT, "scripts/run.mjs"), join(folder, "scripts/run.mjs"));
    writeFileSync(join(folder, "scripts/setup.mjs"), ""); // nothing is installed by a test
    symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
    writeFileSync(
      join(folder, "scripts/hello.mjs"),
      "console.log(typeof gc, process.version, process.argv.slice(2).join()); process.exit(3);",
    );
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const run = (...args: string[]) =>
    spawnSync(process.execPath, [join(folder, "scripts/run.mjs"), ...args], { encoding: "utf8" });

  it("runs scripts in its process or, for flags of Node, in one of their own, with arguments and exit codes", () => {
    const direct = run("scripts/hello.mjs", "a", "--b");
    expect(direct).to.include({ status: 3, stdout: `undefined ${process.version} a,--b\n`, stderr: "" });
    const own = run("--expose-gc", "scripts/hello.mjs", "a", "--b");
    expect(own).to.include({ status: 3, stdout: `function ${process.version} a,--b\n`, stderr: "" });
  });

  it("runs programs of dependencies", () => {
    const { status, stdout } = run("prettier", "--version");
    expect(status).to.equal(0);
    expect(stdout).to.match(/^\d+\.\d+/);
  });

  it("ends what it has started when it is ended", async () => {
    writeFileSync(join(folder, "scripts/wait.mjs"), "console.log(process.pid); setInterval(() => undefined, 1000);");
    const child = spawn(process.execPath, [join(folder, "scripts/run.mjs"), "--expose-gc", "scripts/wait.mjs"]);
    const [pid] = (await once(child.stdout, "data")) as [Buffer];
    child.kill("SIGTERM");
    const [code] = (await once(child, "close")) as [number | null];
    expect(code).to.equal(143);
    expect(() => process.kill(Number(pid.toString()), 0)).to.throw("ESRCH");
  });
});

describe("The set-up", () => {
  it("leaves dependencies alone that are linked from another checkout, however old", () => {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), "keel-setup-")));
    try {
      for (const name of ["checkout/scripts", "other/.bin"]) mkdirSync(join(folder, name), { recursive: true });
      cpSync(join(ROOT, "scripts/setup.mjs"), join(folder, "checkout/scripts/setup.mjs"));
      writeFileSync(join(folder, "checkout/package-lock.json"), "{}");
      symlinkSync(join(folder, "other"), join(folder, "checkout/node_modules"));
      writeFileSync(
        join(folder, "npm.js"),
        `require("fs").writeFileSync(${JSON.stringify(join(folder, "called"))}, "");`,
      );
      const { status, stderr } = spawnSync(process.execPath, [join(folder, "checkout/scripts/setup.mjs")], {
        env: { ...process.env, npm_execpath: join(folder, "npm.js"), npm_node_execpath: process.execPath },
        encoding: "utf8",
      });
      expect({ status, stderr }).to.deep.equal({ status: 0, stderr: "" });
      expect(existsSync(join(folder, "called"))).to.equal(false);
      expect(existsSync(join(folder, "other/.bin"))).to.equal(true);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

/** Without lines on stderr. */
async function quietly(what: () => Promise<void>, reports: ProgressReport[] = []): Promise<void> {
  const before = onProgress((report) => reports.push(report));
  await what().finally(() => onProgress(before));
}
