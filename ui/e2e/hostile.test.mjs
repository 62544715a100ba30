// What comes in that should not be obeyed: five hundred hostile texts through every field and every place that shows them.
import { after, before, describe, it } from "node:test";
import { filled, fromAgents, inDrawers, inFields, onScreens, watched } from "./hostile.mjs";
import { browser, pages, server, signedIn, tidebook } from "./world.mjs";

let chrome;
let of;
let evil;

before(async () => {
  const world = await server();
  await tidebook(world, { pace: 100, start: false });
  const site = await pages(world);
  chrome = await browser();
  // A drawer that slides in would be waited for five hundred times.
  const session = await signedIn(chrome, site, world, { reducedMotion: "reduce" });
  of = { world, site, session, project: "tidebook" };
  await watched(session);
});

after(async () => {
  await chrome?.close();
  await of?.site.end();
  await of?.world.end();
});

describe("five hundred hostile texts", () => {
  it("are taken as titles, descriptions, steps, labels and comments", async () => {
    evil = await filled(of);
  });
  it("stay text on the board, in the list, the graph, the log and the palette", () =>
    onScreens(of));
  it("stay text in the drawer of each feature", () => inDrawers(of, evil));
  it("stay text when an agent says, writes and asks them", () => fromAgents(of));
  it("stay text in every field that can be typed into", () => inFields(of, evil));
});
