// How figures are taken of a page: frames that were dropped, bytes of its heap, and when something was drawn.
const FRAME = 1000 / 60;
const LINE = 46;

/** One of a hundred parts of sorted figures. */
export function part(all, percent) {
  const sorted = [...all].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))];
}

export const say = (what, words) => console.log(`${what.padEnd(LINE)} ${words}`);
export const sayTimes = (what, all) =>
  say(
    what,
    `p50 ${part(all, 50).toFixed(0)} ms, p99 ${part(all, 99).toFixed(0)} ms of ${all.length}`,
  );

/** Of the frames of so many seconds, how many were not drawn. */
export async function dropped(page, seconds) {
  const { drawn, lost, longest } = await page.evaluate(
    ([frame, within]) =>
      new Promise((resolve) => {
        const begun = performance.now();
        let [last, drawn, lost, longest] = [begun, 0, 0, 0];
        const tick = (now) => {
          const missed = Math.max(0, Math.round((now - last) / frame) - 1);
          drawn += 1;
          lost += missed;
          longest = Math.max(longest, now - last);
          last = now;
          if (now - begun < within) requestAnimationFrame(tick);
          else resolve({ drawn, lost, longest });
        };
        requestAnimationFrame(tick);
      }),
    [FRAME, seconds * 1000],
  );
  return { share: lost / (drawn + lost), longest };
}

/** Bytes that are in use once what nobody holds is collected. */
export async function heap(page) {
  const inside = await page.context().newCDPSession(page);
  await inside.send("HeapProfiler.collectGarbage");
  const { usedSize } = await inside.send("Runtime.getHeapUsage");
  await inside.detach();
  return usedSize;
}

/** Milliseconds from asking for a feature until its title is drawn, by the one clock of this machine. */
export async function drawnAfter(page, add, title) {
  const drawn = page.evaluate(
    (text) =>
      new Promise((resolve) => {
        const isThere = () => document.body.textContent.includes(text);
        const done = () => requestAnimationFrame(() => setTimeout(() => resolve(Date.now()), 0));
        const watch = new MutationObserver(() => {
          if (!isThere()) return;
          watch.disconnect();
          done();
        });
        watch.observe(document.body, { childList: true, subtree: true, characterData: true });
        if (isThere()) done();
      }),
    title,
  );
  // The page listens before anything is asked for.
  await page.evaluate(() => true);
  const asked = Date.now();
  await add();
  const answered = Date.now();
  const at = await drawn;
  return { fromAsked: at - asked, fromAnswered: Math.max(0, at - answered) };
}
