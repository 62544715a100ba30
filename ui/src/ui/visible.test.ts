import { expect, it } from "vitest";
import { pieces, visible } from "./visible";

it("names what would be obeyed or not be seen", () => {
  expect(visible("a\u202etxet\u202cb")).toBe("a⟨U+202E⟩txet⟨U+202C⟩b");
  expect(visible("bell\u0007 del\u007f nel\u0085")).toBe("bell⟨^G⟩ del⟨^?⟩ nel⟨U+0085⟩");
  expect(visible("zero\u200bwidth\ufeff tag\u{e0041}")).toBe(
    "zero⟨U+200B⟩width⟨U+FEFF⟩ tag⟨U+E0041⟩",
  );
  expect(visible("over\rwritten")).toBe("over⟨^M⟩written");
});

it("leaves what people write", () => {
  const text = "Grüße, 東京 🙂 — tab\tand\nline";
  expect(pieces(text)).toEqual([{ kind: "text", text }]);
  expect(visible("dos\r\nline")).toBe("dos\nline");
  expect(pieces("")).toEqual([]);
});

it("loses nothing: every character is in a piece", () => {
  const all = Array.from({ length: 0x3000 }, (_, code) => String.fromCharCode(code)).join("");
  const shown = pieces(all);
  const texts = shown.filter((p) => p.kind === "text").map((p) => p.text);
  const signs = shown.length - texts.length;
  expect(texts.join("").length + signs).toBe(all.length);
});
