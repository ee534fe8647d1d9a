import { UserError } from "../../../sdk/userError.ts";
import type { Solc } from "../../compile/solc.ts";

/** A node of the compiler's syntax tree, as it is before names are looked up. */
export interface Node {
  readonly nodeType: string;
  /** `start:length:file`, in bytes. */
  readonly src: string;
  readonly [field: string]: unknown;
}

/** A source file. `text` has one character for each byte, as positions count bytes. */
export interface Source {
  readonly path: string;
  readonly text: string;
  readonly tree: Node;
}

/** Where something is in the text of its source. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** Reads files, given with their contents by path. Imports are not followed. */
export async function parse(files: ReadonlyMap<string, string>, solc: Solc): Promise<Source[]> {
  const { sources = {}, errors = [] } = await solc.compile({
    language: "Solidity",
    sources: Object.fromEntries([...files].map(([path, content]) => [path, { content }])),
    settings: { stopAfter: "parsing", outputSelection: { "*": { "": ["ast"] } } },
  });
  const complaint = errors.find(({ severity }) => severity === "error");
  if (complaint) throw new UserError(complaint.formattedMessage);
  return [...files].map(([path, content]) => ({
    path,
    text: toBytes(content),
    tree: (sources[path] as { readonly ast: Node }).ast,
  }));
}

export function toBytes(content: string): string {
  return Buffer.from(content, "utf8").toString("latin1");
}

export function fromBytes(text: string): string {
  return Buffer.from(text, "latin1").toString("utf8");
}

export function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "nodeType" in value;
}

/** What stands directly below a node, in the order of the source. */
export function childrenOf(node: Node): Node[] {
  return Object.values(node)
    .flatMap((value): unknown => value)
    .filter(isNode)
    .sort((a, b) => rangeOf(a).start - rangeOf(b).start);
}

/** A node and all below it. */
export function descendants(node: Node): Node[] {
  return [node, ...childrenOf(node).flatMap(descendants)];
}

export function rangeOf({ src }: Node): Range {
  const [start = 0, length = 0] = src.split(":").map(Number);
  return { start, end: start + length };
}

/** What a node looks like, on one line. */
export function textOf({ text }: Pick<Source, "text">, { start, end }: Range): string {
  return fromBytes(text.slice(start, end)).replace(/\s+/g, " ").trim();
}

/** `X` of `X(...)`, `Lib.X(...)` or `X`. */
export function nameOf(node: unknown): string {
  if (!isNode(node)) return "";
  if (node.nodeType === "FunctionCall") return nameOf(node.expression);
  return (node.memberName ?? node.name ?? "") as string;
}

/** Arguments of a call. */
export function argumentsOf(call: Node): readonly Node[] {
  return (call.arguments ?? []) as readonly Node[];
}
