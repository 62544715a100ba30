// Every form in which somebody types: how it is opened, the field that is filled, and the button that sends it.
const P = "/p/harbour";
const last = (page, selector) => page.locator(selector).last();
const named = (page, label) => page.getByLabel(label, { exact: true }).last();
const button = (page, name) => page.getByRole("button", { name, exact: true }).last();

/** A form of a section of the settings: one field, and its button. */
const settings = (section, label, text) => ({
  path: `${P}/settings/${section}`,
  field: (page) => named(page, label),
  text,
  send: (page) => page.locator("main form button[type=submit]").first(),
});

/** `of` has ids of features: one that waits, one that asks, one that is claimed by hand; and the number of a held entry. */
export const formsOf = (of) => ({
  "a new feature": {
    path: `${P}/board?add=1`,
    field: (page) => named(page, "Title"),
    text: "Lit at dusk",
    send: (page) => page.locator(".sheet button[type=submit]"),
  },
  "a list of features": {
    path: `${P}/board?add=1`,
    open: (page) => button(page, "A list").click(),
    field: (page) => named(page, "One title a line"),
    text: "Lit at dusk\nPut out at dawn",
    send: (page) => page.locator(".sheet button[type=submit]"),
  },
  "what a feature asks for": {
    path: `${P}/board?feature=${of.waits}&tab=request`,
    open: (page) => button(page, "Edit").click(),
    field: (page) => named(page, "What it asks for"),
    text: "Seen from two miles away.",
    send: (page) => button(page, "Save"),
  },
  "a comment": {
    path: `${P}/board?feature=${of.waits}&tab=request`,
    field: (page) => named(page, "Comment"),
    text: "The old one was green.",
    send: (page) => button(page, "Say it"),
  },
  "what a feature waits for": {
    path: `${P}/board?feature=${of.waits}&tab=request`,
    field: (page) => named(page, "Another feature that it waits for"),
    text: of.asks,
    send: (page) => button(page, "Add"),
  },
  "a reason to end a claim": {
    path: `${P}/board?feature=${of.claimed}`,
    open: (page) => button(page, "End this claim…").click(),
    field: (page) => last(page, ".sheet textarea"),
    text: "It says nothing any more.",
    send: (page) => page.locator(".sheet button[type=submit]"),
  },
  "an answer": {
    path: `/needs-you?item=harbour/question/${of.asks}`,
    field: (page) => named(page, "Your answer"),
    text: "UTC, as in the tables.",
    send: (page) => button(page, /^Answer/),
  },
  "a reason to send a held change back": {
    path: `${P}/queue?entry=${of.held}`,
    open: (page) => button(page, /^Send back…/).click(),
    field: (page) => named(page, "Why; the next coder reads it"),
    text: "Not on every push.",
    send: (page) => button(page, "Send back"),
  },
  "a comment on a line": {
    path: `${P}/queue?entry=${of.held}`,
    open: (page) => page.locator(".diff button.ln").first().click(),
    field: (page) => last(page, ".say textarea"),
    text: "Only on the trunk?",
    send: (page) => page.locator(".say button[type=submit]"),
  },
  "a repository": {
    path: "/new",
    field: (page) => named(page, "Address"),
    text: "ssh://git@forge.example.org/harbour/pier.git",
    send: (page) => button(page, "Register and clone"),
  },
  "a spec": {
    path: "/new?resume=harbour&step=spec",
    field: (page) => named(page, "Spec"),
    text: "# A pier\n\nShips moor at it.",
    send: (page) => button(page, "Write it, and on to the backlog"),
  },
  "a backlog": {
    path: "/new?resume=harbour&step=backlog",
    field: (page) => named(page, "Features, one title a line"),
    text: "Moor\nCast off",
    send: (page) => button(page, /^Add /),
  },
  "a fleet": {
    path: "/new?resume=harbour&step=fleet",
    field: (page) => named(page, "Each merge is verified with"),
    text: "make check",
    send: (page) => button(page, "Start the fleet"),
  },
  "who does what": settings("models", "Model of the coder", "a-model"),
  "how merges are verified": settings("verification", "Verify", "make check"),
  limits: settings("limits", "Longest session", "3 h"),
  "the way out": settings("egress", "Hosts that are let through", "registry.example.org:443"),
  "a credential": {
    ...settings("repository", "Token, for https", "a-token-of-a-forge"),
    send: (page) => button(page, "Save"),
  },
  "a new spec": {
    ...settings("repository", "A new spec", "# A pier\n\nShips moor at it."),
    send: (page) => button(page, "Write it"),
  },
  "a reader": settings("readers", "Name of a new reader", "lighthouse"),
});

/** Wrong values: where, the field, what is put into it, and the words it is told with. */
export const WRONG = [
  ["/new", "Address", "a place somewhere", /no address of a repository/],
  ["/new", "Address", "https://me:secret@forge.example.org/x.git", /password never goes into/],
  ["/new", "Name", "Not A Name!", /a-z, 0-9 and hyphens/],
  ["/new", "Name", "harbour", /There is a project of this name/],
  [`${P}/settings/verification`, "Merges at a time", "none", /A whole number from 1/],
  [`${P}/settings/verification`, "Merges at a time", "0", /A whole number from 1/],
  [`${P}/settings/limits`, "Longest session", "soon", /A duration/],
  [`${P}/settings/limits`, "Memory of a slot, MiB", "-3", /A whole number/],
  [`${P}/settings/limits`, "Slots at most", "ten", /A whole number/],
  [`${P}/settings/egress`, "Hosts that are let through", "no host at all", /is no rule/],
];

/** Values that only the server can tell to be wrong: its words are shown where they were asked for. */
export const REFUSED = [
  ["limits", "Longest session", "1 ms"],
  ["limits", "Memory of a slot, MiB", "1"],
  ["limits", "Slots at most", "999999"],
  ["verification", "Merges at a time", "999999"],
  ["verification", "Verify", "x".repeat(100_000)],
  ["models", "Model of the coder", "x".repeat(5_000)],
  ["readers", "Name of a new reader", "Not A Name!"],
];

/** Addresses that make no sense: nothing breaks, and the screen says so or shows what is next to it. */
export const ODD = [
  `${P}/board?at=nonsense`,
  `${P}/board?at=999999999`,
  `${P}/board?at=2099-01-01T00:00:00Z`,
  `${P}/board?feature=nothing`,
  `${P}/board?view=nothing&tab=nothing&p=nothing`,
  `${P}/queue?entry=999999`,
  `${P}/output?slot=999&session=nothing&line=999999`,
  `${P}/log?event=999999999&stream=nothing`,
  `${P}/milestones/7`,
  `${P}/milestones/nothing`,
  `${P}/settings/nothing`,
  `${P}/nothing`,
  "/p/nothing/board",
  "/p/nothing/fleet",
  "/p/nothing/queue",
  "/p/nothing/output",
  "/p/nothing/log",
  "/p/nothing/report",
  "/p/nothing/insights",
  "/p/nothing/settings/limits",
  "/p/nothing/milestones/10",
  "/needs-you?item=nothing",
  "/new?resume=nothing&step=nothing",
  "/nothing/at/all",
];
