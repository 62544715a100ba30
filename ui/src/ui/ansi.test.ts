import { expect, it } from "vitest";
import { bare, runs } from "./ansi";

const E = "\u001b";

it("colours what a test runner prints", () => {
  expect(runs(`${E}[32m✓${E}[0m ok ${E}[1;31mbad${E}[22m dim`)).toEqual([
    { text: "✓", style: "a-g" },
    { text: " ok ", style: "" },
    { text: "bad", style: "a-r a-B" },
    { text: " dim", style: "a-r" },
  ]);
});

it("takes no other colour than ours", () => {
  expect(runs(`${E}[38;5;196mred${E}[0m ${E}[38;2;1;2;3;1mtrue`)).toEqual([
    { text: "red", style: "" },
    { text: " ", style: "" },
    { text: "true", style: "a-B" },
  ]);
});

it("obeys nothing else", () => {
  const line = `${E}[2J${E}[10;20Hx${E}]0;title\u0007y${E}]8;;http://evil${E}\\z${E}[?25l${E}c!`;
  expect(bare(line)).toBe("xyz!");
  expect(
    runs(line)
      .map((run) => run.text)
      .join(""),
  ).toBe("xyz!");
});

it("keeps a lone escape, so that it is seen", () => {
  expect(bare(`a${E}`)).toBe(`a${E}`);
});
