import { expect, it } from "vitest";
import { parseDiff } from "./diff";

const TEXT = `diff --git a/src/window.ts b/src/window.ts
index 1..2 100644
--- a/src/window.ts
+++ b/src/window.ts
@@ -38,3 +38,4 @@ export function departure
 const sill = 1;
-return old;
+const clear = 2;
+return { clear };
 }
diff --git a/old name.md b/new name.md
similarity index 100%
rename from old name.md
rename to new name.md
diff --git a/logo.png b/logo.png
new file mode 100644
Binary files /dev/null and b/logo.png differ
`;

it("reads files, hunks and lines with their numbers", () => {
  const diff = parseDiff(TEXT);
  expect(diff.files.map((f) => [f.path, f.state, f.added, f.deleted, f.binary])).toEqual([
    ["src/window.ts", "changed", 2, 1, false],
    ["new name.md", "renamed", 0, 0, false],
    ["logo.png", "added", 0, 0, true],
  ]);
  expect(diff.files[0]?.hunks[0]?.lines.map((l) => [l.sign, l.old, l.new])).toEqual([
    [" ", 38, 38],
    ["-", 39, null],
    ["+", null, 39],
    ["+", null, 40],
    [" ", 40, 41],
  ]);
  expect([diff.added, diff.deleted]).toEqual([2, 1]);
});

it("says which work it is of, and keeps other lines before the files", () => {
  const commit = "e2c21134d45d064ec3a9832a4e665c3b2f0a8bd9";
  const diff = parseDiff(`# merged: commit ${commit}\n# merged: commit none\nodd\n${TEXT}`);
  expect(diff.work).toEqual({ what: "merged", commit });
  expect(diff.rest).toEqual(["# merged: commit none", "odd"]);
  expect(parseDiff(TEXT).work).toBeNull();
});

it("is not fooled by lines of a file that look like a diff", () => {
  const text = [
    "diff --git a/x b/x",
    "--- a/x",
    "+++ b/x",
    "@@ -1,1 +1,3 @@",
    " same",
    "+diff --git a/hidden b/hidden",
    "+@@ -1 +1 @@",
    "",
  ].join("\n");
  const diff = parseDiff(text);
  expect(diff.files).toHaveLength(1);
  expect(diff.files[0]?.hunks[0]?.lines.map((l) => l.text)).toEqual([
    "same",
    "diff --git a/hidden b/hidden",
    "@@ -1 +1 @@",
  ]);
});

it("reads names that git quotes, and keeps what is no diff", () => {
  const diff = parseDiff(
    'warning: odd\ndiff --git "a/\\303\\274.md" "b/\\303\\274.md"\n+++ "b/\\303\\274.md"\n',
  );
  expect(diff.rest).toEqual(["warning: odd"]);
  expect(diff.files[0]?.path).toBe("ü.md");
  expect(parseDiff("").files).toEqual([]);
});

it("keeps the note that a file has no newline at its end", () => {
  const diff = parseDiff(
    "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n\\ No newline at end of file\n",
  );
  expect(diff.files[0]?.hunks[0]?.lines.map((l) => l.sign)).toEqual(["-", "+", "\\"]);
});
