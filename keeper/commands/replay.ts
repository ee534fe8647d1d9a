import { type Command, InvalidArgumentError } from "commander";
import { loadConfig } from "../config.ts";
import { UserError } from "../../sdk/userError.ts";
import { type Order, type Plan, planHedge } from "../hedging/planner.ts";
import { encodeDocument } from "../store/document.ts";
import { type PlannerInputs, type StoredTick, readTick } from "../store/records.ts";
import { openStore } from "../store/session.ts";
import { abs, fromUsdc, fromWad } from "../../sdk/units.ts";
import { type StoreOptions, storeFlags, withStoreOptions } from "./options.ts";

/** A tick decided again from what it was decided from. */
export interface Replay {
  readonly tick: StoredTick;
  readonly decided: Plan;
  readonly again: Plan;
  /** To the last digit. */
  readonly isSame: boolean;
}

/** Adds `keel replay`. */
export function registerReplay(program: Command): void {
  const command = program
    .command("replay")
    .argument("<tick>", "number of the tick, as keel history shows it", parseTick)
    .description(
      "decide a recorded tick again, from exactly what it was decided from; exit code 1 if it comes out different",
    )
    .option("--json", "print inputs and both decisions as JSON");
  withStoreOptions(command).action(replay);
}

async function replay(id: number, options: StoreOptions): Promise<void> {
  const store = await openStore(loadConfig(storeFlags(options)));
  try {
    const tick = await readTick(store.db, id);
    if (!tick) throw new UserError(`There is no tick ${id}. "keel history" lists those that were recorded.`);
    if (!isReplayable(tick.inputs)) {
      console.log(
        options.json ? JSON.stringify({ id, skipped: OTHER_FORM }) : `Tick ${id} was skipped: ${OTHER_FORM}.`,
      );
      return;
    }
    const result = replayTick(tick);
    console.log(options.json ? replayJson(result) : replayText(result));
    if (result.isSame) return;
    throw new UserError(`Tick ${id} is decided differently now: this is another version of the planner.`);
  } finally {
    await store.close();
  }
}

const OTHER_FORM = "it was recorded by another version, which decided from inputs of another form";

/** Whether a tick holds what this version's planner is given: a state and a policy. */
export function isReplayable(inputs: unknown): inputs is PlannerInputs {
  if (!Array.isArray(inputs) || inputs.length !== 2) return false;
  const [state] = inputs as readonly unknown[];
  return typeof state === "object" && state !== null && "snapshot" in state && "venues" in state && "desk" in state;
}

/** Pure: neither chain nor clock has a say. */
export function replayTick(tick: StoredTick): Replay {
  const decided = tick.decision as Plan;
  const again = planHedge(...tick.inputs);
  return { tick, decided, again, isSame: encodeDocument(decided) === encodeDocument(again) };
}

/** Amounts are the chain's own integers, as strings. */
function replayJson({ tick, again, isSame }: Replay): string {
  const plain = (_: string, value: unknown) => (typeof value === "bigint" ? value.toString() : value);
  return JSON.stringify({ ...tick, again, isSame }, plain, 2);
}

function replayText({ tick, decided, again, isSame }: Replay): string {
  const lines = [
    `Tick ${tick.id} of ${tick.market} at block ${tick.block}`,
    `  decided then  ${sentenceOf(decided)}`,
    `  decided now   ${sentenceOf(again)}`,
    isSame ? "  the same, to the last digit" : "  not the same",
  ];
  return lines.join("\n");
}

function sentenceOf(plan: Plan): string {
  const [netDelta, band] = [plan.netDelta, plan.band].map((wad) => fromWad(wad).toFixed(4));
  return `${plan.decision === "hedge" ? orderText(plan.order) : "hold"} (${plan.reason.code}), net delta ${netDelta}, band ±${band}`;
}

function orderText({ amount, cashLimit }: Order): string {
  const cash = `${fromUsdc(cashLimit).toFixed(2)} USDC`;
  const size = fromWad(abs(amount)).toFixed(4);
  return amount > 0n ? `buy ${size} for at most ${cash}` : `sell ${size} for at least ${cash}`;
}

function parseTick(text: string): number {
  const id = Number(text);
  if (Number.isSafeInteger(id) && id > 0) return id;
  throw new InvalidArgumentError("It must be a tick's number, such as 12.");
}
