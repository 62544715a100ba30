// What a page would let somebody hear and see outside of it, written down: tones that were begun, notifications that were
// shown. Whether anybody looks is said by `globalThis.isAway`.
export function noticed(context) {
  return context.addInitScript(() => {
    globalThis.tones = [];
    globalThis.shown = [];
    globalThis.isAway = false;
    Object.defineProperty(document, "hidden", { get: () => globalThis.isAway });
    const oscillator = AudioContext.prototype.createOscillator;
    AudioContext.prototype.createOscillator = function created() {
      const voice = oscillator.call(this);
      const start = voice.start.bind(voice);
      voice.start = (when) => {
        globalThis.tones.push(voice.frequency.value);
        start(when);
      };
      return voice;
    };
    // A browser without a screen shows no notification, whoever allows it.
    globalThis.Notification = class {
      static permission = "granted";
      static requestPermission = async () => "granted";
      constructor(title, more) {
        globalThis.shown.push(`${title}: ${more.body}`);
      }
    };
  });
}

export const TUNES = { started: [523, 659], completed: [523, 659, 784, 1047], needs: [440] };
export const tonesOf = (page) => page.evaluate(() => globalThis.tones);
export const shownOf = (page) => page.evaluate(() => globalThis.shown);

/** Turns the box of this name in the list of keys on or off, by keyboard. */
export async function turn(page, tabTo, name) {
  await page.keyboard.press("?");
  await page.waitForSelector(".keysheet");
  await tabTo(page, name);
  await page.keyboard.press(" ");
}
