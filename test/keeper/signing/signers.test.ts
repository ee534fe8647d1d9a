import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { expect } from "chai";
import { Wallet } from "ethers";
import { type Hex, parseTransaction, recoverTransactionAddress } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { UserError } from "../../../sdk/userError.ts";
import { Secret } from "../../../keeper/secret.ts";
import { keystoreAddress, listKeystores, openKeystore, writeKeystore } from "../../../keeper/signing/keystore.ts";
import { localSigner } from "../../../keeper/signing/localSigner.ts";
import { remoteSigner } from "../../../keeper/signing/remoteSigner.ts";
import type { UnsignedTransaction } from "../../../keeper/signing/signer.ts";
import { type LocalServer, type Reply, startHttpServer } from "../../support/httpServer.ts";

const KEY: Hex = `0x${"1f".repeat(32)}`;
const OTHER_KEY: Hex = `0x${"2e".repeat(32)}`;
const { address: ADDRESS } = privateKeyToAccount(KEY);
const PASSWORD = new Secret("correct horse");
/** Weak, so that the tests are quick. */
const WEAK = { rounds: 1024 };
const TRANSACTION: UnsignedTransaction = {
  chainId: 31337,
  nonce: 7,
  to: "0x00000000000000000000000000000000000000aa",
  data: "0x1234",
  value: 0n,
  gas: 500_000n,
  maxFeePerGas: 30_000_000_000n,
  maxPriorityFeePerGas: 1_000_000_000n,
};

/** What was thrown, as everything that could be printed of it. */
async function failure(working: Promise<unknown>): Promise<string> {
  const error = await working.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).to.be.instanceOf(UserError);
  return inspect(error, { depth: 9 });
}

describe("Local signer", () => {
  it("signs what it was given", async () => {
    const signed = await localSigner(new Secret(KEY)).signTransaction(TRANSACTION);
    expect(parseTransaction(signed)).to.deep.include({ nonce: 7, gas: 500_000n, data: "0x1234", chainId: 31337 });
    expect(await recoverTransactionAddress({ serializedTransaction: signed as `0x02${string}` })).to.equal(ADDRESS);
  });

  it("refuses what is no key, without repeating it", () => {
    const zero = `0x${"00".repeat(32)}`;
    expect(() => localSigner(new Secret(zero))).to.throw(UserError, "no account belongs to it");
    expect(() => localSigner(new Secret("0xsecret")))
      .to.throw(UserError)
      .and.not.match(/secret/);
  });
});

describe("Keystore", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "keel-keys-"))));
  afterEach(() => rmSync(folder, { recursive: true }));

  it("gives back the signer that was stored, to the password alone", async () => {
    const { path, address } = await writeKeystore(folder, new Secret(KEY), PASSWORD, WEAK);
    expect(address).to.equal(ADDRESS);
    const signer = await openKeystore(path, PASSWORD);
    const signed = await signer.signTransaction(TRANSACTION);
    expect(signed).to.equal(await localSigner(new Secret(KEY)).signTransaction(TRANSACTION));
    expect(await failure(openKeystore(path, new Secret("wrong horse")))).to.include("password does not open");
  });

  it("is version 3 of Web3 Secret Storage, which other wallets read", async () => {
    const { path } = await writeKeystore(folder, new Secret(KEY), PASSWORD, WEAK);
    const json = readFileSync(path, "utf8");
    expect((JSON.parse(json) as { version: number }).version).to.equal(3);
    expect((await Wallet.fromEncryptedJson(json, PASSWORD.reveal())).privateKey).to.equal(KEY);
  });

  it("is for its owner's eyes, and holds neither key nor password", async () => {
    const { path } = await writeKeystore(folder, new Secret(KEY), PASSWORD, WEAK);
    expect(statSync(path).mode & 0o777).to.equal(0o600);
    expect(statSync(folder).mode & 0o777).to.equal(0o700);
    expect(readFileSync(path, "utf8")).not.to.include(KEY.slice(2, 20)).and.not.include("horse");
  });

  it("never overwrites a key", async () => {
    await writeKeystore(folder, new Secret(KEY), PASSWORD, WEAK);
    const again = writeKeystore(folder, new Secret(KEY), new Secret("another one"), WEAK);
    expect(await failure(again)).to.include("already");
    expect(await openKeystore(join(folder, `${ADDRESS}.json`), PASSWORD)).to.include({ address: ADDRESS });
  });

  it("wants a password that is one", async () => {
    const short = await failure(writeKeystore(folder, new Secret(KEY), new Secret("1234567"), WEAK));
    expect(short).to.include("at least 8 characters").and.not.include("1234567");
  });

  it("is listed by address, without the password", async () => {
    expect(listKeystores(join(folder, "none"))).to.deep.equal([]);
    const stored = await writeKeystore(folder, new Secret(KEY), PASSWORD, WEAK);
    expect(listKeystores(folder)).to.deep.equal([stored]);
    expect(keystoreAddress(stored.path)).to.equal(ADDRESS);
  });

  it("says what is wrong with a file that is none", async () => {
    const path = join(folder, "x.json");
    expect(await failure(openKeystore(path, PASSWORD))).to.include("does not exist");
    writeFileSync(path, "{}");
    expect(await failure(openKeystore(path, PASSWORD))).to.include("is not an encrypted keystore");
  });
});

