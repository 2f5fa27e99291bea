import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { conditions: ["gradloom-source"] },
  ssr: { resolve: { conditions: ["gradloom-source"], externalConditions: ["gradloom-source"] } },
  // By default one core stays idle.
  test: { include: ["test/**/*.test.ts"], testTimeout: 60_000, pool: "threads", maxWorkers: "100%" },
});
