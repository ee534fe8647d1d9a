import { format } from "prettier";
import { FIGURES, FLAT, type Figure, type Gas, PEERS, growth } from "./figures.ts";

const number = (value: number) => value.toLocaleString("en-US");

/** docs/gas.md, as prettier has it. */
export function gasPage(gas: Gas): Promise<string> {
  const figures: readonly Figure[] = FIGURES;
  const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const table = [
    row(["operation", "gas", "target", ...PEERS]),
    row(["---", "---:", "---:", ...PEERS.map(() => "---:")]),
    ...figures.map(({ id, operation, target, peers }) => {
      const used = gas[id as keyof Gas];
      const bound =
        target === undefined ? "" : `≤ ${number(target)}${used !== undefined && used > target ? " (missed)" : ""}`;
      return row([
        operation,
        used === undefined ? "not there yet" : number(used),
        bound,
        ...(peers ?? PEERS.map(() => "")),
      ]);
    }),
  ];
  const flat = FLAT.map(({ ids, share }) => {
    const by = growth(gas, ids);
    const names = ids.map((id) => FIGURES.find((figure) => figure.id === id)?.operation ?? id).join(" / ");
    return `- ${names}: ${by === undefined ? "not there yet" : `${(100 * by).toFixed(2)} %`}, at most ${100 * share} %`;
  });
  return format(
    [
      "# Gas",
      "",
      "`receipt.gasUsed` of whole transactions on the local chain, with Uniswap's and Aave's own bytecode. Written by",
      "`npm run bench:gas`; `npm run bench:gas -- --check` fails when a figure has grown by more than 2 % over",
      "[test/fixtures/gas.json](../test/fixtures/gas.json), and CI runs it. Columns to the right: what others need for the same, in",
      "**thousands** of gas.",
      "",
      ...table,
      "",
      "**Flat?** The larger of two figures over the smaller:",
      "",
      ...flat,
      "",
      "## What is measured",
      "",
      "- The mark is fresh, and the pool was traded 30 seconds before, inside the window of the average: the oracle has to search the",
      "  pool's observations for it, as on a busy chain. In a quiet market a trade costs less.",
      '- "Again" means that trader, series and allowance were there before; "first" is a trader without the token of a series that others hold.',
      "- The hedge of a trade is none, or long: the vault knows it. While it has a loan the desk is asked, which asks Aave.",
      "- Marks are divided by the number of series that they count. An epoch takes deposits and redemptions; the mark that is part of it is",
      "  measured at the same moment and subtracted.",
      "- The feed is in the phase in which the oracle was deployed. In a later one each read asks for its decimals: some 2,600 gas more.",
      "- A target is what the design asks for. Where it is missed, the table says so.",
      "",
      "## The others",
      "",
      "Measured on each project's own code with its own compiler settings, one expiry of five strikes that had all traded. Lyra's Synthetix and",
      "the price feeds of all are the projects' mocks, so their figures are lower bounds. Much of what they leave out of a trade (valuing the",
      "book, hedging) they pay for elsewhere: compare a trade and its share of the upkeep. Growth: a trade on Lyra takes 5k more per strike and 7k",
      "per board, on Derive 62k and on Panoptic 61k more per position held; Rysk's and Premia's trades are flat, while valuing their books is linear",
      "with the constant in the table (Rysk: 12.6M at 90 series).",
      "",
    ].join("\n"),
    { parser: "markdown", printWidth: 120 },
  );
}
