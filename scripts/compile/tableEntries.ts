/* Types of WebAssembly belong to browsers; this is what is needed of them. */
interface Table {
  readonly length: number;
  get: (this: Table, index: number) => unknown;
  set: (this: Table, index: number, value?: unknown) => void;
  grow: (this: Table, by: number, value?: unknown) => number;
}

declare const WebAssembly: { readonly Table: { readonly prototype: Table } };

/**
 * Makes looking up a WebAssembly function by its number cheap, for modules loaded from now on. The compiler, built without
 * WebAssembly's own exceptions, does so for every call that may throw, which takes a fifth of its time otherwise.
 */
export function rememberTableEntries(): void {
  const { get, set, grow } = WebAssembly.Table.prototype;
  WebAssembly.Table.prototype.get = function (first) {
    const blank = (): unknown[] => new Array<unknown>(this.length).fill(undefined);
    let known = blank();
    this.get = (index) => (known[index] ??= get.call(this, index));
    this.set = (...args) => {
      set.apply(this, args);
      known = blank();
    };
    this.grow = (...args) => {
      const before = grow.apply(this, args);
      known = blank();
      return before;
    };
    return this.get(first);
  };
}
