// The proof of work of ALTCHA, both forms. The browser hashes beside the page's thread, a few at a time.

const hex = (buffer) => Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
const unhex = (text) => text.match(/../g).map((pair) => parseInt(pair, 16));

export async function solve(challenge) {
  const { parameters, algorithm, salt, challenge: wanted } = challenge;
  if (!parameters) {
    const encoder = new TextEncoder();
    const number = await search(128, async (n) =>
      hex(await crypto.subtle.digest(algorithm, encoder.encode(salt + n))) === wanted && n);
    return { ...challenge, number };
  }
  const { nonce, cost: iterations, keyLength, keyPrefix } = parameters;
  const [name, hash] = parameters.algorithm.split("/");
  const salted = unhex(parameters.salt);
  const solution = await search(hash ? 4 : 16, async (counter) => {
    const password = Uint8Array.from([...unhex(nonce), counter >>> 24, counter >>> 16, counter >>> 8, counter]);
    let derived = Uint8Array.from([...salted, ...password]);
    if (hash) {
      const key = await crypto.subtle.importKey("raw", password, name, false, ["deriveBits"]);
      const how = { name, hash, iterations, salt: Uint8Array.from(salted) };
      derived = await crypto.subtle.deriveBits(how, key, keyLength * 8);
    } else {
      for (let round = 0; round < iterations; round++) derived = await crypto.subtle.digest(name, derived);
    }
    const derivedKey = hex(derived).slice(0, keyLength * 2);
    return derivedKey.startsWith(keyPrefix) && { counter, derivedKey, time: 1 };
  });
  return { challenge, solution };
}

async function search(atOnce, attempt) {
  for (let first = 0; first < 1e8; first += atOnce) {
    const found = (await Promise.all(Array.from({ length: atOnce }, (_, place) => attempt(first + place))))
      .find((result) => result !== false);
    if (found !== undefined) return found;
    // The page's own work goes first.
    await new Promise((resume) => setTimeout(resume));
  }
}
