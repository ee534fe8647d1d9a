import { Command, InvalidArgumentError } from "commander";
import hre from "hardhat";
import { UserError } from "../sdk/userError.ts";
import { parsePositive, runCommand } from "./command.ts";
import { createRandom } from "../simulator/path/random.ts";
import { type Progress, evolve } from "./search/evolve.ts";
import { type Kind, type Result, dollars } from "./search/kind.ts";
import { KINDS } from "./search/kinds.ts";
import { type Find, findJson, findText } from "./search/report.ts";

interface Flags {
  readonly kinds: readonly Kind[];
  readonly evaluations: number;
  readonly minutes: number;
  readonly seed: number;
  readonly json: boolean;
  readonly compile: boolean;
}

/** Kinds by name, with commas between. */
export function parseKinds(text: string): readonly Kind[] {
  const names = text.split(",").map((name) => name.trim());
  return names.map((name) => {
    const kind = KINDS.find((one) => one.name === name);
    if (!kind) throw new InvalidArgumentError(`Kinds are ${KINDS.map((one) => one.name).join(", ")}.`);
    return kind;
  });
}

/** A whole number that is a seed or a count. */
export function parseWhole(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > 0xffff_ffff) {
    throw new InvalidArgumentError("It must be a whole number from 1 to 4294967295.");
  }
  return value;
}

async function search(kind: Kind, { evaluations, minutes, seed }: Flags): Promise<Find> {
  const { chain, nav, alphabet, evaluate } = await kind.open();
  const began = Date.now();
  let printed = -Infinity;
  const onGeneration = ({ generation, evaluations: done, restarts, best }: Progress<Result>) => {
    if (best.result.score > printed || generation % 10 === 0) {
      const perHundred = ((Date.now() - began) / done / 10).toFixed(0);
      console.error(
        `${kind.name}: generation ${generation}, ${done} attacks tried, ${restarts} restarts, best ` +
          `${dollars(best.result.profit)} (score ${dollars(best.result.score)}), ${perHundred} s per hundred`,
      );
    }
    printed = Math.max(printed, best.result.score);
  };
  try {
    const random = createRandom(seed);
    const isOver = () => Date.now() - began > minutes * 60_000;
    const done = await evolve({ alphabet, evaluate, evaluations, isOver, random, onGeneration });
    return { kind, nav, seed, seconds: (Date.now() - began) / 1000, ...done };
  } finally {
    await chain.close();
  }
}

async function run(flags: Flags): Promise<void> {
  if (flags.compile) await hre.tasks.getTask("build").run({ quiet: true });
  const finds: Find[] = [];
  for (const kind of flags.kinds) {
    const find = await search(kind, flags);
    finds.push(find);
    if (!flags.json) console.log(findText(find));
  }
  if (flags.json) console.log(JSON.stringify(finds.map(findJson), null, 2));
  const broken = finds.filter(({ best }) => best.result.score > 0);
  if (broken.length > 0) throw new UserError(`Bounds are broken: ${broken.map(({ kind }) => kind.name).join(", ")}.`);
}

if (import.meta.url === `file://${process.argv[1]}`) {
  await runCommand(
    new Command("search:attacks")
      .description(
        "Searches for attacks: evolves sequences of trades, posts, pushes and waits, from random ones alone, on a local chain with the " +
          "default parameters. Fails when the best that it finds is beyond the bound.",
      )
      .option(
        "--kinds <list>",
        `which kinds: ${KINDS.map(({ name, title }) => `${name} (${title})`).join(", ")}`,
        parseKinds,
        KINDS,
      )
      .option("--evaluations <number>", "attacks to try for each kind", parseWhole, 1000)
      .option("--minutes <number>", "stop searching for a kind after so long", parsePositive, Infinity)
      .option("--seed <number>", "the same seed begins with the same attacks", parseWhole, 1)
      .option("--no-compile", "take the contracts as they were compiled last")
      .option("--json", "print what was found as JSON", false)
      .action(run),
  );
}
