import { expect, it } from "vitest";
import { grown, hitsOf, type Line, linesOf, marked, NOTHING, shows } from "./lines";

it("reads what an agent's command line says as JSON", () => {
  const said = (content: object[], type = "assistant") =>
    JSON.stringify({ type, message: { content } });
  expect(
    linesOf(
      1,
      said([
        { type: "text", text: "Looking." },
        { type: "tool_use", name: "Bash", input: { command: "npm test" } },
      ]),
    ),
  ).toEqual([
    { n: 1, kind: "thought", text: "Looking." },
    { n: 1, kind: "tool", tool: "Bash", text: "npm test" },
  ]);
  expect(
    linesOf(
      2,
      said(
        [{ type: "tool_result", content: [{ type: "text", text: "1 failed" }], is_error: true }],
        "user",
      ),
    ),
  ).toEqual([{ n: 2, kind: "result", text: "1 failed", bad: true }]);
});

it("leaves everything else as it is, also what only looks like JSON", () => {
  for (const text of ["plain", '{"broken', '{"type":"assistant"}', '{"a":1}', ""]) {
    expect(linesOf(3, text)).toEqual([{ n: 3, kind: "text", text }]);
  }
});

it("grows by what was printed since, and waits for the end of a line", () => {
  let transcript = grown(NOTHING, "one\ntw", 1, false);
  expect(transcript.lines.map((l) => l.text)).toEqual(["one"]);
  transcript = grown(transcript, "o\r\nthree", 2, false);
  expect(transcript.lines.map((l) => [l.n, l.text])).toEqual([
    [1, "one"],
    [2, "two"],
  ]);
  transcript = grown(transcript, "", 3, true);
  expect(transcript.lines.at(-1)).toMatchObject({ n: 3, text: "three" });
  expect(grown(transcript, "", 3, true).printed).toBe(3);
});

it("gives the same numbers however it was cut", () => {
  const text = Array.from({ length: 50 }, (_, n) => `line ${n}`).join("\n");
  const whole = grown(NOTHING, text, 1, true);
  for (let step = 1; step < 40; step += 7) {
    let cut = NOTHING;
    for (let at = 0; at < text.length; at += step)
      cut = grown(cut, text.slice(at, at + step), at, false);
    expect(grown(cut, "", 99, true).lines).toEqual(whole.lines);
  }
});

it("finds and marks", () => {
  expect(hitsOf([{ text: "Test a" }, { text: "b" }, { text: "a TEST" }], "test")).toEqual([0, 2]);
  expect(hitsOf([{ text: "x" }], "")).toEqual([]);
  expect(marked("a Test b test", "test")).toEqual([
    { text: "a ", hit: false },
    { text: "Test", hit: true },
    { text: " b ", hit: false },
    { text: "test", hit: true },
  ]);
  expect(
    marked("İstanbul test", "test")
      .map((p) => p.text)
      .join(""),
  ).toBe("İstanbul test");
});

it("shows by kind", () => {
  const line = (more: Partial<Line>) => ({ n: 1, kind: "text", text: "x", ...more }) as Line;
  expect(shows(line({ kind: "tool" }), "tools")).toBe(true);
  expect(shows(line({ text: "Warning: odd" }), "errors")).toBe(true);
  expect(shows(line({ kind: "result", bad: true }), "errors")).toBe(true);
  expect(shows(line({}), "thoughts")).toBe(false);
});
