import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { NO_RISK, type RiskState } from "../monitoring/riskLimits.ts";

const schema = z.object({
  peak: z.number(),
  hours: z.array(z.object({ hour: z.number(), turnover: z.number(), loss: z.number() })),
});

/** What the risk limits have to remember of one market, so that a restart forgives nothing. */
export interface RiskMemory {
  load(): RiskState;
  save(state: RiskState): void;
}

/** Kept as a file of the data folder. */
export function riskMemory(dataFolder: string, market: string): RiskMemory {
  const path = join(dataFolder, `risk-${encodeURIComponent(market)}.json`);
  let stored = "";
  return {
    load: () => {
      try {
        return schema.parse(JSON.parse(readFileSync(path, "utf8")));
      } catch {
        return NO_RISK;
      }
    },
    save: (state) => {
      const text = `${JSON.stringify(state)}\n`;
      if (text === stored) return;
      mkdirSync(dataFolder, { recursive: true });
      writeFileSync(`${path}.tmp`, text);
      renameSync(`${path}.tmp`, path);
      stored = text;
    },
  };
}
