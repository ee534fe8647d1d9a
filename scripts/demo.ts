import { Command, InvalidArgumentError } from "commander";
import { parsePort, runCommand } from "./command.ts";
import { type DemoFlags, checkedOptions } from "./demo/options.ts";
import { BUNDLED } from "../simulator/path/prices.ts";
import { parseTime } from "../simulator/path/priceFile.ts";

await runCommand(
  new Command("demo")
    .description(
      "Plays a story on a local chain: LPs, traders and a real keeper process over a path of hourly prices, until " +
        "everyone is paid and every cent is accounted for. Without options the path is generated from a seed.",
    )
    .option("--prices <file>", "replay a CSV file with the columns timestamp (unix seconds), low, high, close")
    .option("--from <time>", "first moment of the window, e.g. 2021-05-17 (UTC) or unix seconds", parseMoment)
    .option("--to <time>", "end of the window, not included", parseMoment)
    .option("--hours <number>", "play only the first so many bars", parseCount)
    .option("--seed <number>", "seed of the generated path and of the traders' wishes", parseSeed, BUNDLED.seed)
    .option("--port <number>", "port of the local chain; 0 takes a free one", parsePort, 0)
    .option("--json", "print the result as JSON on stdout, and progress on stderr", false)
    .option("--report <file>", "write a page with plots")
    .action(demo),
);

/** What is asked for is checked before the chain's machinery is loaded, so that a mistake is answered at once. */
async function demo(flags: DemoFlags, command: Command): Promise<void> {
  const options = await checkedOptions(flags, command.opts<{ verbose: boolean }>().verbose);
  const { runDemo } = await import("./demo/run.ts");
  await runDemo(options);
}

function parseMoment(text: string): number {
  const time = parseTime(text);
  if (time === undefined) {
    throw new InvalidArgumentError('It must be a date such as "2021-05-17", "2021-05-17T08:00" (UTC) or unix seconds.');
  }
  return time;
}

function parseCount(text: string): number {
  if (!/^\d+$/.test(text) || Number(text) < 2) throw new InvalidArgumentError("It must be a whole number from 2 on.");
  return Number(text);
}

function parseSeed(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("It must be a whole number of up to nine digits.");
  return Number(text);
}
