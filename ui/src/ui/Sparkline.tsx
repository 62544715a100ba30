// The last samples of something, with a gap where there was none.
import { memo } from "react";

/** Paths of the line, one for each run without a gap. Samples are shares from 0 to 1. */
export function pathsOf(samples: readonly (number | null)[], width = 100, height = 26): string[] {
  const step = width / Math.max(1, samples.length - 1);
  const paths: string[] = [];
  let points: string[] = [];
  const end = () => {
    if (points.length > 0) paths.push(`M${points.join("L")}`);
    points = [];
  };
  samples.forEach((sample, at) => {
    if (sample === null) {
      end();
      return;
    }
    const y = height - 1 - Math.min(1, Math.max(0, sample)) * (height - 3);
    points.push(`${(at * step).toFixed(1)} ${y.toFixed(1)}`);
  });
  end();
  return paths;
}

export const Sparkline = memo(function Sparkline({
  samples,
  kind,
}: {
  samples: readonly (number | null)[];
  kind?: "mem";
}) {
  return (
    <svg
      className={`spark ${kind ?? ""}`}
      viewBox="0 0 100 26"
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <path className="base" d="M0 25.5H100" />
      {pathsOf(samples).map((path) => (
        <path key={path} d={path} />
      ))}
    </svg>
  );
});
