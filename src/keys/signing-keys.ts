/**
 * The keys that a node signs with and publishes (LO-11), from the database, so that every node has the same ones.
 *
 * A node keeps them in memory and hears of a rotation as it hears of everything else, by an announcement; the key set is
 * read from the database each time it is asked for, since it is asked for seldom and must never lack a key. The first key
 * is made when one is needed, under the database's write lock: of several nodes that need it at once one makes it.
 *
 * Not here: what is signed (`assertions/`), when a key signs (policy).
 */
import type { Keyring } from "../crypto/port.js";
import { signingKeyPlace } from "../crypto/sealed-places.js";
import { makeSigningKey, openSigningKey, type Signer, type SigningAlgorithm } from "../crypto/signing-key.js";
import type { JsonObject } from "../kernel/json.js";
import type { Log } from "../kernel/log.js";
import type { Clock, Instant } from "../kernel/time.js";
import type { Store } from "../store/contract.js";
import type { Announcement, SigningKeyRecord } from "../store/records.js";
import { missingKeyStart, publishedKeys, rotationOf, signingKeyOf } from "./policy/signing-keys.js";

/** The key of the announcement that says that they changed. */
const announced = "signing-keys";
const purpose = "assertion";

export interface SigningKeyPorts {
  readonly store: Pick<Store, "signingKeys" | "transaction">;
  readonly keyring: Keyring;
  readonly clock: Clock;
}

export interface SigningKeys {
  /** The key that signs now; made if there is none. */
  signer(): Promise<Signer>;
  /** Public keys of everything that may still be good, as JWKs (RFC 7517 §5); a first key is made if there is none. */
  published(): Promise<readonly JsonObject[]>;
  /** The same as this node knows them, without asking the database while nothing was said. */
  known(): Promise<readonly JsonObject[]>;
}

/** What is asked of the news: whether memory may be trusted. */
export interface KeyNews {
  catchUp(): Promise<void>;
  isCurrent(): boolean;
  readonly generation: number;
  subscribe(listener: (announcement: Announcement) => void): void;
}

export function createSigningKeys(
  ports: SigningKeyPorts & { readonly news: KeyNews; readonly log: Log },
  alg: SigningAlgorithm,
): SigningKeys {
  const { store, clock, news } = ports;
  let known: readonly SigningKeyRecord[] | undefined;
  const signers = new Map<string, Promise<Signer | undefined>>();
  news.subscribe(({ kind }) => {
    // Settings change seldom: not worth telling one from another.
    if (kind === "settings") known = undefined;
  });

  async function keys(): Promise<readonly SigningKeyRecord[]> {
    for (;;) {
      if (!news.isCurrent()) await news.catchUp();
      if (known) return known;
      const { generation } = news;
      const read = await store.signingKeys.all(purpose);
      // What was said while they were read may have been about them.
      if (news.generation !== generation) continue;
      known = read;
      return read;
    }
  }

  /** A key whose secret is not configured any more cannot sign; what it signed is good all the same. */
  async function opened(key: SigningKeyRecord): Promise<Signer | undefined> {
    const { purpose, context } = signingKeyPlace(key);
    const privateKey = ports.keyring.open(purpose, context, key.sealed);
    if (privateKey.ok) return openSigningKey({ kid: key.id, alg: key.alg, privateKey: privateKey.value });
    ports.log.error({ key: key.id, reason: privateKey.error }, "a signing key does not open; latchkey keys status");
    return undefined;
  }

  function signerOf(key: SigningKeyRecord): Promise<Signer | undefined> {
    const known = signers.get(key.id);
    if (known !== undefined) return known;
    const signer = opened(key);
    signers.set(key.id, signer);
    return signer;
  }

  async function usable(of: readonly SigningKeyRecord[]): Promise<readonly SigningKeyRecord[]> {
    const found = await Promise.all(of.map(async (key) => ((await signerOf(key)) ? [key] : [])));
    return found.flat();
  }

  /** The key to sign with, made where none can. A key that another node made, and that does not open here, is no help. */
  async function ensure(): Promise<SigningKeyRecord> {
    for (let all = await keys(), tries = 0; ; tries++) {
      const opening = await usable(all);
      const key = signingKeyOf(opening, alg, clock.now());
      if (key && missingKeyStart(opening, alg, clock.now()) === undefined) return key;
      if (tries === 2) throw new Error("no signing key after two were made");
      const useless = new Set(all.filter((one) => !opening.includes(one)).map(({ id }) => id));
      await makeMissing(ports, alg, useless);
      known = undefined;
      all = await keys();
    }
  }

  const asJwks = (all: readonly SigningKeyRecord[]) => publishedKeys(all, clock.now()).map((key) => key.publicKey);

  return {
    async signer() {
      const signer = await signerOf(await ensure());
      if (!signer) throw new Error("a signing key that opened and does not");
      return signer;
    },
    async published() {
      await ensure();
      return asJwks(await store.signingKeys.all(purpose));
    },
    known: async () => asJwks(await keys()),
  };
}

