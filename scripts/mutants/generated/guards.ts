import type { Edit } from "./render.ts";
import {
  type Node,
  type Range,
  type Source,
  argumentsOf,
  childrenOf,
  descendants,
  nameOf,
  rangeOf,
  textOf,
} from "./syntax.ts";

/**
 * What a mutant takes away. revert: a revert statement, or the condition of a require. operand: one operand of the condition.
 * call: a call of a function that can do nothing but revert. modifier: one use of a modifier. arithmetic: see arithmetic.ts.
 */
export type Kind = "revert" | "operand" | "call" | "modifier" | "arithmetic";

/** One change of one place. */
export interface Found extends Range {
  /** `Contract.function Error`, without any line number. */
  readonly id: string;
  readonly kind: Kind;
  readonly path: string;
  readonly contract: string;
  /** The error, helper, modifier or function that a test of it may name. */
  readonly name: string;
  /** @param k The number of its mutant. @param text What is there. @param part The text of a part of it. */
  readonly rewrite: (k: number, text: string, part: (range: Range) => string) => string;
}

/** An edit that no mutant is for: it makes room for others. */
export type Support = Edit & { readonly path: string };

export interface Guards {
  readonly sites: readonly Found[];
  readonly support: readonly Support[];
}

/** Where in the sources one is. */
interface Place {
  readonly source: Source;
  readonly contract: string;
  readonly fn: string;
}

const FOR_CALLERS = "keelMutant";

/** Finds all guards of some sources. */
export function findGuards(sources: readonly Source[]): Guards {
  const helpers = helpersOf(sources);
  const modifiers = modifiersOf(sources);
  const sites: Found[] = [];
  const support: Support[] = [];
  const visit = (node: Node, place: Place): void => {
    if (node.nodeType === "ContractDefinition" && node.contractKind === "interface") return;
    const here = placeOf(node, place);
    sites.push(...guardsAt(node, here, helpers, modifiers));
    if (node.nodeType === "ModifierDefinition" && modifiers.has(nameOf(node))) support.push(...openUp(node, here));
    for (const child of childrenOf(node)) visit(child, here);
  };
  for (const source of sources) visit(source.tree, { source, contract: "", fn: "" });
  return { sites, support };
}

function placeOf(node: Node, place: Place): Place {
  if (node.nodeType === "ContractDefinition") return { ...place, contract: nameOf(node) };
  if (node.nodeType === "ModifierDefinition") return { ...place, fn: nameOf(node) };
  if (node.nodeType !== "FunctionDefinition") return place;
  return { ...place, fn: nameOf(node) || String(node.kind) };
}

function guardsAt(
  node: Node,
  place: Place,
  helpers: ReadonlySet<string>,
  modifiers: ReadonlySet<string>,
): readonly Found[] {
  switch (node.nodeType) {
    case "RevertStatement":
      return [revertSite(node, place, errorOf(node.errorCall as Node))];
    case "InlineAssembly":
      return descendants(node).some((inner) => inner.nodeType === "YulFunctionCall" && isYulRevert(inner))
        ? [revertSite(node, place, "assembly")]
        : [];
    case "IfStatement": {
      const [error] = revertsOf(node.trueBody as Node);
      return error === undefined ? [] : operands(node.condition as Node, place, errorOf(error.errorCall as Node));
    }
    case "ExpressionStatement":
      return statementSites(node.expression as Node, node, place, helpers);
    case "ModifierInvocation": {
      const name = nameOf(node.modifierName);
      return modifiers.has(name) ? [modifierSite(node, place, name)] : [];
    }
    default:
      return [];
  }
}

function statementSites(call: Node, statement: Node, place: Place, helpers: ReadonlySet<string>): readonly Found[] {
  if (call.nodeType !== "FunctionCall") return [];
  const name = nameOf(call);
  const [first, second] = argumentsOf(call);
  if (name === "revert") return [revertSite(statement, place, "revert")];
  if (name === "require" && first !== undefined) {
    const error = second === undefined ? "require" : errorOf(second);
    const site: Found = {
      ...siteAt(first, place, "revert", error, `${place.contract}.${place.fn} ${error}`),
      rewrite: (k, text) => `(${text}) || Mutants.on(${k})`,
    };
    return [site, ...operands(first, place, error)];
  }
  if (!helpers.has(name)) return [];
  const label = withLiteral(name, call);
  const site: Found = {
    ...siteAt(statement, place, "call", name, `${place.contract}.${place.fn} calls ${label}`),
    rewrite: wrapStatement,
  };
  return [withSemicolon(site, place), ...(first === undefined ? [] : operands(first, place, label))];
}

function revertSite(statement: Node, place: Place, error: string): Found {
  const id = `${place.contract}.${place.fn} ${error}`;
  return withSemicolon({ ...siteAt(statement, place, "revert", error, id), rewrite: wrapStatement }, place);
}

function modifierSite(node: Node, place: Place, name: string): Found {
  return {
    ...siteAt(node, place, "modifier", name, `${place.contract}.${place.fn} is ${name}`),
    rewrite: (k, text) => {
      const use = text.trimEnd();
      const space = text.slice(use.length);
      return use.endsWith(")") ? `${use.slice(0, -1)}, ${k})${space}` : `${use}(${k})${space}`;
    },
  };
}

