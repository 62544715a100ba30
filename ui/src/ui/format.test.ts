import { describe, expect, it } from "vitest";
import { bytes, hue, many, num, percent, since, span, took, usd } from "./format";

describe("figures", () => {
  it.each([
    [0, "0"],
    [999, "999"],
    [2110, "2\u202f110"],
    [1234567, "1\u202f234\u202f567"],
  ])("%d is written %s", (n, text) => expect(num(n)).toBe(text));

  it.each([
    [0, "$0.00"],
    [1, "< $0.01"],
    [72_810_000, "$72.81"],
    [1_234_500_000, "$1\u202f234.50"],
  ])("%d millionths are %s", (n, text) => expect(usd(n)).toBe(text));

  it.each([
    [500, "0 s"],
    [89_000, "89 s"],
    [90_000, "1 min"],
    [18 * 60_000, "18 min"],
    [125 * 60_000, "2 h 05"],
    [50 * 3_600_000, "2 d 2 h"],
    [-5, "0 s"],
  ])("%d ms last %s", (ms, text) => expect(span(ms)).toBe(text));

  it("never rounds a share up to what is not reached", () => {
    expect(percent(999, 1000)).toBe("99.9");
    expect(percent(9999, 10000)).toBe("99.9");
    expect(percent(1, 1)).toBe("100");
    expect(percent(0, 0)).toBe("0");
  });

  it("writes bytes", () => {
    expect(bytes(12)).toBe("12\u202fB");
    expect(bytes(3 * 1024 ** 3)).toBe("3.0\u202fGiB");
    expect(bytes(231 * 1024 ** 2)).toBe("231\u202fMiB");
  });

  it("counts in words", () => {
    expect(many(1, "feature")).toBe("1 feature");
    expect(many(0, "entry", "entries")).toBe("0 entries");
  });
});

describe("ages", () => {
  const now = new Date(2026, 10, 26, 12, 0).getTime();
  it("are relative for ninety minutes, then the clock, then the day", () => {
    expect(since(now - 31 * 60_000, now)).toBe("31 min");
    expect(since(new Date(2026, 10, 26, 7, 5), now)).toBe("07:05");
    expect(since(new Date(2026, 10, 25, 18, 22), now)).toBe("25 Nov 18:22");
    expect(since("nonsense", now)).toBe("–");
  });
});

it("gives a name one of eight hues, always the same", () => {
  const names = ["api", "web", "charts", "auth", "ops", "data", "", "ünïcode"];
  for (const name of names) {
    expect(hue(name)).toBeGreaterThanOrEqual(1);
    expect(hue(name)).toBeLessThanOrEqual(8);
    expect(hue(name)).toBe(hue(name));
  }
});

it("says of no work that it took no time", () =>
  expect([0, 999, 1000, 95_000].map(took)).toEqual(["under 1 s", "under 1 s", "1 s", "1 min"]));
