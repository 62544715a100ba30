// How figures, times and durations are written, everywhere the same: digits, a thin space in thousands, "18 min",
// "2 h 05". Times are shown in the viewer's zone; the tooltip has them in UTC.

const THIN = "\u202f";

/** A whole number with thin spaces: 2 110. */
export function num(n: number): string {
  return String(Math.trunc(n)).replace(/\B(?=(\d{3})+$)/g, THIN);
}

/** Millionths of a dollar as a price: $72.81. Less than a cent is not nothing. */
export function usd(micro: number): string {
  if (micro > 0 && micro < 10_000) return "< $0.01";
  const [whole, cents] = (micro / 1e6).toFixed(2).split(".");
  return `$${num(Number(whole))}.${cents}`;
}

/** A duration of which tenths of a second matter: 0.4 s, 12 s, 18 min. */
export const fine = (ms: number) =>
  ms < 9_950 ? `${(Math.max(0, ms) / 1000).toFixed(1)} s` : span(ms);

/** A duration in milliseconds: 12 s, 18 min, 2 h 05, 3 d 4 h. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 90) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${String(minutes % 60).padStart(2, "0")}`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** How long something took; none takes no time at all. */
export const took = (ms: number) => (ms < 1000 ? "under 1 s" : span(ms));

/** A share as per cent with one decimal, and none where it is whole. */
export function percent(part: number, whole: number): string {
  if (whole <= 0) return "0";
  const value = Math.floor((part / whole) * 1000) / 10;
  return Number.isInteger(value) ? String(value) : value.toFixed(1);
}

/** Bytes in the unit that leaves at most four digits. */
export function bytes(n: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = n;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const shown = unit === 0 || value >= 100 ? String(Math.round(value)) : value.toFixed(1);
  return `${shown}${THIN}${units[unit]}`;
}

function parts(at: string | number | Date): Date | null {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? null : date;
}

/** Hours and minutes in the viewer's zone. */
export function hhmm(at: string | number | Date): string {
  return parts(at)?.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" }) ?? "–";
}

/** Hours, minutes and seconds in the viewer's zone. */
export function hms(at: string | number | Date): string {
  return parts(at)?.toLocaleTimeString("en-GB") ?? "–";
}

/** A day in words: Thursday 26 November. */
export function day(at: string | number | Date): string {
  const how = { weekday: "long", day: "numeric", month: "long" } as const;
  return parts(at)?.toLocaleDateString("en-GB", how) ?? "–";
}

/** The same instant in UTC, for a tooltip. */
export function utc(at: string | number | Date): string {
  const date = parts(at);
  return date ? `${date.toISOString().slice(0, 19).replace("T", " ")} UTC` : "";
}

/** An age up to 90 minutes ago as such, then the clock, then the day with it. */
export function since(at: string | number | Date, now: number): string {
  const date = parts(at);
  if (!date) return "–";
  const age = now - date.getTime();
  if (age < 90 * 60_000) return span(age);
  if (new Date(now).toDateString() === date.toDateString()) return hhmm(date);
  return `${date.toLocaleDateString("en-GB", { day: "numeric", month: "short" })} ${hhmm(date)}`;
}

/** The same in a sentence: "17 min ago", "at 07:05". */
export function ago(at: string | number | Date, now: number): string {
  const said = since(at, now);
  return / (s|min)$/.test(said) ? `${said} ago` : `at ${said}`;
}

/** "1 feature", "3 features". */
export function many(n: number, one: string, more = `${one}s`): string {
  return `${num(n)} ${n === 1 ? one : more}`;
}

/** The beginning of a commit id. */
export function short(sha: string | null | undefined): string {
  return sha ? sha.slice(0, 7) : "–";
}

/** A hash of a name onto 1 to 8: the hue of a category, the same in every browser. */
export function hue(name: string): number {
  let hash = 2166136261;
  for (const c of name) hash = Math.imul(hash ^ (c.codePointAt(0) ?? 0), 16777619);
  return ((hash >>> 0) % 8) + 1;
}
