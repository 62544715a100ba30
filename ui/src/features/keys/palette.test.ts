import { expect, it, vi } from "vitest";

vi.mock("@/features/api/client", () => ({
  client: {},
  must: () => Promise.reject(new Error("no network")),
}));

it("finds by all words, what begins so in front", async () => {
  const { found } = await import("./Palette");
  const one = (text: string) => ({ key: text, icon: "list" as const, text, go: () => {} });
  const all = [one("tide-1  Draw the curve"), one("Curve of spend"), one("Board")];
  expect(found(all, "curve").map((o) => o.text)).toEqual([
    "Curve of spend",
    "tide-1  Draw the curve",
  ]);
  expect(found(all, "curve draw").map((o) => o.text)).toEqual(["tide-1  Draw the curve"]);
  expect(found(all, "")).toHaveLength(3);
});
