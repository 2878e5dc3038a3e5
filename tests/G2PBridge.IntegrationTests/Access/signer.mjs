// Signs and verifies what it is told to, one JSON request per line, with an implementation of JOSE that has nothing in common with the bridge's.
// The canonical form is made here a second time, from a parsed body, as a partner's own software would.
import { createInterface } from 'node:readline';
import { FlattenedSign, createLocalJWKSet, exportJWK, exportSPKI, flattenedVerify, generateKeyPair } from 'jose';

const keys = new Map();

function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value !== null && typeof value === 'object') {
    return `{${Object.keys(value).sort().map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(',')}}`;
  }
  return JSON.stringify(value);
}

async function answer(request) {
  if (request.generate) {
    const pair = await generateKeyPair(request.generate, { extractable: true, modulusLength: request.bits ?? 2048 });
    keys.set(request.name, pair.privateKey);
    return { jwk: await exportJWK(pair.publicKey), pem: await exportSPKI(pair.publicKey) };
  }

  if (request.verify) {
    const [header, none, signature] = request.verify.split('.');
    const text = canonical(JSON.parse(request.body));
    try {
      const verified = await flattenedVerify({ protected: header, payload: Buffer.from(text).toString('base64url'), signature }, createLocalJWKSet(request.jwks));
      return { verified: none === '', alg: verified.protectedHeader.alg, kid: verified.protectedHeader.kid };
    } catch (refused) {
      return { verified: false, why: String(refused) };
    }
  }

  const payload = new TextEncoder().encode(request.canonical ?? canonical(JSON.parse(request.body)));
  const key = request.secret ? new TextEncoder().encode(request.secret) : keys.get(request.name);
  const signed = await new FlattenedSign(payload).setProtectedHeader(request.header).sign(key);
  return { signature: `${signed.protected}..${signed.signature}` };
}

for await (const line of createInterface({ input: process.stdin })) {
  try {
    console.log(JSON.stringify(await answer(JSON.parse(line))));
  } catch (problem) {
    console.log(JSON.stringify({ problem: String(problem) }));
  }
}