/** Every operand of `a || b` and `a && b`, at any depth: without it, the other decides. */
function operands(condition: Node, place: Place, error: string): readonly Found[] {
  const inner = unwrapped(condition);
  const operator = inner.nodeType === "BinaryOperation" ? inner.operator : undefined;
  if (operator !== "||" && operator !== "&&") return [];
  return chain(inner, operator).flatMap((operand) => [
    {
      ...siteAt(
        operand,
        place,
        "operand",
        error.replace(/\(.*/, ""),
        `${place.contract}.${place.fn} ${error} without ${textOf(place.source, rangeOf(operand))}`,
      ),
      rewrite: (k, text) =>
        operator === "||" ? `((${text}) && !Mutants.on(${k}))` : `((${text}) || Mutants.on(${k}))`,
    },
    ...operands(operand, place, error),
  ]);
}

/** The operands of a whole chain `a || b || c`. */
function chain(node: Node, operator: string): Node[] {
  if (node.nodeType !== "BinaryOperation" || node.operator !== operator) return [node];
  return [...chain(node.leftExpression as Node, operator), ...chain(node.rightExpression as Node, operator)];
}

function unwrapped(node: Node): Node {
  const components = node.components as readonly Node[] | undefined;
  return node.nodeType === "TupleExpression" && components?.length === 1 ? unwrapped(components[0]!) : node;
}

function siteAt(
  node: Node,
  { source, contract }: Place,
  kind: Kind,
  error: string,
  id: string,
): Omit<Found, "rewrite"> {
  return { id, kind, path: source.path, contract, name: error.replace(/\(.*/, ""), ...rangeOf(node) };
}

function withSemicolon(site: Found, { source }: Place): Found {
  const after = /^\s*;/.exec(source.text.slice(site.end));
  return source.text[site.end - 1] === ";" || !after ? site : { ...site, end: site.end + after[0].length };
}

/** In braces, so that an `else` stays with its `if`. */
function wrapStatement(k: number, text: string): string {
  return `{ if (!Mutants.on(${k})) ${text} }`;
}

function errorOf(call: Node): string {
  return withLiteral(nameOf(call), call);
}

/** `InvalidRules(bandBps)` for `InvalidRules("bandBps")`. */
function withLiteral(name: string, call: Node): string {
  const text = argumentsOf(call).find(({ kind }) => kind === "string");
  return text === undefined ? name : `${name}(${String(text.value)})`;
}

function revertsOf(body: Node): readonly Node[] {
  if (body.nodeType === "RevertStatement") return [body];
  const statements = (body.nodeType === "Block" ? body.statements : []) as readonly Node[];
  return statements.slice(-1).filter(({ nodeType }) => nodeType === "RevertStatement");
}

function isYulRevert(call: Node): boolean {
  return nameOf(call.functionName) === "revert";
}

/**
 * Names of functions that change nothing and may revert, themselves or through another of these: a statement that calls one
 * and leaves what it returns is there for its revert.
 */
function helpersOf(sources: readonly Source[]): Set<string> {
  const functions = sources.flatMap(({ tree }) => descendants(tree)).filter(isFunction);
  const changing = new Set(functions.filter((fn) => !isHarmless(fn)).map(nameOf));
  const harmless = functions.filter((fn) => nameOf(fn) !== "" && !changing.has(nameOf(fn)));
  const found = new Set<string>();
  for (let before = -1; before !== found.size;) {
    before = found.size;
    for (const fn of harmless) if (descendants(fn).some((node) => mayRevert(node, found))) found.add(nameOf(fn));
  }
  return found;
}

function isFunction({ nodeType }: Node): boolean {
  return nodeType === "FunctionDefinition";
}

function isHarmless({ stateMutability }: Node): boolean {
  return stateMutability === "view" || stateMutability === "pure";
}

function mayRevert(node: Node, helpers: ReadonlySet<string>): boolean {
  if (node.nodeType === "RevertStatement") return true;
  if (node.nodeType === "YulFunctionCall") return isYulRevert(node);
  if (node.nodeType !== "ExpressionStatement") return false;
  const name = nameOf(node.expression);
  return name === "require" || name === "revert" || helpers.has(name);
}

/** Names of modifiers whose checks all stand before the body of what they modify. */
function modifiersOf(sources: readonly Source[]): Set<string> {
  const all = sources
    .flatMap(({ tree }) => descendants(tree))
    .filter(({ nodeType }) => nodeType === "ModifierDefinition");
  const checks = (modifier: Node) => (modifier.body as { readonly statements: readonly Node[] }).statements;
  return new Set(all.filter((one) => checks(one).at(-1)?.nodeType === "PlaceholderStatement").map(nameOf));
}

/** A modifier is told with each use whether it is to check. */
function openUp(modifier: Node, { source }: Place): readonly Support[] {
  const { body, parameters } = modifier as Node & { readonly body: Node; readonly parameters: Node };
  const statements = body.statements as readonly Node[];
  const start = rangeOf(statements[0]!).start;
  const end = rangeOf(statements.at(-1)!).start;
  return [
    {
      path: source.path,
      ...rangeOf(parameters),
      replace: (text) => `${text.slice(0, -1)}${text === "()" ? "" : ", "}uint256 ${FOR_CALLERS})`,
    },
    { path: source.path, start, end, replace: (text) => `if (!Mutants.on(${FOR_CALLERS})) { ${text} } ` },
  ];
}
