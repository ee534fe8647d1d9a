/** Roles of the AccessManager, by id. The admin role (0) and the public role are OpenZeppelin's. */
export const ROLES = { GOVERNOR: 1n, GUARDIAN: 2n, KEEPER: 3n, LISTER: 4n } as const;

export type Role = keyof typeof ROLES;

/** Which role may call which restricted function. A function that is not named here is left to the admin. */
export const PERMISSIONS: readonly { contract: string; functionName: string; role: Role }[] = [
  { contract: "optionVault", functionName: "setModules", role: "GOVERNOR" },
  { contract: "optionVault", functionName: "setLimits", role: "GOVERNOR" },
  { contract: "optionMarket", functionName: "setPricing", role: "GOVERNOR" },
  { contract: "optionMarket", functionName: "listSeries", role: "LISTER" },
  { contract: "hedgeDesk", functionName: "setVenue", role: "GOVERNOR" },
  { contract: "hedgeDesk", functionName: "setMaxSlippage", role: "GOVERNOR" },
  { contract: "hedgeDesk", functionName: "rebalance", role: "KEEPER" },
  { contract: "volSurface", functionName: "setLimits", role: "GOVERNOR" },
  { contract: "volSurface", functionName: "post", role: "KEEPER" },
];
