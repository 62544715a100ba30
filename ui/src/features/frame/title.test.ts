import { expect, it, vi } from "vitest";

vi.mock("@/features/api/client", () => ({
  client: {},
  must: () => Promise.reject(new Error("no network")),
}));

it("says the most important thing first", async () => {
  const { titleOf, iconOf } = await import("./useTitle");
  const calm = { needs: 0, past: null, lost: false };
  expect(titleOf("board", "tidebook", calm)).toBe("board · tidebook");
  expect(titleOf("board", "tidebook", { ...calm, needs: 4 })).toBe("(4) board · tidebook");
  expect(titleOf("board", "tidebook", { needs: 4, past: "04:49", lost: false })).toBe(
    "[04:49] board · tidebook",
  );
  expect(titleOf("board", null, { needs: 4, past: "04:49", lost: true })).toBe(
    "! board · Supercargo",
  );
  expect(iconOf({ lost: false, complete: false, working: true })).toBe("/favicon-work.svg");
  expect(iconOf({ lost: true, complete: true, working: true })).toBe("/favicon-off.svg");
});
