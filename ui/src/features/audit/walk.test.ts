import { expect, it } from "vitest";
import { after, linesOf } from "./walk";

async function* chunks(...parts: string[]) {
  yield* parts;
}

it("lines come whole, however they are cut", async () => {
  for (const parts of [["a\nbc\n"], ["a", "\nb", "c\n"], ["a\nb", "c"], ["", "a\n", "", "bc"]]) {
    const lines: string[] = [];
    for await (const line of linesOf(chunks(...parts))) lines.push(line);
    expect(lines, JSON.stringify(parts)).toEqual(["a", "bc"]);
  }
});

it("a walk goes on until a step says what was found", () => {
  expect(after({ type: "going", looked: 4, of: 9 })).toEqual({ state: "going", looked: 4, of: 9 });
  const found = { type: "broken", at: 7, damage: "altered" } as const;
  expect(after(found)).toEqual({ state: "ended", found });
});
