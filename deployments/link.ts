import type { Address, Hex } from "viem";

/** Where in a creation bytecode the addresses of libraries belong: by source file, then by library, in bytes. */
export type LinkReferences = Readonly<
  Record<string, Readonly<Record<string, readonly { readonly start: number; readonly length: number }[]>>>
>;

/** The artifact with the addresses of its libraries filled in. */
export function link<T extends { readonly bytecode: Hex; readonly linkReferences: LinkReferences }>(
  artifact: T,
  libraries: Readonly<Record<string, Address>>,
): T {
  let code: string = artifact.bytecode;
  for (const [name, positions] of Object.values(artifact.linkReferences).flatMap((file) => Object.entries(file))) {
    const library = libraries[name];
    if (!library) throw new Error(`The library ${name} is missing.`);
    for (const { start, length } of positions) {
      const from = 2 + 2 * start; // after "0x"
      code = code.slice(0, from) + library.slice(2).toLowerCase() + code.slice(from + 2 * length);
    }
  }
  return { ...artifact, bytecode: code as Hex };
}
