import js from "@eslint/js";
import { importX } from "eslint-plugin-import-x";
import tseslint from "typescript-eslint";

const PURE_ROOMS = ["sdk/pricing", "sdk/portfolio", "keeper/hedging"];
const IO_ROOMS = ["chain", "execution", "feeds", "store", "monitoring", "signing", "venues"];
/** Who may know whom (docs/architecture.md): each room, and what it must not import. */
const ABOVE = [
  { target: "sdk", from: ["keeper", "simulator", "deployments", "scripts", "test"] },
  { target: "keeper", from: ["simulator", "deployments", "scripts", "test"] },
  { target: "deployments", from: ["simulator", "scripts", "test"] },
  { target: "simulator", from: ["scripts", "test"] },
  { target: "scripts", from: ["test"] },
];

export default tseslint.config(
  { ignores: ["node_modules", "artifacts", "cache", "types", "coverage", "reports", "sdk/abi", "sdk/dist"] },
  js.configs.recommended,
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: { allowDefaultProject: ["*.mjs", "scripts/*.mjs", "keeper/*.mjs"] } },
      globals: { process: "readonly", console: "readonly", URL: "readonly" },
    },
    rules: {
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "@typescript-eslint/consistent-type-imports": "error",
      eqeqeq: "error",
    },
  },
  {
    plugins: { "import-x": importX },
    settings: { "import-x/extensions": [".ts", ".mjs"], "import-x/parsers": { "@typescript-eslint/parser": [".ts"] } },
    rules: {
      "import-x/no-cycle": ["error", { ignoreExternal: true }],
      "import-x/no-restricted-paths": ["error", { zones: ABOVE }],
    },
  },
  {
    // Runs in browsers, too.
    files: ["sdk/**/*.ts"],
    rules: { "no-restricted-imports": ["error", { patterns: ["node:*"] }] },
  },
  {
    // The pure rooms never import the rooms that do I/O (docs/architecture.md).
    files: PURE_ROOMS.map((room) => `${room}/**/*.ts`),
    rules: {
      "no-restricted-imports": [
        "error",
        {
          patterns: [
            { group: IO_ROOMS.map((room) => `**/${room}/**`), message: "Pure rooms must not import I/O rooms." },
            { group: ["node:*", "viem", "viem/*"], message: "Pure." },
          ],
        },
      ],
    },
  },
  {
    // chai's assertions are expressions, and mocha's fixtures are wired by `this`.
    files: ["test/**/*.ts"],
    rules: { "@typescript-eslint/no-unused-expressions": "off" },
  },
  { files: ["**/*.mjs"], ...tseslint.configs.disableTypeChecked },
);