/**
 * Makes a key where there is none of this algorithm that can sign: at once where nothing else can, after its key set was
 * read where another algorithm's signs until then. Others that came first win.
 *
 * @param useless keys that do not open here
 */
async function makeMissing(ports: SigningKeyPorts, alg: SigningAlgorithm, useless: ReadonlySet<string>): Promise<void> {
  const now = ports.clock.now();
  const key = await sealedNewKey(ports, alg, now, now);
  await ports.store.transaction(async (tx) => {
    const there = (await tx.signingKeys.all(purpose)).filter(({ id }) => !useless.has(id));
    const signsFrom = missingKeyStart(there, alg, now);
    if (signsFrom === undefined) return;
    await tx.signingKeys.insert({ ...key, signsFrom });
    await tx.announcements.append("settings", announced, now);
  });
}

async function sealedNewKey(ports: SigningKeyPorts, alg: SigningAlgorithm, now: Instant, signsFrom: Instant) {
  const made = await makeSigningKey(alg);
  const place = signingKeyPlace({ id: made.kid });
  const sealed = ports.keyring.seal(place.purpose, place.context, made.privateKey);
  const { kid: id, publicKey } = made;
  return { id, purpose, alg, publicKey, sealed, createdAt: now, signsFrom, retiresAt: null } as const;
}

/** What a rotation did; null where nothing has ever been signed. */
export interface SigningRotation {
  /** The key that signs from `signsFrom` on; null where one was waiting for its time already. */
  readonly made: string | null;
  readonly signsFrom: Instant;
  /** How many older ones leave the key set, at `retiresAt`. */
  readonly retiring: number;
  readonly retiresAt: Instant | null;
}

/** A new key takes over after everybody could have read it; what the old ones signed stays good until it ends. */
export async function rotateSigningKeys(
  ports: SigningKeyPorts,
  alg: SigningAlgorithm,
): Promise<SigningRotation | null> {
  const now = ports.clock.now();
  // Made and sealed before the transaction; when it signs is decided inside, and is a column of its own.
  const key = await sealedNewKey(ports, alg, now, now);
  return ports.store.transaction(async (tx) => {
    const rotation = rotationOf(await tx.signingKeys.all(purpose), alg, now);
    if (rotation.kind === "none") return null;
    const { signsFrom } = rotation;
    if (rotation.kind === "waiting") return { made: null, signsFrom, retiring: 0, retiresAt: null };
    await tx.signingKeys.insert({ ...key, signsFrom });
    for (const id of rotation.retire) await tx.signingKeys.retire(id, rotation.retiresAt);
    await tx.announcements.append("settings", announced, now);
    return { made: key.id, signsFrom, retiring: rotation.retire.length, retiresAt: rotation.retiresAt };
  });
}

/** A key as an operator sees it. */
export interface SigningKeyView {
  readonly id: string;
  readonly alg: string;
  /** `signs` now, `waits` until everybody could have read it, or signs no more and is only `published`. */
  readonly state: "signs" | "waits" | "published";
  readonly signsFrom: Instant;
  readonly retiresAt: Instant | null;
}

export async function listSigningKeys(
  ports: Pick<SigningKeyPorts, "store" | "clock">,
  alg: SigningAlgorithm,
): Promise<readonly SigningKeyView[]> {
  const now = ports.clock.now();
  const keys = publishedKeys(await ports.store.signingKeys.all(purpose), now);
  const signing = signingKeyOf(keys, alg, now);
  return keys.map((key) => {
    const { id, signsFrom, retiresAt } = key;
    const state = key === signing ? "signs" : signsFrom > now ? "waits" : "published";
    return { id, alg: key.alg, state, signsFrom, retiresAt };
  });
}
