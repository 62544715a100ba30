// What keeps a server and a page busy while figures are taken: events at a rate, output at a rate, other browsers' sockets.
const SLICE = 50;

/** Events at a rate, as comments on features in turn, until `end` is called; answers how many a second there really were. */
export function events(world, project, ids, rate) {
  let isOn = true;
  let sent = 0;
  const begun = performance.now();
  const pending = new Set();
  const beat = setInterval(() => {
    const due = Math.floor(((performance.now() - begun) / 1000) * rate) - sent;
    for (let at = 0; at < due && isOn; at += 1) {
      const id = ids[sent % ids.length];
      sent += 1;
      const one = world
        .api("POST", `/projects/${project}/features/${id}/comments`, { text: `Load ${sent}` })
        .catch(() => {})
        .finally(() => pending.delete(one));
      pending.add(one);
    }
  }, SLICE);
  return {
    async end() {
      isOn = false;
      clearInterval(beat);
      await Promise.all(pending);
      return sent / ((performance.now() - begun) / 1000);
    },
  };
}

/** An agent that prints so many lines a second, for ever. */
export const printing = (rate) =>
  `n=0; while :; do n=$((n + 1)); seq -f "step $n: line %g of a build that says a lot" 1 ${rate / 10}; sleep 0.1; done`;

/** So many browsers' worth of sockets: each has one for all projects and one for a board. They only count. */
export async function sockets(page, project, browsers) {
  await page.evaluate(
    ([name, count]) => {
      globalThis.received = 0;
      const at = `${location.origin.replace("http", "ws")}/api/v1/live?boards=true`;
      const open = (url) =>
        new Promise((resolve, reject) => {
          const socket = new WebSocket(url, "supercargo.v1");
          socket.onopen = () => resolve(socket);
          socket.onerror = () => reject(new Error(`not open: ${url}`));
          socket.onmessage = () => {
            globalThis.received += 1;
          };
        });
      const all = Array.from({ length: count }, () => [open(at), open(`${at}&project=${name}`)]);
      return Promise.all(all.flat()).then((found) => {
        globalThis.opened = found;
      });
    },
    [project, browsers],
  );
  return () => page.evaluate(() => globalThis.received);
}
