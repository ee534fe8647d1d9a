import type { Found } from "./guards.ts";
import { type Node, type Source, argumentsOf, childrenOf, isNode, nameOf, rangeOf, textOf } from "./syntax.ts";

/** Where limits are worked out. */
export const LIMITS: readonly string[] = [
  "RiskLimits",
  "Capital",
  "SurfaceBudget",
  "DeskLimits",
  "TradedDelta",
  "Treasury",
];

/** Libraries whose functions choose between two values, by the type of those. */
const CHOOSERS = new Map([
  ["Math", "uint256"],
  ["SignedMath", "int256"],
]);

/** Units: three times as much of them is another unit, and every test notices. */
const UNITS = /^(WAD|BPS|CENT|DOLLAR|YEAR|WAD_PER_BPS|\w+_UNIT)$/;

/** What takes operands that are no amounts. */
const NO_AMOUNTS = new Set(["**", "<<", ">>", "&", "|", "^"]);

interface Place {
  readonly source: Source;
  readonly contract: string;
  readonly fn: string;
}

/** `Math.max(a, b)` without either of its operands (`min`, `saturatingSub` likewise), and constants three times as large. */
export function findArithmetic(sources: readonly Source[]): readonly Found[] {
  const sites: Found[] = [];
  const constants = new Set(sources.flatMap(({ tree }) => constantsOf(tree)));
  const visit = (node: Node, place: Place): void => {
    if (node.nodeType === "FunctionDefinition") place = { ...place, fn: nameOf(node) };
    if (place.fn !== "") sites.push(...choices(node, place), ...larger(node, place, constants));
    for (const child of childrenOf(node)) {
      if (!isNoAmount(node, child)) visit(child, place);
    }
  };
  for (const source of sources) {
    const contracts = childrenOf(source.tree).filter(({ nodeType }) => nodeType === "ContractDefinition");
    for (const node of contracts.filter((one) => LIMITS.includes(nameOf(one)))) {
      visit(node, { source, contract: nameOf(node), fn: "" });
    }
  }
  return sites;
}

function choices(node: Node, { source, contract, fn }: Place): readonly Found[] {
  if (node.nodeType !== "FunctionCall" || !isNode(node.expression)) return [];
  const type = CHOOSERS.get(nameOf(node.expression.expression));
  const operands = argumentsOf(node);
  const name = nameOf(node);
  if (type === undefined || !["max", "min", "saturatingSub"].includes(name) || operands.length !== 2) return [];
  const kept = name === "saturatingSub" ? operands.slice(0, 1) : operands;
  return kept.map((operand) => ({
    id: `${contract}.${fn} ${textOf(source, rangeOf(node))} -> ${textOf(source, rangeOf(operand))}`,
    kind: "arithmetic",
    path: source.path,
    contract,
    name: fn,
    ...rangeOf(node),
    rewrite: (k, text, part) => `(Mutants.isOn(${k}) ? ${type}(${part(rangeOf(operand))}) : ${text})`,
  }));
}

function larger(node: Node, { source, contract, fn }: Place, constants: ReadonlySet<string>): readonly Found[] {
  const isNumber = node.nodeType === "Literal" && node.kind === "number" && !/^(0|1|1e18)$/.test(String(node.value));
  const isConstant = node.nodeType === "Identifier" && constants.has(nameOf(node)) && !UNITS.test(nameOf(node));
  if (!isNumber && !isConstant) return [];
  const what = textOf(source, rangeOf(node));
  return [
    {
      id: `${contract}.${fn} 3 x ${what} in ${lineAt(source, rangeOf(node).start)}`,
      kind: "arithmetic",
      path: source.path,
      contract,
      name: fn,
      ...rangeOf(node),
      rewrite: (k, text) => `(Mutants.isOn(${k}) ? 3 * ${text} : ${text})`,
    },
  ];
}

function lineAt({ text }: Source, position: number): string {
  const start = text.lastIndexOf("\n", position) + 1;
  return textOf({ text }, { start, end: text.indexOf("\n", position) }).replace(/ \/\/ .*/, "");
}

function constantsOf(tree: Node): string[] {
  const isNumber = /^u?int/.test(nameOf(tree.typeName));
  const own = tree.nodeType === "VariableDeclaration" && tree.constant === true && isNumber ? [nameOf(tree)] : [];
  return [...own, ...childrenOf(tree).flatMap(constantsOf)];
}

function isNoAmount(parent: Node, child: Node): boolean {
  if (parent.nodeType === "InlineAssembly") return true;
  if (parent.nodeType === "BinaryOperation") return NO_AMOUNTS.has(String(parent.operator));
  if (parent.nodeType === "IndexAccess") return child === parent.indexExpression;
  return child.nodeType === "InlineAssembly";
}