describe("Remote signer", () => {
  let server: LocalServer;
  let reply: Reply;
  beforeEach(async () => {
    server = await startHttpServer(() => reply);
  });
  afterEach(() => server.close());

  const signer = () => remoteSigner({ url: new Secret(`${server.url}/?token=very-secret`), address: ADDRESS });
  const signed = (change: Partial<UnsignedTransaction> = {}, key: Hex = KEY) =>
    privateKeyToAccount(key).signTransaction({ type: "eip1559", ...TRANSACTION, ...change });

  it("asks for the transaction, complete, and returns it signed", async () => {
    const raw = await signed();
    for (const result of [raw, { raw, tx: {} }]) {
      reply = { json: { jsonrpc: "2.0", id: 1, result } };
      expect(await signer().signTransaction(TRANSACTION)).to.equal(raw);
    }
    const { method, params } = JSON.parse(server.received[0]?.body ?? "") as { method: string; params: unknown };
    expect(method).to.equal("eth_signTransaction");
    expect(params).to.deep.equal([
      {
        type: "0x2",
        from: ADDRESS,
        to: TRANSACTION.to,
        data: "0x1234",
        value: "0x0",
        chainId: "0x7a69",
        nonce: "0x7",
        gas: "0x7a120",
        maxFeePerGas: "0x6fc23ac00",
        maxPriorityFeePerGas: "0x3b9aca00",
      },
    ]);
  });

  it("does not send on what is not the very transaction that was asked for (T40)", async () => {
    const elsewhere = "0x00000000000000000000000000000000000000bb";
    const changes: readonly (readonly [Partial<UnsignedTransaction>, string])[] = [
      [{ to: elsewhere }, "to"],
      [{ value: 1n }, "value"],
      [{ data: "0x1235" }, "data"],
      [{ nonce: 8 }, "nonce"],
      [{ chainId: 1 }, "chainId"],
      [{ gas: 500_001n }, "gas"],
      [{ maxFeePerGas: 30_000_000_001n }, "maxFeePerGas"],
      [{ maxPriorityFeePerGas: 1_000_000_001n }, "maxPriorityFeePerGas"],
    ];
    for (const [change, field] of changes) {
      reply = { json: { result: await signed(change) } };
      expect(await failure(signer().signTransaction(TRANSACTION))).to.include(`asked for (${field})`);
    }
    reply = { json: { result: await signed({}, OTHER_KEY) } };
    expect(await failure(signer().signTransaction(TRANSACTION))).to.include("signed by");
    reply = { json: { result: "0x1234" } };
    expect(await failure(signer().signTransaction(TRANSACTION))).to.include("cannot be read");
  });

  it("says what went wrong, never at which address", async () => {
    const cases: readonly (readonly [Reply, string])[] = [
      [{ json: { error: { message: "key is locked" } } }, "refused: key is locked"],
      [{ status: 401, text: "no" }, "status 401"],
      [{ text: "<html>" }, "not JSON"],
      [{ json: { result: null } }, "without a signed transaction"],
      [undefined, "cannot be reached"],
    ];
    for (const [answer, words] of cases) {
      reply = answer;
      expect(await failure(signer().signTransaction(TRANSACTION)))
        .to.include(words)
        .and.not.include("very-secret");
    }
  });
});
