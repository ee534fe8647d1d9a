/** Roles of the AccessManager, by id; docs/governance.md says what each can do. The public role is OpenZeppelin's. */
export const ROLES = { GOVERNOR: 1n, GUARDIAN: 2n, KEEPER: 3n, LISTER: 4n, POSTER: 5n } as const;

/** OpenZeppelin's role that grants the others. */
export const ADMIN_ROLE = 0n;

export type Role = keyof typeof ROLES;

/** Which role may call which restricted function. A function that is not named here is left to the admin. */
export const PERMISSIONS: readonly { contract: string; functionName: string; role: Role }[] = [
  { contract: "optionVault", functionName: "setModules", role: "GOVERNOR" },
  { contract: "optionVault", functionName: "setOracle", role: "GOVERNOR" },
  { contract: "optionVault", functionName: "setLimits", role: "GOVERNOR" },
  { contract: "optionVault", functionName: "pause", role: "GUARDIAN" },
  { contract: "optionVault", functionName: "unpause", role: "GUARDIAN" },
  { contract: "optionMarket", functionName: "setPricing", role: "GOVERNOR" },
  { contract: "optionMarket", functionName: "setListing", role: "GOVERNOR" },
  { contract: "optionMarket", functionName: "settleWithoutFeed", role: "GOVERNOR" },
  { contract: "optionMarket", functionName: "listSeries", role: "LISTER" },
  { contract: "hedgeDesk", functionName: "setVenue", role: "GOVERNOR" },
  { contract: "hedgeDesk", functionName: "setRules", role: "GOVERNOR" },
  { contract: "hedgeDesk", functionName: "setBudgets", role: "GOVERNOR" },
  { contract: "hedgeDesk", functionName: "setLending", role: "GOVERNOR" },
  { contract: "hedgeDesk", functionName: "rebalance", role: "KEEPER" },
  { contract: "volSurface", functionName: "setLimits", role: "GOVERNOR" },
  { contract: "volSurface", functionName: "post", role: "POSTER" },
];
