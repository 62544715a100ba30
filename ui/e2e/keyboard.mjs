// A person who has a keyboard and no mouse.
import assert from "node:assert/strict";

const STOPS_MAX = 90;

/** What has focus, in the words that it is called by. */
export const focused = (page) =>
  page.evaluate(() => {
    const one = document.activeElement;
    const label = one?.id
      ? document.querySelector(`label[for="${one.id}"]`)?.textContent
      : one?.closest("label")?.textContent;
    return (one?.getAttribute("aria-label") ?? label ?? one?.textContent ?? "").trim();
  });

/** Goes on with Tab until something of this name has focus. */
export async function tabTo(page, name) {
  const passed = [];
  for (let stop = 0; stop < STOPS_MAX; stop += 1) {
    const here = await focused(page);
    if (typeof name === "string" ? here.startsWith(name) : name.test(here)) return;
    passed.push(here.slice(0, 30));
    await page.keyboard.press("Tab");
  }
  assert.fail(`Tab does not come to ${name}: ${passed.join(" | ")}`);
}

/** Goes to a control and presses it. */
export async function press(page, name) {
  await tabTo(page, name);
  await page.keyboard.press("Enter");
}

/** Goes to a field and puts a text into it, in place of what is there. */
export async function type(page, name, text) {
  await tabTo(page, name);
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText(text);
}

/** Finds something to do by its words. */
export async function palette(page, words) {
  await page.keyboard.press("Control+k");
  await page.waitForSelector("[role=combobox]");
  await page.keyboard.insertText(words);
  await page.waitForSelector(".found[aria-selected=true]");
  await page.keyboard.press("Enter");
  await page.waitForSelector("[role=combobox]", { state: "detached" });
}
