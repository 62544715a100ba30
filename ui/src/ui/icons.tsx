// The icons: one path each in a square of sixteen, drawn with the text's colour. Decoration only; a name is always
// beside them or on the control.

const PATHS = {
  board: "M2 3h3v10H2zM6.5 3h3v7h-3zM11 3h3v8.5h-3z",
  fleet: "M2 5.5h5V11H2zM9 5.5h5V11H9zM2 13.5h12M2 3h12",
  queue: "M5 2v12M5 6c0 3 6 1 6 5v3M11 11l0 3",
  output: "M2 3h12v10H2zM4.5 6.5l2 1.5-2 1.5M8.5 10h3",
  log: "M3 2.5h10v11H3zM5.5 2.5v11M7.5 6h3.5M7.5 9h3.5",
  chart: "M2 13.5h12M4 13V8M8 13V4M12 13V6.5",
  sun: "M2 12.5h12M4.5 12.5a3.5 3.5 0 0 1 7 0M8 3.5V6M3.2 6.2l1.6 1.6M12.8 6.2l-1.6 1.6",
  gear: "M2 4.5h8M13 4.5h1M2 11.5h1M6 11.5h8M11.5 3v3M4.5 10v3",
  flag: "M4 14V2.5h8l-2 3 2 3H4",
  plus: "M8 3v10M3 8h10",
  play: "M5 3l8 5-8 5z",
  pause: "M5 3v10M11 3v10",
  back: "M12 3L6 8l6 5zM4 3v10",
  forth: "M4 3l6 5-6 5zM12 3v10",
  search: "M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10zM10.8 10.8L14 14",
  close: "M3.5 3.5l9 9M12.5 3.5l-9 9",
  clock: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 4.5V8l2.5 1.5",
  leave: "M9 2.5H3v11h6M6.5 8h7M11 5.5L13.5 8 11 10.5",
  chat: "M2 3h12v8H7l-3 2.5V11H2z",
  moon: "M13 9.5A5.5 5.5 0 0 1 6.5 3 5.5 5.5 0 1 0 13 9.5z",
  stop: "M4 4h8v8H4z",
  again: "M13 8a5 5 0 1 1-1.5-3.6M13 2v3h-3",
  ok: "M3 8.5l3.2 3L13 4.5",
  down: "M8 3v10M4 9l4 4 4-4",
  up: "M8 13V3M4 7l4-4 4 4",
  list: "M2 4h12M2 8h12M2 12h12",
  graph: "M2 3h4v3H2zM10 3h4v3h-4zM6 11h4v3H6zM4 6c0 3 4 2 4 5M12 6c0 3-4 2-4 5",
  home: "M2 8l6-5 6 5M4 7v6.5h8V7",
  link: "M6.5 9.5l3-3M7 4.5l1.5-1.5a3 3 0 0 1 4.5 4.5L11.5 9M9 11.5L7.5 13A3 3 0 0 1 3 8.5L4.5 7",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
  check: "M3 2.5h10v11H3zM5.5 8.5l2 2 3.5-4.5",
  grip: "M6 4h.01M6 8h.01M6 12h.01M10 4h.01M10 8h.01M10 12h.01",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="i" viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
