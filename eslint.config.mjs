import js from "@eslint/js";
import tseslint from "typescript-eslint";

const PURE_ROOMS = ["pricing", "portfolio", "hedging"];
const IO_ROOMS = ["chain", "execution", "feeds", "store", "monitoring", "signing"];

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
    // The pure rooms of the keeper never import the rooms that do I/O (docs/architecture.md).
    files: PURE_ROOMS.map((room) => `keeper/${room}/**/*.ts`),
    rules: {
      "no-restricted-imports": [
        "error",
        {
          patterns: [
            { group: IO_ROOMS.map((room) => `**/${room}/**`), message: "Pure rooms must not import I/O rooms." },
            { group: ["node:fs", "node:fs/*", "node:net", "node:child_process", "viem", "viem/*"], message: "Pure." },
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
