import { expect, it, vi } from "vitest";

vi.mock("@/features/api/client", () => ({
  client: {},
  must: () => Promise.reject(new Error("no network")),
}));

it("reads a report, and leaves what is none", async () => {
  const { reportOf } = await import("./MilestoneScreen");
  expect(
    reportOf('{"checked":[{"requirement":"a","evidence":"b"}],"findings":[]}')?.checked,
  ).toHaveLength(1);
  for (const text of ["", "plain", "null", "[]", '{"other":1}', '{"checked":"no"}'])
    expect(reportOf(text)).toBeNull();
});
