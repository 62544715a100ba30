// The layers: ui knows nothing of the API, features nothing of addresses, routes know both. A wrong import fails here.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const root = import.meta.dirname;
const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter(
  (name) => /\.tsx?$/.test(name) && !name.endsWith(".gen.ts"),
);
const layer = (name: string) => name.split("/")[0] ?? "";
const BELOW: Record<string, readonly string[]> = {
  ui: ["ui"],
  features: ["ui", "features"],
  routes: ["ui", "features", "routes"],
};
const PRODUCTS: Record<string, RegExp> = {
  ui: /^(@tanstack\/react-(query|router)|openapi-fetch)/,
};

/** What a file imports: layers, and packages. */
export function importsOf(name: string, text: string): { layers: string[]; packages: string[] } {
  const said = [...text.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)].map(
    (match) => match[1] ?? "",
  );
  const layers = said.flatMap((from) => {
    if (from.startsWith("@/")) return [from.slice(2).split("/")[0] ?? ""];
    if (!from.startsWith(".")) return [];
    return [layer(join(name, "..", from))];
  });
  return { layers, packages: said.filter((from) => !/^[.@]\/|^\.\./.test(from)) };
}

describe("layers", () => {
  it("finds imports of every form", () => {
    const text =
      'import a from "@/features/x";\nimport("./LayersImpl");\nexport { b } from "../routes/y";';
    expect(importsOf("ui/z.ts", text).layers).toEqual(["features", "ui", "routes"]);
  });

  it.each(files.filter((name) => BELOW[layer(name)]))(
    "%s imports only from its layer and below",
    (name) => {
      const { layers, packages } = importsOf(name, readFileSync(join(root, name), "utf8"));
      const allowed = BELOW[layer(name)] ?? [];
      expect(layers.filter((one) => !allowed.includes(one))).toEqual([]);
      const forbidden = PRODUCTS[layer(name)];
      expect(packages.filter((one) => forbidden?.test(one))).toEqual([]);
    },
  );
});

describe("the house", () => {
  it.each(files)("%s is short and says what it is", (name) => {
    const lines = readFileSync(join(root, name), "utf8").split("\n");
    expect(lines.length).toBeLessThanOrEqual(400);
    const first =
      lines.find((line) => line.trim() !== "" && !line.includes("@vitest-environment")) ?? "";
    if (!name.includes(".test.")) expect(first).toMatch(/^\/\/ |^\/\* /);
  });
});
