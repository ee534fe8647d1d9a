import { customType } from "drizzle-orm/pg-core";
import { decodeDocument, encodeDocument } from "./document.ts";

/** A whole number of any size the chain has: NUMERIC(78, 0). */
export const whole = customType<{ data: bigint; driverData: string }>({
  dataType: () => "numeric(78, 0)",
  toDriver: (value) => value.toString(),
  fromDriver: (text) => BigInt(text),
});

/** Anything, as text that reads back exactly. Not JSONB, which rewrites numbers. */
export function document<T>(name: string) {
  return customType<{ data: T; driverData: string }>({
    dataType: () => "text",
    toDriver: encodeDocument,
    fromDriver: (text) => decodeDocument(text) as T,
  })(name);
}
