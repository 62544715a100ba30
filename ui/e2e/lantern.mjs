// A small project from a spec: ten features that bring, among them, whatever a fleet can bring. One is sent back, one
// crashes, one asks, one changes a protected path, one fails until somebody tries it again, one hangs until somebody
// ends its session. Those wait for two others: what a session does in its first claim is to happen after the server was
// away, which may have cost a claim. The spec holds the backlog that a scripted initializer hands in.
const FENCE = "```";

const file = (name) => `write lights/${name}.sh #!/bin/sh\\n[ $((2 + 2)) -eq 4 ] && echo ${name}`;
const done = (title) => [`commit ${title}`, "submit"];

/** Title, the words of its script, and more where it has more. */
const PARTS = [
  ["Light a lantern", "light", { before: ["sleep 1500"] }],
  ["Put a lantern out", "out", { waits: "light" }],
  [
    "Change the colour",
    "colour",
    { after: ["@2+ append lights/colour.sh # used with one word"], review: "@1 reject Say how." },
  ],
  ["Dim at midnight", "dim", { before: ["@1 crash"] }],
  [
    "Ask for the harbour's hours",
    "hours",
    { before: ["@1 ask Whose midnight, ours or UTC?"], waits: "out" },
  ],
  ["Build it on every push", "build", { before: ["write .github/workflows/build.yml on: push"] }],
  ["Count the oil", "oil", { before: ["@1 exit 1", "@2 exit 1", "@3 exit 1"], waits: "out" }],
  ["Keep a watch", "watch", { before: ["@1 hang"], waits: "out" }],
  ["Show lit ones first", "first", {}],
  ["Print the log of a night", "log", { waits: "out" }],
];

function item([title, name, { before = [], after = [], review, waits }]) {
  const script = [
    `say ${title}: \u001b[32mbegun\u001b[0m`,
    "sleep 300",
    ...before,
    file(name),
    ...after,
    ...done(title),
  ];
  const judged = review ? `\n\n${FENCE}supercargo-review\n${review}\n${FENCE}` : "";
  return {
    key: name,
    depends_on: waits ? [waits] : [],
    content: {
      title,
      category: "lights",
      description: `A keeper can **see** it from the quay.\n\n${FENCE}supercargo-script\n${script.join("\n")}\n${FENCE}${judged}`,
      steps: [`lights/${name}.sh ends with exit code 0`],
    },
  };
}

export const FEATURES = PARTS.length;
export const VERIFY = 'for one in lights/*.sh; do [ ! -e "$one" ] || sh "$one" || exit 1; done';
export const SPEC = `# Lanterns

Lanterns of a harbour are lit, dimmed and put out from the quay.

${FENCE}supercargo-backlog
${JSON.stringify({ prefix: "lamp", items: PARTS.map(item) })}
${FENCE}
`;
