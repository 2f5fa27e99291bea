// What tsc does not say. The shape of the house: `ir` imports only itself, `passes` and `runtime` never see each other.
import tseslint from "typescript-eslint";

/** Forbids a folder's files to import from other top-level folders. */
function folder(name, ...forbidden) {
  const patterns = forbidden.map((other) => ({
    group: [`#${other}/*`],
    message: `${name} must not depend on ${other}: see "The house" in docs/architecture.md`,
  }));
  return { files: [`${name}/**/*.ts`], rules: { "no-restricted-imports": ["error", { patterns }] } };
}

export default tseslint.config(
  { ignores: ["dist", "out", "node_modules", "coverage"] },
  { files: ["**/*.ts"], extends: [tseslint.configs.recommended] },
  {
    files: ["**/*.ts"],
    languageOptions: { parserOptions: { projectService: { allowDefaultProject: ["vitest.config.ts"] } } },
    rules: {
      eqeqeq: "error",
      "no-console": "error",
      "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "inline-type-imports" }],
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-misused-promises": "error",
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_", ignoreRestSiblings: true }],
      // Lengths are checked where indices come from; `!` says so.
      "@typescript-eslint/no-non-null-assertion": "off",
    },
  },
  { files: ["src/cli/**/*.ts", "bench/**/*.ts", "docs/**/*.ts", "examples/**/*.ts", "test/**/*.ts"], rules: { "no-console": "off" } },
  folder("ir", "passes", "runtime", "src"),
  folder("passes", "runtime", "src"),
  folder("runtime", "passes", "src"),
);
