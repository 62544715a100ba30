// A backlog as a person would write one, with scripts that make scripted agents do everything a fleet can do: work for
// a while, print in colours, be sent back, crash, ask, collide, and change protected paths.

const FENCE = "```";
const RAW = `api|Serve stations and their tide constants|2
api|Predict high and low water for a day|1
api|Reject dates outside the harmonic model's range|2
api|Cache predictions per station and month|3
api|Page through stations by distance|2
api|Return problem details for every error|2
import|Read harmonic constants from station files|1
import|Refuse a station file with a broken checksum|2
import|Report which rows were left out and why|2
charts|Draw the tide curve for one day|1
charts|Mark now, sunrise and sunset on the curve|2
charts|Compare two stations on one curve|3
charts|Curve is readable without colour|2
charts|Print a month as a table|3
berths|List berths with depth and length|1
berths|Say which berths float a given draught at a time|1
berths|Show the window in which a vessel can leave|1
berths|Warn when under-keel clearance is below 0.5 m|1
berths|Book a berth for a tide|2
berths|Release a booking that nobody confirmed|2
auth|Sign in with a one-time link|1
auth|Roles: harbour master, pilot, guest|2
auth|Expire sessions after eight idle hours|2
web|Harbour board: what moves in the next six hours|1
web|Search stations as you type|2
web|Works with the keyboard alone|2
web|Phone layout for pilots|2
web|Dark theme for the night watch|3
alerts|Tell a pilot when a window opens|2
alerts|Quiet hours per person|2
data|Store times in UTC, show harbour time|1
data|Keep ten years of predictions under 200 MB|2
ops|Health and readiness routes|2
ops|Container image under 60 MB|2
ops|Metrics for predictions and bookings|3
api|Currents next to heights where known|3
charts|Zoom the curve without losing the now mark|4
web|Translate to Dutch and Portuguese|4`;

const WAITS = [
  ["Predict high", "Serve stations"],
  ["Draw the tide", "Predict high"],
  ["Mark now", "Draw the tide"],
  ["Compare two", "Draw the tide"],
  ["Say which", "List berths"],
  ["Show the window", "Say which"],
  ["Warn when", "Say which"],
  ["Tell a pilot", "Show the window"],
  ["Roles:", "Sign in"],
  ["Zoom the curve", "Mark now"],
];

const E = "\u001b";
const slug = (title) =>
  title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 24);

function sayings(title) {
  return [
    `say The window has to start when the keel clears the sill, not when the tide turns.`,
    `say ${E}[2m> tidebook@0.4.0 test${E}[0m`,
    `say  ${E}[32m✓${E}[0m ${slug(title)}.test.ts ${E}[2m(18 tests)${E}[0m`,
    `say  ${E}[31m✗ clash.test.ts > a booking does not clash with itself${E}[0m`,
    `say ${E}[33mwarning${E}[0m comment in fixture: \u202etxet desrever\u202c is shown as it is`,
    `say  Tests  ${E}[31m1 failed${E}[0m | ${E}[32m66 passed${E}[0m (67)`,
  ];
}

/** What the coder of a feature does. */
function script(title, n, pace, long) {
  const write = `write src/${slug(title)}.sh #!/bin/sh\\n# ${title.replaceAll("'", "")}\\nclearance=$((${n} + 5))\\n[ "$clearance" -ge 5 ] || exit 1\\necho "clear by $clearance"`;
  const end = [`commit ${title}`, "submit"];
  const work = [...sayings(title), `sleep ${pace * (2 + (n % 4))}`, write];
  if (title.startsWith("Quiet hours")) {
    return [
      ...work,
      `commit ${title}`,
      "@1 ask Quiet hours across midnight: is 22:00-06:00 one span in harbour time, or does it follow the pilot when the phone is in another zone?",
      ...end,
    ];
  }
  if (title.startsWith("Keep ten years")) return [...sayings(title), "exit 1"];
  if (title.startsWith("Container image"))
    return [
      ...work,
      "write Dockerfile FROM scratch\\nCOPY . /app",
      "write .github/workflows/image.yml on: push",
      ...end,
    ];
  if (title.startsWith("Refuse a station")) return [...work, "@1 crash", ...end];
  if (title.startsWith("Dark theme") || title.startsWith("Metrics"))
    return [...sayings(title), `sleep ${long}`, write, ...end];
  if (title.startsWith("Curve is readable"))
    return [...work, "@2+ append src/curve-is-readable-witho.sh # tested without colour", ...end];
  return [...work, ...end];
}

function review(title) {
  if (!title.startsWith("Curve is readable")) return "";
  return `\n\n${FENCE}supercargo-review\n@1 reject The upper bound is inclusive in the spec, exclusive here.\n${FENCE}`;
}

/** The batch: `pace` is how long the shortest work takes, `long` that of the two longest, in milliseconds. */
export function backlog(pace, long) {
  const rows = RAW.split("\n").map((line) => line.split("|"));
  const key = (title) => `k${rows.findIndex((row) => row[1] === title)}`;
  const begin = (word) => rows.find((row) => row[1].startsWith(word))[1];
  return {
    prefix: "tide",
    items: rows.map(([category, title, priority], n) => ({
      key: key(title),
      depends_on: WAITS.filter(([word]) => title === begin(word)).map(([, on]) => key(begin(on))),
      content: {
        title,
        category,
        priority: Number(priority),
        labels: n % 7 === 0 ? ["harbour", "first release"] : [],
        description: `A vessel may leave a berth only while the water over the sill is deep enough for her draught and **half a metre** more. See [the tables](https://example.org/tables).\n\n${FENCE}supercargo-script\n${script(title, n, pace, long).join("\n")}\n${FENCE}${review(title)}`,
        steps: [
          "Take the berth, the day and the draught in metres with one decimal.",
          "Answer from and until in harbour time, to ten minutes.",
          "Exactly 0.5 m under the keel counts as enough.",
        ],
      },
    })),
  };
}
