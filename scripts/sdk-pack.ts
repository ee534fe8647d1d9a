import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { runCommand } from "./command.ts";
import { buildPackage, packPackage } from "./sdk/package.ts";

const OUT = fileURLToPath(new URL("../sdk/dist", import.meta.url));

await runCommand(
  new Command("sdk:pack")
    .description(
      "Builds sdk/ as a package (ES modules with types, JSON ABIs) and packs it into one file that npm can install.",
    )
    .option("--out <folder>", "where the package and its file go", OUT)
    .option("--json", "print the file and what is in it as JSON", false)
    .action(({ out, json }: { readonly out: string; readonly json: boolean }) => {
      buildPackage(out);
      const packed = packPackage(out);
      if (json) return console.log(JSON.stringify(packed, null, 2));
      console.log(`${packed.file}: ${packed.files.length} files, ${(packed.bytes / 1000).toFixed(0)} kB`);
    }),
);
