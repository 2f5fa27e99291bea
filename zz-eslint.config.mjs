import tseslint from "/work/main/node_modules/typescript-eslint/dist/index.js";
export default tseslint.config(
  { ignores: ["dist", "out", "node_modules", "coverage", "zz-*"] },
  { files: ["**/*.ts"], extends: [tseslint.configs.strictTypeChecked], languageOptions: { parserOptions: { projectService: { allowDefaultProject: ["vitest.config.ts"] }, tsconfigRootDir: "/work/main" } } },
);
