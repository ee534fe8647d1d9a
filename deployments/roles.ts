/** Roles of the AccessManager, by id; docs/governance.md says what each can do. The public role is OpenZeppelin's. */
export const ROLES = { GOVERNOR: 1n, GUARDIAN: 2n, KEEPER: 3n, LISTER: 4n, POSTER: 5n, REVOKER: 6n } as const;

/** OpenZeppelin's role that grants the others. */
export const ADMIN_ROLE = 0n;

/** Roles of bots, which the REVOKER administers: the contract that can only revoke them, and governors, after their delay. */
export const HOT_ROLES = [ROLES.KEEPER, ROLES.LISTER, ROLES.POSTER] as const;

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
  { contract: "optionMarket", functionName: "delistSeries", role: "LISTER" },
  { contract: "hedgeDesk", functionName: "setVenue", role: "GOVERNOR" },
  { contract: "hedgeDesk", functionName: "setRules", role: "GOVERNOR" },
  { contract: "hedgeDesk", functionName: "setBudgets", role: "GOVERNOR" },
  { contract: "hedgeDesk", functionName: "setLending", role: "GOVERNOR" },
  { contract: "hedgeDesk", functionName: "rebalance", role: "KEEPER" },
  { contract: "volSurface", functionName: "setLimits", role: "GOVERNOR" },
  { contract: "volSurface", functionName: "setVault", role: "GOVERNOR" },
  { contract: "volSurface", functionName: "freeze", role: "REVOKER" },
  { contract: "roleRevoker", functionName: "revoke", role: "GUARDIAN" },
  { contract: "volSurface", functionName: "post", role: "POSTER" },
];
