// Charts that are drawn once and can be read as a table. No library: a few bars are a few rectangles.
import { type ReactNode, useState } from "react";
import { Button } from "./Button";
import { useMedia } from "./useMedia";

export type Series = { name: string; tone: string };
export type Bar = { label: string; values: readonly number[] };

const [H, LEFT, BASE, HIGH] = [178, 44, 150, 130];
/** A label of the lower axis needs this much. */
const LABEL = 58;
/** Names of ranges at the left, what they are in words at the right. */
const [NAMES, WORDS] = [130, 52];

/** A figure is as wide as it is drawn, or its letters would shrink with it. */
const useWidth = () => (useMedia("(max-width: 51.25em)") ? 330 : 520);

/** The smallest round number that nothing exceeds: 1, 2, 4, 5 or 10 times a power of ten. */
export function roof(most: number): number {
  if (most <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(most));
  return [1, 2, 4, 5, 10].map((n) => n * power).find((n) => n >= most) ?? most;
}

type AxisProps = { top: number; width: number; write: (value: number) => string };

function Axis({ top, width, write }: AxisProps) {
  return [0, 0.5, 1].map((share) => (
    <g key={share}>
      <path d={`M36 ${BASE - share * HIGH}H${width}`} stroke="var(--rule)" />
      <text x="32" y={BASE + 4 - share * HIGH} textAnchor="end">
        {write(top * share)}
      </text>
    </g>
  ));
}

type ChartProps = {
  label: string;
  bars: readonly Bar[];
  series: readonly Series[];
  write: (value: number) => string;
};

function Bars({ label, bars, series, write }: ChartProps) {
  const sum = (bar: Bar) => bar.values.reduce((a, b) => a + b, 0);
  const top = roof(Math.max(0, ...bars.map(sum)));
  const width = useWidth();
  const step = (width - LEFT - 6) / Math.max(1, bars.length);
  const wide = Math.min(38, step * 0.7);
  const every = Math.ceil(LABEL / step);
  return (
    <svg viewBox={`0 0 ${width} ${H}`} role="img" aria-label={label}>
      <Axis top={top} width={width} write={write} />
      {bars.map((bar, n) => {
        const x = LEFT + n * step + (step - wide) / 2;
        let y = BASE;
        return (
          <g key={bar.label}>
            {bar.values.map((value, at) => {
              const height = (value / top) * HIGH;
              y -= height;
              const one = series[at];
              return (
                one && (
                  <rect
                    key={one.name}
                    x={x}
                    y={y}
                    width={wide}
                    height={Math.max(0, height - (bar.values.length > 1 ? 1 : 0))}
                    fill={`var(--${one.tone})`}
                  />
                )
              );
            })}
            {series.length === 1 && sum(bar) > 0 && bars.length <= 16 && (
              <text className="lbl" x={x + wide / 2} y={y - 5} textAnchor="middle">
                {write(sum(bar))}
              </text>
            )}
            {n % every === 0 && (
              <text x={x + wide / 2} y="168" textAnchor="middle">
                {bar.label}
              </text>
            )}
          </g>
        );
      })}
    </svg>
  );
}

function Rows({ bars, series, write }: ChartProps) {
  return (
    <table>
      <thead>
        <tr>
          <th>From</th>
          {series.map((one) => (
            <th key={one.name} className="num">
              {one.name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {bars.map((bar) => (
          <tr key={bar.label}>
            <td>{bar.label}</td>
            {series.map((one, at) => (
              <td key={one.name} className="num">
                {write(bar.values[at] ?? 0)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** A panel around a figure that has its table behind a button. */
export function Figure({
  title,
  note,
  table,
  children,
}: {
  title: string;
  note?: ReactNode;
  table: ReactNode;
  children: ReactNode;
}) {
  const [asTable, setAsTable] = useState(false);
  return (
    <figure className="panel chart">
      <header>
        <h3>{title}</h3>
        <span className="row">
          {note}
          <Button small look="ghost" aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>
            {asTable ? "Show as chart" : "Show as table"}
          </Button>
        </span>
      </header>
      <div className="in">{asTable ? table : children}</div>
    </figure>
  );
}

export function BarChart({ title, ...chart }: ChartProps & { title: string }) {
  const legend = chart.series.length > 1 && (
    <span className="row wrap">
      {chart.series.map((one) => (
        <span key={one.name} className="cat" style={{ color: `var(--${one.tone})` }}>
          {one.name}
        </span>
      ))}
    </span>
  );
  return (
    <Figure title={title} note={legend} table={<Rows {...chart} />}>
      <Bars {...chart} />
    </Figure>
  );
}

export type Range = {
  name: string;
  low: number;
  middle: number;
  high: number;
  tone: string;
  text: string;
};

/** How long things take: a bar for most of them, a stroke for the middle one. */
export function RangeChart({
  title,
  note,
  ranges,
  write,
}: {
  title: string;
  note?: ReactNode;
  ranges: readonly Range[];
  write: (value: number) => string;
}) {
  const width = useWidth();
  const top = Math.max(1, ...ranges.map((one) => one.high));
  const x = (value: number) =>
    NAMES + Math.sqrt(Math.min(1, value / top)) * (width - NAMES - WORDS);
  return (
    <Figure
      title={title}
      note={note}
      table={
        <table>
          <thead>
            <tr>
              <th>Stage</th>
              <th className="num">A tenth below</th>
              <th className="num">Median</th>
              <th className="num">A tenth above</th>
            </tr>
          </thead>
          <tbody>
            {ranges.map((one) => (
              <tr key={one.name}>
                <td>{one.name}</td>
                <td className="num">{write(one.low)}</td>
                <td className="num">{write(one.middle)}</td>
                <td className="num">{write(one.high)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      }
    >
      <svg viewBox={`0 0 ${width} ${H}`} role="img" aria-label={title}>
        {[0, 0.0625, 0.25, 0.5625, 1].map((share) => (
          <g key={share}>
            <path d={`M${x(top * share)} 6V158`} stroke="var(--rule)" />
            <text x={x(top * share)} y="174" textAnchor="middle">
              {write(top * share)}
            </text>
          </g>
        ))}
        {ranges.map((one, n) => {
          const y = 18 + n * 25;
          return (
            <g key={one.name}>
              <text className="lbl" x={NAMES - 12} y={y + 4} textAnchor="end">
                {one.name}
              </text>
              <path
                d={`M${x(one.low)} ${y}H${Math.max(x(one.high), x(one.low) + 1)}`}
                stroke={`var(--${one.tone})`}
                strokeWidth="9"
                opacity=".32"
              />
              <path
                d={`M${x(one.middle)} ${y - 8}v16`}
                stroke={`var(--${one.tone})`}
                strokeWidth="3"
              />
              <text x={x(one.high) + 6} y={y + 4}>
                {one.text}
              </text>
            </g>
          );
        })}
      </svg>
    </Figure>
  );
}
