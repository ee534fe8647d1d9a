/**
 * Values as text and back, exactly: what was written is what is read, bigints and absent values included. Numbers are
 * written as JavaScript prints them, which names each double unambiguously.
 */

const BIGINT = "$bigint";
const NUMBER = "$number";

/** Text of anything made of plain objects, arrays, strings, numbers, booleans and bigints. */
export function encodeDocument(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => {
    if (typeof inner === "bigint") return { [BIGINT]: inner.toString() };
    if (typeof inner === "number" && (!Number.isFinite(inner) || Object.is(inner, -0))) {
      return { [NUMBER]: Object.is(inner, -0) ? "-0" : String(inner) };
    }
    return inner;
  });
}

/** The value that {@link encodeDocument} was given. Fields that were undefined are absent. */
export function decodeDocument(text: string): unknown {
  return JSON.parse(text, (_, inner: unknown) => {
    if (typeof inner !== "object" || inner === null) return inner;
    if (BIGINT in inner) return BigInt(String(inner[BIGINT]));
    return NUMBER in inner ? Number(inner[NUMBER]) : inner;
  });
}
