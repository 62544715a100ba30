import { expect, it, vi } from "vitest";

vi.mock("@/features/api/client", () => ({
  client: {},
  must: () => Promise.reject(new Error("no network")),
}));

it("reads a pasted list", async () => {
  const { listed } = await import("./AddFeature");
  const text =
    "- Draw the curve\n    for one day\n    without colour\n* [ ] Print a month\n\n3. Zoom\nPlain";
  expect(listed(text)).toEqual([
    { title: "Draw the curve", description: "for one day\nwithout colour" },
    { title: "Print a month", description: "" },
    { title: "Zoom", description: "" },
    { title: "Plain", description: "" },
  ]);
  expect(listed("  \n")).toEqual([]);
  expect(listed("x".repeat(300))[0]?.title).toHaveLength(200);
});
