// The proof of work of ALTCHA. The browser derives keys beside the page's thread, a few at a time.

const AT_ONCE = 4;
const MOST_TRIED = 1e5;

const hex = (buffer) => Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
const unhex = (text) => Uint8Array.from(text.match(/../g), (pair) => parseInt(pair, 16));

export async function solve(challenge) {
  const { algorithm, nonce, salt, cost: iterations, keyLength, keyPrefix } = challenge.parameters;
  const [name, hash] = algorithm.split("/");
  const how = { name, hash, iterations, salt: unhex(salt) };
  const attempt = async (counter) => {
    const password = Uint8Array.from([...unhex(nonce), counter >>> 24, counter >>> 16, counter >>> 8, counter]);
    const key = await crypto.subtle.importKey("raw", password, name, false, ["deriveBits"]);
    const derivedKey = hex(await crypto.subtle.deriveBits(how, key, keyLength * 8));
    return derivedKey.startsWith(keyPrefix) && { counter, derivedKey };
  };
  for (let first = 0; first < MOST_TRIED; first += AT_ONCE) {
    const tried = await Promise.all(Array.from({ length: AT_ONCE }, (_, place) => attempt(first + place)));
    const solution = tried.find(Boolean);
    if (solution) return { challenge, solution };
    // The page's own work goes first.
    await new Promise((resume) => setTimeout(resume));
  }
}
