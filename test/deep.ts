/** Set by `npm run test:deep`: more random cases, slower checks. */
export const DEEP = process.env.KEEL_DEEP === "1";
