/** What a market takes from the top of the configuration. Feeds are not among it: they are about one underlying. */
const SHARED_GROUPS = ["hedging", "duties", "risk"] as const;
const SHARED_FIELDS = ["feeTier"] as const;

type Raw = Record<string, unknown>;

/** A configuration as it was written, with every market made whole by what stands at the top. What a market says wins. */
export function withDefaultsOfMarkets(raw: Raw): Raw {
  const { markets } = raw;
  if (!Array.isArray(markets)) return raw;
  return { ...raw, markets: markets.map((market: unknown) => (isRecord(market) ? wholeMarket(market, raw) : market)) };
}

/** Whether something wrong at `path` was written there: what a market took from the top is told of there, once. */
export function inMarketOnly(path: readonly (string | number)[], raw: Raw): boolean {
  const [top, index, ...field] = path;
  if (top !== "markets" || index === undefined) return true;
  return valueAt(raw, path) !== undefined || valueAt(raw, field) === undefined;
}

function wholeMarket(market: Raw, top: Raw): Raw {
  const fields = SHARED_FIELDS.flatMap((name) => (top[name] === undefined ? [] : [[name, top[name]] as const]));
  const groups = SHARED_GROUPS.flatMap((name) => {
    const [shared, own] = [top[name], market[name]];
    if (shared === undefined) return [];
    return [[name, isRecord(shared) && (own === undefined || isRecord(own)) ? { ...shared, ...own } : (own ?? shared)]];
  });
  return { ...Object.fromEntries(fields), ...market, ...(Object.fromEntries(groups) as Raw) };
}

function valueAt(raw: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((inner, key) => (inner as Raw | undefined)?.[key], raw);
}

function isRecord(value: unknown): value is Raw {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
