import { expect, it } from "vitest";
import { EMPTY, nameOf, projectOf, wrongName, wrongUrl } from "./draft";

it.each([
  ["ssh://git@forge.example.org/harbour/almanac.git", "almanac"],
  ["git@forge.example.org:harbour/Quay_CLI.git", "quay-cli"],
  ["/srv/git/tide book/", "tide-book"],
  ["", ""],
])("%s is called %s", (url, name) => expect(nameOf(url)).toBe(name));

it.each([
  "https://forge.example.org/a/b.git",
  "ssh://git@host:22/a.git",
  "git@host:a/b.git",
  "/srv/git/a.git",
  "",
])("%s can be tried", (url) => expect(wrongUrl(url)).toBeNull());
it.each(["https://user:secret@host/a.git", "just words", "ftp://host/a", "host"])(
  "%s cannot",
  (url) => expect(wrongUrl(url)).not.toBeNull(),
);

it("keeps names free and plain", () => {
  expect(wrongName("almanac", [])).toBeNull();
  expect(wrongName("almanac", ["almanac"])).toMatch(/of this name/);
  expect(wrongName("-x", [])).not.toBeNull();
  expect(wrongName("Ümlaut", [])).not.toBeNull();
});

it("sends no empty spec and no empty credential", () => {
  expect(projectOf({ ...EMPTY, name: "a", url: " /x " }, { token: "", key: "" })).toEqual({
    name: "a",
    git_url: "/x",
    kind: "new",
  });
  expect(projectOf({ ...EMPTY, spec: "s" }, { token: " t ", key: "" })).toMatchObject({
    spec: "s",
    credential: { kind: "token", token: "t" },
  });
});
