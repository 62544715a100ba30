// Five hundred texts that would like to be more than text: markup, addresses, escapes of terminals, templates, signs
// that nobody sees. Each calls `fired` when it gets its way; none may.
const CALL = "fired()";
const E = "\u001b";

const TAGS = "img svg body video audio details marquee input iframe object math x-y".split(" ");
const EVENTS = "onerror onload onfocus ontoggle onstart onmouseover onanimationstart".split(" ");
const handlers = TAGS.flatMap((tag) =>
  EVENTS.map(
    (event) => `<${tag} src=x open autofocus tabindex=1 style="animation:x" ${event}="${CALL}">`,
  ),
);

const OUT = [`">`, `'>`, "</script>", "</textarea>", "</title>", "-->", "]]>", "`>", "</style>"];
const INTO = [
  `<script>${CALL}</script>`,
  `<script src="data:text/javascript,${CALL}"></script>`,
  `<img src=x onerror=${CALL}>`,
  `<svg/onload=${CALL}>`,
  `<iframe srcdoc="<script>parent.${CALL}</script>">`,
  `<a href="javascript:${CALL}" autofocus onfocus=${CALL}>x</a>`,
  `<form action="javascript:${CALL}"><button autofocus>x</button></form>`,
  `<meta http-equiv=refresh content="0;url=javascript:${CALL}">`,
  `<base href="javascript:${CALL}//">`,
  `<link rel=stylesheet href="data:text/css,*{background:red}">`,
];
const broken = OUT.flatMap((out) => INTO.map((into) => out + into));

const SCHEMES = [
  "javascript:",
  "JaVaScRiPt:",
  "java\tscript:",
  "java\nscript:",
  "&#106;avascript:",
  "javascript&colon;",
  "\u0001javascript:",
  " javascript:",
  "vbscript:",
  "data:text/html,<script>",
  "data:image/svg+xml,<svg onload=",
  "blob:http://x/",
];
const FORMS = [
  (url) => `[click](${url})`,
  (url) => `![picture](${url})`,
  (url) => `<${url}>`,
  (url) => `<a href="${url}">x</a>`,
  (url) => `[x][1]\n\n[1]: ${url}`,
  (url) => `[x](<${url}> "${CALL}")`,
];
const addresses = SCHEMES.flatMap((scheme) => FORMS.map((form) => form(`${scheme}${CALL}`)));

const ENCODED = [
  "%3Cscript%3E{}%3C/script%3E",
  "\\x3cscript\\x3e{}\\x3c/script\\x3e",
  "\\u003cscript\\u003e{}\\u003c/script\\u003e",
  "&lt;script&gt;{}&lt;/script&gt;",
  "&#x3c;script&#x3e;{}&#x3c;/script&#x3e;",
  "\uff1cscript\uff1e{}\uff1c/script\uff1e",
  "\u2039script\u203a{}\u2039/script\u203a",
  "+ADw-script+AD4-{}+ADw-/script+AD4-",
  "<scr<script>ipt>{}</scr</script>ipt>",
  "<<script>script>{}//<</script>/script>",
  "<img\u00a0src=x\u00a0onerror={}>",
  "<img/src=x/onerror={}>",
  "<svg><script>{}</script></svg>",
  "<svg><animate onbegin={} attributeName=x dur=1s>",
  "<math><mtext><table><mglyph><style><img src=x onerror={}>",
  "<noscript><p title='</noscript><img src=x onerror={}>'>",
  "{{constructor.constructor('{}')()}}",
  `\${constructor.constructor("{}")()}`,
  "<%= {} %>",
  "#{ {} }",
  "[[{}]]",
  "`{}`",
  "~~~html\n<script>{}</script>\n~~~",
  "| a |\n|---|\n| <img src=x onerror={}> |",
  "<!-- --><script>{}</script>",
  "<?xml version='1.0'?><x onload='{}'/>",
  "jaVasCript:/*-/*`/*\\`/*'/*\"/**/(/* */oNcliCk={} )//%0D%0A//</stYle/</titLe/</teXtarEa/</scRipt/--!>\\x3csVg/<sVg/oNloAd={}//>",
  "__proto__",
  "constructor",
  "' OR 1=1; --",
];
const encoded = ENCODED.map((one) => one.replaceAll("{}", CALL));

const terminal = [
  `${E}]8;;javascript:${CALL}\u0007click${E}]8;;\u0007`,
  `${E}]8;;javascript:${CALL}${E}\\click${E}]8;;${E}\\`,
  `${E}]52;c;ZmlyZWQoKQ==\u0007`,
  `${E}]0;<script>${CALL}</script>\u0007`,
  `${E}]1337;File=inline=1:${"A".repeat(40)}\u0007`,
  `${E}[31m<img src=x onerror=${CALL}>${E}[0m`,
  `${E}[38;2;1;2;3;4;5;6m${"x".repeat(20)}`,
  `${E}[999999999999m`,
  `${E}[${"1;".repeat(300)}m`,
  `${E}[2J${E}[H${E}[3J`,
  `${E}[1A${E}[2Koverwritten`,
  `${E}P+q544e${E}\\`,
  `${E}_${CALL}${E}\\`,
  `${E}^${CALL}${E}\\`,
  `${E}c${E}(0qqq`,
  `${E}[?1049h${E}[?25l`,
  `${E}[6n${E}[c`,
  `${E}]4;1;rgb:ff/00/00\u0007`,
  "\u009b31mred\u009b0m",
  "\u009d8;;javascript:fired()\u009cx",
  "over\rwritten",
  "back\b\b\b\bspace",
  "bell\u0007\u0007",
  `${E}`,
  `${E}[`,
  `${E}]`,
];

const point = (code) => String.fromCodePoint(code);
const range = (from, to) => Array.from({ length: to - from + 1 }, (_, at) => from + at);
const unseen = [
  ...range(0x01, 0x1f),
  ...range(0x7f, 0x9f),
  ...range(0x200b, 0x200f),
  ...range(0x2028, 0x202e),
  ...range(0x2060, 0x206f),
  0x00ad,
  0x034f,
  0x061c,
  0x115f,
  0x180e,
  0x3164,
  0xfeff,
  0xfff9,
  0xfffc,
  0xe0001,
  0xe0041,
].map((code) => `seen${point(code)}<b onclick=${CALL}>unseen`);

const shapes = [
  `e${"\u0301".repeat(200)}`,
  "\u{1f468}\u200d\u{1f469}\u200d\u{1f467}\u200d\u{1f466}".repeat(20),
  "\u05d0".repeat(100),
  "\ufdfd".repeat(50),
  "x".repeat(190),
  `${"[".repeat(80)}a${"]".repeat(80)}`,
  "*".repeat(190),
  "> ".repeat(90),
  "- ".repeat(90),
  "`".repeat(99),
];

const all = [
  ...new Set([...handlers, ...broken, ...addresses, ...encoded, ...terminal, ...unseen, ...shapes]),
];

/** The rest of the five hundred: two of them beside each other. */
for (let at = 0; all.length < 500; at += 1)
  all.push(`${all[(at * 7) % 90]}${all[200 + ((at * 11) % 90)]}`);

export const CORPUS = all.slice(0, 500);
