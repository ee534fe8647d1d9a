import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import type { OptionQuote } from "../../../sdk/pricing/calibration/index.ts";
import { runKeel } from "../../support/runKeel.ts";
import { sharedDataOrSkip } from "../../support/sharedData.ts";
import { CHAIN_SPOT, CHAIN_TIME, TRUE_SLICES, syntheticChain } from "../../support/syntheticChain.ts";

const REAL_CHAIN = "deribit-eth-options-2024-01-08.csv";
/** Vol points over 0.1 ≤ |delta| ≤ 0.9. */
const RMSE_BOUND = 0.015;

interface Report {
  readonly expiries: readonly {
    readonly expiry: number;
    readonly rmse: number;
    readonly headroom: { readonly butterfly: number; readonly calendar?: number };
    readonly skippedByReason: Record<string, number>;
    readonly onChain: Record<string, string>;
  }[];
  readonly failures: readonly unknown[];
}

describe("keel calibrate", () => {
  let folder: string;
  let chain: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "keel-calibrate-"));
    chain = join(folder, "chain.csv");
    await writeFile(chain, asCsv(syntheticChain().quotes));
  });

  after(() => rm(folder, { recursive: true }));

  it("prints a line per expiry", async () => {
    const { code, stdout } = await runKeel("calibrate", "--chain", chain);
    expect(code).to.equal(0);
    expect(stdout).to.include("ETH at 2024-01-08 08:00 UTC, index 2200.00");
    expect(stdout).to.match(/2024-02-07 +30\.0 .* 68\.0[01]% +-0\.08/);
  });

  it("prints JSON alone on stdout", async () => {
    const { stdout } = await runKeel("calibrate", "--chain", chain, "--json");
    const report = JSON.parse(stdout) as Report;
    expect(report.expiries).to.have.length(TRUE_SLICES.length);
    expect(report.expiries[0]!.onChain.atmVol).to.match(/^(7999|8000)\d{14}$/);
  });

  it("writes the slices and a self-contained page", async () => {
    const [plot, out] = [join(folder, "surface.html"), join(folder, "slices.json")];
    const { code, stderr } = await runKeel("calibrate", "--chain", chain, "--plot", plot, "--out", out);
    expect(code, stderr).to.equal(0);
    const page = await readFile(plot, "utf8");
    expect(page.match(/<svg /g)).to.have.length(TRUE_SLICES.length);
    expect(page).to.not.match(/<script|src=|href="http/);
    expect(page, "every chart colour follows the scheme").to.not.match(/#0[1-9]0[1-9]0[1-9]/);
    const { slices } = JSON.parse(await readFile(out, "utf8")) as { slices: { expiry: number }[] };
    expect(slices.map(({ expiry }) => expiry)).to.deep.equal(TRUE_SLICES.map(([days]) => CHAIN_TIME + days * 86_400));
    expect((await readdir(folder)).filter((name) => name.endsWith(".tmp"))).to.deep.equal([]);
  });

  it("says which expiry failed and why, and fits the others", async () => {
    const path = join(folder, "thin.csv");
    const quotes = syntheticChain().quotes.filter((_, i) => Math.floor(i / 26) !== 1 || i % 26 < 2);
    await writeFile(path, asCsv(quotes));
    const { code, stdout } = await runKeel("calibrate", "--chain", path);
    expect(code).to.equal(0);
    expect(stdout).to.include("2024-01-17 was not fitted: only one strike has usable quotes, a smile needs 3.");
  });

  it("fails with a sentence and writes nothing when no expiry can be fitted", async () => {
    const out = join(folder, "none.json");
    const { code, stderr } = await runKeel("calibrate", "--chain", chain, "--at", "2030-01-01", "--out", out);
    expect(code).to.equal(1);
    expect(stderr).to.match(
      /^keel: No expiry of .* could be fitted at 2030-01-01 00:00 UTC\. 2024-01-10 was not fitted: it has expired\./,
    );
    expect(await readdir(folder)).to.not.include("none.json");
  });

  const mistakes: [name: string, args: string[], sentence: RegExp][] = [
    [
      "a missing file",
      ["--chain", "no-such.csv"],
      /^keel: Cannot read the option chain no-such\.csv: there is no such file\.$/m,
    ],
    ["an unreadable time", ["--at", "yesterday"], /^keel: --at must be a time like .*, not "yesterday"\.$/m],
    ["milliseconds as a time", ["--at", "1704712781414"], /^keel: --at must be a time/m],
    ["a bad price", ["--spot", "-5"], /^keel: --spot must be a positive price, not "-5"\.$/m],
    [
      "an unwritable place",
      ["--out", "/no-such-folder/slices.json"],
      /^keel: Cannot write \/no-such-folder\/slices\.json/m,
    ],
  ];
  for (const [name, args, sentence] of mistakes) {
    it(`turns ${name} into a sentence`, async () => {
      const all = args.includes("--chain") ? args : ["--chain", chain, ...args];
      const { code, stdout, stderr } = await runKeel("calibrate", ...all);
      expect(code).to.equal(1);
      expect(stderr).to.match(sentence);
      expect(stdout).to.equal("");
    });
  }

  it("fits every expiry of a real chain, within 1.5 vol points", async function () {
    const path = sharedDataOrSkip(this, REAL_CHAIN);
    const { stdout } = await runKeel("calibrate", "--chain", path, "--json");
    const { expiries, failures } = JSON.parse(stdout) as Report;
    expect(failures).to.deep.equal([]);
    expect(expiries).to.have.length(11);
    for (const { expiry, rmse, headroom } of expiries) {
      expect(rmse, String(expiry)).to.be.at.most(RMSE_BOUND);
      expect(headroom.butterfly).to.be.greaterThan(0);
      expect(headroom.calendar ?? 1).to.be.greaterThan(0);
    }
  });
});

/** As Deribit names fields and instruments. */
function asCsv(quotes: readonly OptionQuote[]): string {
  const rows = quotes.map(({ kind, strike, expiry, bid, ask, mark, underlying }) => {
    const date = new Date(expiry * 1000);
    const month = date.toLocaleString("en-US", { month: "short", timeZone: "UTC" }).toUpperCase();
    const day = `${String(date.getUTCDate())}${month}${String(date.getUTCFullYear() % 100)}`;
    const name = `ETH-${day}-${String(strike)}-${kind === "call" ? "C" : "P"}`;
    return [name, bid, ask, mark, underlying, CHAIN_SPOT, CHAIN_TIME * 1000].join(",");
  });
  const header =
    "instrument_name,bid_price,ask_price,mark_price,underlying_price,estimated_delivery_price,creation_timestamp";
  return `${header}\n${rows.join("\n")}\n`;
}
