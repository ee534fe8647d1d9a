import type { Command } from "commander";
import pc from "picocolors";
import { loadConfig } from "../config.ts";
import { type CheckResult, examine } from "../doctor/check.ts";
import { doctorChecks } from "../doctor/checks.ts";
import { UserError } from "../../sdk/userError.ts";
import { type ChainOptions, configFlags, withChainOptions } from "./options.ts";

/** Adds `keel doctor`. */
export function registerDoctor(program: Command): void {
  const command = program
    .command("doctor")
    .description("check everything that the keeper needs; exit code 1 if something is missing or wrong")
    .option("--json", "print the results as JSON");
  withChainOptions(command).action(doctor);
}

async function doctor(options: ChainOptions): Promise<void> {
  const { json, ...flags } = options;
  const results = await examine(doctorChecks(loadConfig(configFlags(flags)), process.env, () => Date.now() / 1000));
  console.log(json ? JSON.stringify(results, null, 2) : results.map(line).join("\n"));
  const failed = results.filter(({ status }) => status === "fail").length;
  if (failed > 0) throw new UserError(`${failed} of ${results.length} checks failed.`);
}

const MARKS = { ok: pc.green("ok  "), warn: pc.yellow("warn"), fail: pc.red("FAIL"), skip: pc.dim("skip") } as const;

function line({ name, status, detail }: CheckResult): string {
  return `${MARKS[status]}  ${name}: ${detail}`;
}
