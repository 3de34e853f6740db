// Waiting for a condition, with a deadline. Nothing here waits for a length of time and hopes.

/** How long anything may take on a busy machine with a debug build before it counts as not happening. */
export const patienceMs = 15_000;

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** Looks until `look` answers something true, and answers that. With `fatal`, what `look` throws is not waited out. */
export async function until(what, look, { within = patienceMs, fatal = false } = {}) {
  const deadline = Date.now() + within;
  let trouble = "";
  for (;;) {
    try {
      const found = await look();
      if (found) return found;
      trouble = "";
    } catch (error) {
      if (fatal) throw error;
      trouble = `: ${error.message}`;
    }
    if (Date.now() > deadline) throw new Error(`waited ${within / 1000} s in vain: ${what}${trouble}`);
    await pause(25);
  }
}

export function expect(condition, message) {
  if (!condition) throw new Error(message);
}

export function expectEqual(found, wanted, what) {
  const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)];
  expect(a === b, `${what}: expected ${b}, found ${a}`);
}
